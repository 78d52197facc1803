/**
 * The oracle of the erasure tests: GF(2⁸)/0x11D by shifts and subtraction, one byte after the other, sharing no code and no table
 * with what it judges; and the stream of bytes that the known answers were computed from.
 */
import type { ErasureEngine, PreparedMatrix } from './engine.ts';

/** Multiplication by the definition: the product of two polynomials, reduced by x⁸ + x⁴ + x³ + x² + 1. */
export function naiveProduct(left: number, right: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    if ((right >> bit) & 1) product ^= left << bit;
  }
  for (let bit = 14; bit >= 8; bit -= 1) {
    if ((product >> bit) & 1) product ^= 0x11d << (bit - 8);
  }
  return product;
}

const PRODUCTS = new Uint8Array(256 * 256).map((_, index) => naiveProduct(index >> 8, index & 255));

export interface NaiveMatrix {
  readonly coefficients: Uint8Array;
  readonly rows: number;
  readonly columns: number;
}

/** Σ matrix[row][column] · inputs[column], of whole inputs that are equally long. */
export function naiveRow(matrix: NaiveMatrix, row: number, inputs: readonly Uint8Array[]): Uint8Array {
  const sum = new Uint8Array(inputs[0]?.length ?? 0);
  inputs.forEach((input, column) => {
    const base = (matrix.coefficients[row * matrix.columns + column] ?? 0) << 8;
    for (let at = 0; at < sum.length; at += 1) {
      sum[at] = sum[at]! ^ PRODUCTS[base | input[at]!]!;
    }
  });
  return sum;
}

// A look-up of a global in every turn is slow under jest.
const { imul } = Math;

const next = (state: number): number => (imul(state, 1103515245) + 12345) >>> 0;
const byteOf = (state: number): number => (state >>> 16) & 0xff;

/** s = s × 1103515245 + 12345 mod 2³²; a byte is bits 16 to 23: the stream of the known answers, which start at 12345. */
export class ByteStream {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  byte(): number {
    this.#state = next(this.#state);
    return byteOf(this.#state);
  }

  /** From 0 to bound − 1. */
  below(bound: number): number {
    return ((this.byte() << 8) | this.byte()) % bound;
  }

  fill(bytes: Uint8Array): Uint8Array {
    let state = this.#state;
    for (let at = 0; at < bytes.length; at += 1) {
      state = next(state);
      bytes[at] = byteOf(state);
    }
    this.#state = state;
    return bytes;
  }

  bytes(length: number): Uint8Array {
    return this.fill(new Uint8Array(length));
  }
}

/**
 * An engine that does nothing in advance, for tests of what is above engines: it has no tables that thousands of small matrices
 * would pay for.
 */
export class NaiveEngine implements ErasureEngine {
  readonly name = 'typescript';
  readonly detail = 'naive';
  /** Matrices made so far. */
  preparedCount = 0;

  prepare(coefficients: Uint8Array, rows: number, columns: number): NaiveMatrix {
    this.preparedCount += 1;
    return { coefficients: coefficients.slice(), rows, columns };
  }

  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    outputs.forEach((output, row) => output.set(sumOf(matrix, row, inputs, { offset, length }), offset));
  }

  accumulate(
    matrix: PreparedMatrix,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const inputs = Array.from({ length: matrix.columns }, (_, index) =>
      index === column ? input : new Uint8Array(offset + length),
    );
    outputs.forEach((output, row) => {
      const added = sumOf(matrix, row, inputs, { offset, length });
      for (let at = 0; at < length; at += 1) output[offset + at]! ^= added[at]!;
    });
  }

  compare(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    differs: Uint8Array,
    offset: number,
    length: number,
  ): void {
    expected.forEach((bytes, row) => {
      const sum = sumOf(matrix, row, inputs, { offset, length });
      differs[row] = Number(!sum.every((byte, at) => byte === bytes[offset + at]));
    });
  }
}

function sumOf(
  matrix: PreparedMatrix,
  row: number,
  inputs: readonly Uint8Array[],
  { offset, length }: { readonly offset: number; readonly length: number },
): Uint8Array {
  const windows = inputs.map((input) => input.subarray(offset, offset + length));
  return naiveRow(matrix as NaiveMatrix, row, windows);
}
