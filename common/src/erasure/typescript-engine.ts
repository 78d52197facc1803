/**
 * The engine in plain TypeScript: always there, and the oracle that the others are tested against when a process starts. Four
 * rows of a matrix share a table, whose 32-bit entries hold the four products of one byte; so one look-up does the work of
 * four, and a matrix of up to four rows reads each input once. Sums of a tile of positions stay in the first-level cache.
 */
import { InvariantError } from '../base/errors.ts';
import {
  checkBuffers,
  checkCoefficients,
  checkColumn,
  checkDiffers,
  checkRange,
  checkRows,
} from './engine-arguments.ts';
import type { ErasureEngine, PreparedMatrix } from './engine.ts';
import { product } from './galois.ts';
import { addRow, differenceOf, ROWS_PER_TABLE, storeRows, sumInputs, TABLE_ENTRIES, takeInput } from './table-loops.ts';

/** Positions summed at a time. */
const TILE_BYTES = 2048;

class TableMatrix implements PreparedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** One a group of four rows: for each column, 256 words of which byte r is the product for row r of the group. */
  readonly tables: readonly Int32Array[];

  constructor(coefficients: Uint8Array, rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.tables = Array.from({ length: Math.ceil(rows / ROWS_PER_TABLE) }, (_, group) => {
      const table = new Int32Array(columns * TABLE_ENTRIES);
      const first = group * ROWS_PER_TABLE;
      for (let row = first; row < Math.min(first + ROWS_PER_TABLE, rows); row += 1) {
        for (let column = 0; column < columns; column += 1) {
          addProducts(table, column, coefficients[row * columns + column]!, 8 * (row - first));
        }
      }
      return table;
    });
  }
}

function addProducts(table: Int32Array, column: number, coefficient: number, shift: number): void {
  for (let value = 0; value < TABLE_ENTRIES; value += 1) {
    const at = column * TABLE_ENTRIES + value;
    table[at] = table[at]! | (product(coefficient, value) << shift);
  }
}

export class TypeScriptEngine implements ErasureEngine {
  readonly name = 'typescript';
  readonly detail = 'packed tables';
  readonly #sums = new Int32Array(TILE_BYTES);

  prepare(coefficients: Uint8Array, rows: number, columns: number): PreparedMatrix {
    checkCoefficients(coefficients, rows, columns);
    return new TableMatrix(coefficients, rows, columns);
  }

  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { tables } = own(matrix);
    checkBuffers(matrix, inputs, outputs, end);
    for (let start = offset; start < end; start += TILE_BYTES) {
      const stop = Math.min(start + TILE_BYTES, end);
      for (let group = 0; group < tables.length; group += 1) {
        sumInputs(tables[group]!, inputs, this.#sums, start, stop);
        storeRows(this.#sums, outputs, group * ROWS_PER_TABLE, start, stop);
      }
    }
  }

  accumulate(
    matrix: PreparedMatrix,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { tables, rows } = own(matrix);
    checkColumn(matrix, column, input, end);
    checkRows(matrix, outputs, end);
    const base = column * TABLE_ENTRIES;
    for (let start = offset; start < end; start += TILE_BYTES) {
      const stop = Math.min(start + TILE_BYTES, end);
      for (let group = 0; group < tables.length; group += 1) {
        takeInput(tables[group]!, base, input, this.#sums, start, stop);
        const first = group * ROWS_PER_TABLE;
        const last = Math.min(first + ROWS_PER_TABLE, rows);
        for (let row = first; row < last; row += 1) {
          addRow(this.#sums, 8 * (row - first), outputs[row]!, start, stop);
        }
      }
    }
  }

  compare(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    differs: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { tables, rows } = own(matrix);
    checkBuffers(matrix, inputs, expected, end);
    checkDiffers(matrix, differs);
    differs.fill(0, 0, rows);
    for (let start = offset; start < end; start += TILE_BYTES) {
      const stop = Math.min(start + TILE_BYTES, end);
      for (let group = 0; group < tables.length; group += 1) {
        sumInputs(tables[group]!, inputs, this.#sums, start, stop);
        const first = group * ROWS_PER_TABLE;
        const difference = differenceOf(this.#sums, expected, first, start, stop);
        for (let row = first; row < Math.min(first + ROWS_PER_TABLE, rows); row += 1) {
          if (((difference >>> (8 * (row - first))) & 0xff) !== 0) differs[row] = 1;
        }
      }
    }
  }
}

function own(matrix: PreparedMatrix): TableMatrix {
  if (matrix instanceof TableMatrix) return matrix;
  throw new InvariantError('Invariant broken: a matrix is used by the engine that prepared it');
}
