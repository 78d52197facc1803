/**
 * A matrix in the form that vector kernels multiply with: for each coefficient its products with 0…15, and with 0…15 << 4. Rows come in
 * groups that one kernel takes together, as even as they can be, because a kernel of three rows is faster than one of four and one of two.
 *
 * ```
 * tables of a group:  column 0              column 1
 *                     row a      row b      row a      row b
 *                     low  high  low  high  low  high  low  high  …   16 bytes each
 * ```
 */
import { product } from './galois.ts';

export const NIBBLE_TABLE_BYTES = 32;

export interface RowGroup {
  readonly firstRow: number;
  readonly rows: number;
  readonly tables: Uint8Array;
}

/** The groups hold every row of the matrix once, in order, and at most `maxRows` each. */
export function rowGroups(coefficients: Uint8Array, rows: number, columns: number, maxRows: number): RowGroup[] {
  const count = Math.ceil(rows / maxRows);
  return Array.from({ length: count }, (_, index) => {
    const firstRow = Math.floor((index * rows) / count);
    const endRow = Math.floor(((index + 1) * rows) / count);
    const tables = new Uint8Array(columns * (endRow - firstRow) * NIBBLE_TABLE_BYTES);
    let at = 0;
    for (let column = 0; column < columns; column += 1) {
      for (let row = firstRow; row < endRow; row += 1) {
        addTable(tables, at, coefficients[row * columns + column]!);
        at += NIBBLE_TABLE_BYTES;
      }
    }
    return { firstRow, rows: endRow - firstRow, tables };
  });
}

function addTable(tables: Uint8Array, at: number, coefficient: number): void {
  for (let nibble = 0; nibble < 16; nibble += 1) {
    tables[at + nibble] = product(coefficient, nibble);
    tables[at + 16 + nibble] = product(coefficient, nibble << 4);
  }
}
