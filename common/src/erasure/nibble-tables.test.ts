import { describe, expect, it } from '@jest/globals';
import { naiveProduct } from './naive-engine.fixture.ts';
import { rowGroups } from './nibble-tables.ts';

const shapeOf = (rows: number): number[] => rowGroups(new Uint8Array(rows), rows, 1, 4).map((group) => group.rows);

describe('the nibble tables of a matrix', () => {
  it('come in groups as even as they can be', () => {
    expect([1, 4, 5, 6, 7, 9, 10].map(shapeOf)).toEqual([[1], [4], [2, 3], [3, 3], [3, 4], [3, 3, 3], [3, 3, 4]]);
  });

  it('hold every row once, in order', () => {
    for (let rows = 1; rows <= 255; rows += 1) {
      const listed = rowGroups(new Uint8Array(rows), rows, 1, 4).flatMap((group) =>
        Array.from({ length: group.rows }, (_, index) => group.firstRow + index),
      );
      expect(listed).toEqual(Array.from({ length: rows }, (_, row) => row));
    }
  });

  it('give the product of each coefficient with each byte, column by column', () => {
    const coefficients = Uint8Array.of(0, 1, 2, 142, 255, 29);
    const [group] = rowGroups(coefficients, 2, 3, 4);
    for (const [index, coefficient] of coefficients.entries()) {
      const [row, column] = [Math.floor(index / 3), index % 3];
      const table = group!.tables.subarray((column * 2 + row) * 32);
      for (let byte = 0; byte < 256; byte += 1) {
        expect(table[byte & 15]! ^ table[16 + (byte >> 4)]!).toBe(naiveProduct(coefficient, byte));
      }
    }
  });
});
