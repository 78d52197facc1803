import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newest, orderOf } from './resource-version.ts';

describe('orderOf', () => {
  it('orders decimal integers of any length as numbers', () => {
    const big = fc.bigInt({ min: 1n, max: 10n ** 40n });
    fc.assert(
      fc.property(big, big, (a, b) => {
        expect(orderOf(String(a), String(b))).toBe(a === b ? 'equal' : a < b ? 'older' : 'newer');
      }),
    );
  });

  it('says unknown for everything else, and equal for equal text', () => {
    for (const odd of ['', '0', '007', '1a', '-1', '1.5', 'abc']) {
      expect(orderOf(odd, '5')).toBe('unknown');
      expect(orderOf('5', odd)).toBe('unknown');
      expect(orderOf(odd, odd)).toBe('equal');
    }
  });
});

describe('newest', () => {
  it('is the later to arrive where versions do not compare', () => {
    expect(newest('9', '10')).toBe('10');
    expect(newest('10', '9')).toBe('10');
    expect(newest('b', 'a')).toBe('a');
    expect(newest(undefined, '1')).toBe('1');
  });
});
