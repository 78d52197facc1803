import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cellText, sentenceText } from './cell-text.ts';

describe('a name in a cell', () => {
  it.each([
    ['vol-1/7-1/0.1.shard.bak', 'vol-1/7-1/0.1.shard.bak'],
    ['größer/写真', 'größer/写真'],
    ['a b', String.raw`"a\u0020b"`],
    ['x\ny\u001b[31mz', String.raw`"x\ny\u001b[31mz"`],
    ['"a"', String.raw`"\"a\""`],
    ['a\u202eb\u009bc', String.raw`"a\u202eb\u009bc"`],
    ['', '""'],
  ])('%j is %s', (name, cell) => expect(cellText(name)).toBe(cell));

  it('can be seen, whatever it is, and says what the name is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const cell = cellText(name);
        expect(cell).toMatch(/^[\p{L}\p{N}\p{P}\p{S}]+$/u);
        expect(cell.startsWith('"') ? JSON.parse(cell) : cell).toBe(name);
      }),
    );
  });

  it('of which a sentence tells moves no cursor', () => {
    expect(sentenceText('/pool/a\n\u001b[31mb: read: it failed.')).toBe('/pool/a [31mb: read: it failed.');
  });
});
