import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { quote } from './quote.ts';

describe('quote', () => {
  it('shows what the eye would miss', () => {
    expect(quote(' a\n\u0000"\u0085\u2028')).toBe('" a\\n\\u0000\\"\\u0085\\u2028"');
  });

  it('cuts long texts, and says so', () => {
    expect(quote('a'.repeat(80))).toBe(`"${'a'.repeat(80)}"`);
    expect(quote('a'.repeat(81))).toBe(`"${'a'.repeat(80)}…"`);
  });

  it('is one bounded line without control characters for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const quoted = quote(text);
        expect(quoted).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(quoted.length).toBeLessThan(500);
      }),
    );
  });
});
