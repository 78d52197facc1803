/** A scheme is not trusted for where its coefficients come from: with others in their place, none is made. */
import { describe, expect, it, jest } from '@jest/globals';
import { matrixOf, type Matrix } from './matrix.ts';

/** Rows of powers, of which rows 0, 2, 5 and columns 0, 3, 4 are singular (pitfall 12). */
function powersOfTwo(rows: number, columns: number): Matrix {
  const power = (exponent: number): number => {
    let value = 1;
    for (; exponent > 0; exponent -= 1) value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
    return value;
  };
  return matrixOf(rows, columns, (row, column) => power(row * column));
}

jest.unstable_mockModule('./reed-solomon.ts', () => ({
  reedSolomonParity: (dataShards: number, parityShards: number) => powersOfTwo(parityShards, dataShards),
}));
const lrc = await import('./lrc.ts');
jest.unstable_mockModule('./lrc.ts', () => ({ ...lrc, lrcParity: () => matrixOf(4, 6, () => 1) }));
const { createScheme } = await import('./scheme.ts');

describe('a parity block that is not regular', () => {
  it('gives no scheme of Reed-Solomon', () => {
    expect(createScheme({ kind: 'reedSolomon', dataShards: 5, parityShards: 2 }).name).toBe('5+2');
    expect(() => createScheme({ kind: 'reedSolomon', dataShards: 5, parityShards: 6 })).toThrow(
      'every square submatrix of a parity block is regular',
    );
  });

  it('gives no scheme with local groups', () => {
    expect(() => createScheme({ kind: 'lrc', dataShards: 6, localGroups: 2, globalParities: 2 })).toThrow(
      'every square submatrix of a parity block is regular',
    );
  });
});
