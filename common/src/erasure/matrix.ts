/** Matrices over the field, row by row in one array of bytes. They are small and made rarely; buffers are multiplied by engines. */
import { assertInvariant } from '../base/errors.ts';
import { product } from './galois.ts';
import { RowSpace } from './row-space.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns bytes, row by row. */
  readonly coefficients: Uint8Array;
}

/** @param entry - the coefficient at a row and a column. */
export function matrixOf(rows: number, columns: number, entry: (row: number, column: number) => number): Matrix {
  const coefficients = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) coefficients[row * columns + column] = entry(row, column);
  }
  return { rows, columns, coefficients };
}

export function identity(size: number): Matrix {
  return matrixOf(size, size, (row, column) => (row === column ? 1 : 0));
}

export function at(matrix: Matrix, row: number, column: number): number {
  return matrix.coefficients[row * matrix.columns + column]!;
}

/** A view of one row. */
export function rowOf(matrix: Matrix, row: number): Uint8Array {
  return matrix.coefficients.subarray(row * matrix.columns, (row + 1) * matrix.columns);
}

export function selectRows(matrix: Matrix, rows: readonly number[]): Matrix {
  return matrixOf(rows.length, matrix.columns, (row, column) => at(matrix, rows[row]!, column));
}

export function submatrix(matrix: Matrix, rows: readonly number[], columns: readonly number[]): Matrix {
  return matrixOf(rows.length, columns.length, (row, column) => at(matrix, rows[row]!, columns[column]!));
}

/** The rows of both, one after the other. @throws InvariantError when they are not equally wide. */
export function stack(top: Matrix, bottom: Matrix): Matrix {
  assertInvariant(top.columns === bottom.columns, 'matrices on each other are equally wide');
  const coefficients = new Uint8Array((top.rows + bottom.rows) * top.columns);
  coefficients.set(top.coefficients);
  coefficients.set(bottom.coefficients, top.coefficients.length);
  return { rows: top.rows + bottom.rows, columns: top.columns, coefficients };
}

/** @throws InvariantError when the left has not as many columns as the right has rows. */
export function multiplyMatrices(left: Matrix, right: Matrix): Matrix {
  assertInvariant(left.columns === right.rows, 'a row and a column of a product are equally long');
  return matrixOf(left.rows, right.columns, (row, column) => {
    let sum = 0;
    for (let index = 0; index < left.columns; index += 1) {
      sum ^= product(at(left, row, index), at(right, index, column));
    }
    return sum;
  });
}

export function rank(matrix: Matrix): number {
  const space = new RowSpace(matrix.columns);
  for (let row = 0; row < matrix.rows; row += 1) space.add(rowOf(matrix, row));
  return space.rank;
}

/** The inverse, or undefined when there is none. @throws InvariantError when the matrix is not square. */
export function invert(matrix: Matrix): Matrix | undefined {
  assertInvariant(matrix.rows === matrix.columns, 'a square matrix is inverted');
  const space = new RowSpace(matrix.columns);
  for (let row = 0; row < matrix.rows; row += 1) {
    if (!space.add(rowOf(matrix, row))) return undefined;
  }
  const unit = identity(matrix.rows);
  const coefficients = new Uint8Array(matrix.rows * matrix.columns);
  for (let row = 0; row < matrix.rows; row += 1) {
    const combination = space.express(rowOf(unit, row));
    assertInvariant(combination !== undefined, 'a basis expresses every vector');
    coefficients.set(combination, row * matrix.columns);
  }
  return { rows: matrix.rows, columns: matrix.columns, coefficients };
}
