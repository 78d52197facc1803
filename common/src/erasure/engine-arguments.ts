/**
 * What every engine checks before it touches a byte, so that all of them refuse the same calls with the same words. A caller
 * that breaks these rules is a bug, hence InvariantError; the checks allocate nothing when they hold.
 */
import { InvariantError } from '../base/errors.ts';
import type { PreparedMatrix } from './engine.ts';

/** Shards of one stripe, data and parity together: the non-zero elements of the field. */
export const MAX_SHARDS = 255;

/** @throws InvariantError when the numbers do not describe a matrix of 1 to 255 rows and columns. */
export function checkCoefficients(coefficients: Uint8Array, rows: number, columns: number): void {
  checkCount(rows, 'rows');
  checkCount(columns, 'columns');
  if (coefficients.length !== rows * columns) {
    throw new InvariantError(
      `Invariant broken: a matrix of ${rows} x ${columns} has ${rows * columns} coefficients, not ${coefficients.length}`,
    );
  }
}

function checkCount(count: number, name: string): void {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_SHARDS) return;
  throw new InvariantError(`Invariant broken: a matrix has 1 to ${MAX_SHARDS} ${name}, not ${count}`);
}

/** For multiply() and compare(); `others` are the outputs or the expected buffers, one a row. */
export function checkBuffers(
  matrix: PreparedMatrix,
  inputs: readonly Uint8Array[],
  others: readonly Uint8Array[],
  end: number,
): void {
  if (inputs.length !== matrix.columns) failCount('inputs', inputs.length, matrix.columns);
  checkReach(inputs, end, 'input');
  checkRows(matrix, others, end);
}

/** For accumulate(), beside checkColumn(). */
export function checkRows(matrix: PreparedMatrix, outputs: readonly Uint8Array[], end: number): void {
  if (outputs.length !== matrix.rows) failCount('outputs', outputs.length, matrix.rows);
  checkReach(outputs, end, 'output');
}

/** The end of the range, after its parts were checked. */
export function checkRange(offset: number, length: number): number {
  const end = offset + length;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new InvariantError(`Invariant broken: ${length} bytes at ${offset} are no range`);
  }
  return end;
}

export function checkColumn(matrix: PreparedMatrix, column: number, input: Uint8Array, end: number): void {
  if (!Number.isInteger(column) || column < 0 || column >= matrix.columns) {
    throw new InvariantError(`Invariant broken: column ${column} of a matrix with ${matrix.columns}`);
  }
  if (input.length < end) failReach('input', column, input.length, end);
}

export function checkDiffers(matrix: PreparedMatrix, differs: Uint8Array): void {
  if (differs.length < matrix.rows) failCount('flags', differs.length, matrix.rows);
}

function checkReach(buffers: readonly Uint8Array[], end: number, name: string): void {
  for (let index = 0; index < buffers.length; index += 1) {
    const { length } = buffers[index]!;
    if (length < end) failReach(name, index, length, end);
  }
}

function failCount(name: string, count: number, wanted: number): never {
  throw new InvariantError(`Invariant broken: ${count} ${name} where the matrix takes ${wanted}`);
}

function failReach(name: string, index: number, length: number, end: number): never {
  throw new InvariantError(`Invariant broken: ${name} ${index} has ${length} bytes and the call reaches to ${end}`);
}
