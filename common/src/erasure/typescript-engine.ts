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

const ROWS_PER_TABLE = 4;
const TABLE_ENTRIES = 256;
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
        take1(tables[group]!, base, input, this.#sums, start, stop);
        const first = group * ROWS_PER_TABLE;
        const last = Math.min(first + ROWS_PER_TABLE, rows);
        for (let row = first; row < last; row += 1) {
          add(this.#sums, 8 * (row - first), outputs[row]!, start, stop);
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
        const last = Math.min(first + ROWS_PER_TABLE, rows);
        for (let row = first; row < last; row += 1) {
          const isEqual = equals(this.#sums, 8 * (row - first), expected[row]!, start, stop);
          if (!isEqual) differs[row] = 1;
        }
      }
    }
  }
}

function own(matrix: PreparedMatrix): TableMatrix {
  if (matrix instanceof TableMatrix) return matrix;
  throw new InvariantError('Invariant broken: a matrix is used by the engine that prepared it');
}

/** Four inputs at a time: a table of four columns is a sixth of a small first-level cache. */
function sumInputs(
  table: Int32Array,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const count = inputs.length;
  let column = count >= 4 ? 4 : 1;
  if (count >= 4) take4(table, 0, inputs, sums, start, stop);
  else take1(table, 0, inputs[0]!, sums, start, stop);
  for (; column + 4 <= count; column += 4) add4(table, column, inputs, sums, start, stop);
  if (column + 2 <= count) {
    add2(table, column, inputs, sums, start, stop);
    column += 2;
  }
  for (; column < count; column += 1) {
    add1(table, column * TABLE_ENTRIES, inputs[column]!, sums, start, stop);
  }
}

/** From the sums of one group of rows to the outputs of those rows. */
function storeRows(sums: Int32Array, outputs: readonly Uint8Array[], first: number, start: number, stop: number): void {
  const count = outputs.length - first;
  if (count >= ROWS_PER_TABLE) store4(sums, outputs, first, start, stop);
  else for (let row = 0; row < count; row += 1) store1(sums, 8 * row, outputs[first + row]!, start, stop);
}

// The inner loops: standalone functions of typed arrays and numbers, which the compiler of the runtime sees with one type each.

function take1(
  table: Int32Array,
  base: number,
  input: Uint8Array,
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = table[base + input[at]!]!;
  }
}

function add1(table: Int32Array, base: number, input: Uint8Array, sums: Int32Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = sums[position]! ^ table[base + input[at]!]!;
  }
}

function add2(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = sums[position]! ^ table[base + a[at]!]! ^ table[base + TABLE_ENTRIES + b[at]!]!;
  }
}

function take4(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const c = inputs[column + 2]!;
  const d = inputs[column + 3]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] =
      table[base + a[at]!]! ^
      table[base + TABLE_ENTRIES + b[at]!]! ^
      table[base + 2 * TABLE_ENTRIES + c[at]!]! ^
      table[base + 3 * TABLE_ENTRIES + d[at]!]!;
  }
}

function add4(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const c = inputs[column + 2]!;
  const d = inputs[column + 3]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] =
      sums[position]! ^
      table[base + a[at]!]! ^
      table[base + TABLE_ENTRIES + b[at]!]! ^
      table[base + 2 * TABLE_ENTRIES + c[at]!]! ^
      table[base + 3 * TABLE_ENTRIES + d[at]!]!;
  }
}

function store1(sums: Int32Array, shift: number, output: Uint8Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    output[at] = sums[position]! >>> shift;
  }
}

function store4(sums: Int32Array, outputs: readonly Uint8Array[], first: number, start: number, stop: number): void {
  const a = outputs[first]!;
  const b = outputs[first + 1]!;
  const c = outputs[first + 2]!;
  const d = outputs[first + 3]!;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    const sum = sums[position]!;
    a[at] = sum;
    b[at] = sum >>> 8;
    c[at] = sum >>> 16;
    d[at] = sum >>> 24;
  }
}

function add(sums: Int32Array, shift: number, output: Uint8Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    output[at] = output[at]! ^ (sums[position]! >>> shift);
  }
}

function equals(sums: Int32Array, shift: number, expected: Uint8Array, start: number, stop: number): boolean {
  let difference = 0;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    difference |= (sums[position]! >>> shift) ^ expected[at]!;
  }
  return (difference & 0xff) === 0;
}
