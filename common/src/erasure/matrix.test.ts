import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvariantError } from '../base/errors.ts';
import { at, identity, invert, matrixOf, multiplyMatrices, rank, rowOf, stack, type Matrix } from './matrix.ts';
import { RowSpace } from './row-space.ts';

const matrices = (rows: number, columns: number): fc.Arbitrary<Matrix> =>
  fc
    .uint8Array({ minLength: rows * columns, maxLength: rows * columns, max: 255 })
    .map((coefficients) => ({ rows, columns, coefficients }));
/** Of few values, so that many are singular. */
const square = fc
  .integer({ min: 1, max: 7 })
  .chain((size) =>
    fc
      .uint8Array({ minLength: size * size, maxLength: size * size, max: 3 })
      .map((coefficients) => ({ rows: size, columns: size, coefficients })),
  );

/** By the sum over all permutations. */
function determinant(matrix: Matrix, columns: readonly number[] = [...Array(matrix.columns).keys()]): number {
  if (columns.length === 0) return 1;
  const row = matrix.rows - columns.length;
  const unit = matrixOf(1, 1, () => 1);
  return columns.reduce((sum, column) => {
    const minor = determinant(
      matrix,
      columns.filter((other) => other !== column),
    );
    const term = { ...unit, coefficients: Uint8Array.of(minor) };
    return sum ^ at(multiplyMatrices({ ...unit, coefficients: Uint8Array.of(at(matrix, row, column)) }, term), 0, 0);
  }, 0);
}

describe('matrices', () => {
  it('have an inverse exactly when their determinant is not zero', () => {
    fc.assert(
      fc.property(square, (matrix) => {
        const inverse = invert(matrix);
        expect(inverse !== undefined).toBe(determinant(matrix) !== 0);
        expect(rank(matrix) === matrix.rows).toBe(inverse !== undefined);
        if (inverse === undefined) return;
        expect(multiplyMatrices(matrix, inverse)).toEqual(identity(matrix.rows));
        expect(multiplyMatrices(inverse, matrix)).toEqual(identity(matrix.rows));
      }),
      { numRuns: 150 },
    );
  });

  it('multiply in any grouping', () => {
    fc.assert(
      fc.property(matrices(3, 4), matrices(4, 2), matrices(2, 5), (a, b, c) => {
        expect(multiplyMatrices(multiplyMatrices(a, b), c)).toEqual(multiplyMatrices(a, multiplyMatrices(b, c)));
      }),
      { numRuns: 50 },
    );
  });

  it('that do not fit each other are refused', () => {
    const wide = matrixOf(2, 3, () => 1);
    for (const broken of [() => multiplyMatrices(wide, wide), () => invert(wide), () => stack(wide, identity(2))]) {
      expect(broken).toThrow(InvariantError);
    }
  });
});

describe('RowSpace', () => {
  it('expresses every sum of its basis, and nothing else', () => {
    fc.assert(
      fc.property(matrices(4, 6), fc.uint8Array({ minLength: 4, maxLength: 4 }), (rows, factors) => {
        const space = new RowSpace(6);
        const basis = [0, 1, 2, 3].filter((row) => space.add(rowOf(rows, row)));
        expect(space.rank).toBe(basis.length);
        const sum = multiplyMatrices({ rows: 1, columns: 4, coefficients: factors }, rows).coefficients;
        const coefficients = space.express(sum)!;
        const again = matrixOf(1, 4, (_, row) => coefficients[basis.indexOf(row)] ?? 0);
        expect(multiplyMatrices(again, rows).coefficients).toEqual(sum);
        const outside = new RowSpace(6);
        for (const row of basis) outside.add(rowOf(rows, row));
        const unit = rowOf(identity(6), 5);
        expect(space.express(unit) === undefined).toBe(outside.add(unit));
      }),
      { numRuns: 150 },
    );
  });

  it('expresses zero by nothing', () => {
    expect(new RowSpace(3).express(new Uint8Array(3))).toEqual(new Uint8Array(0));
    expect(new RowSpace(3).add(new Uint8Array(3))).toBe(false);
  });
});
