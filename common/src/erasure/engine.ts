/**
 * What multiplies matrices over GF(2⁸)/0x11D with rows of bytes. Engines differ in speed alone: every one gives the same bytes
 * for the same input. A codec is written against this interface and never knows which engine works for it.
 */

export type EngineName = 'native' | 'wasm' | 'typescript';

/**
 * A matrix in the form that one engine multiplies with (its tables). It is made once and used for any number of calls; only
 * the engine that prepared it can use it.
 */
export interface PreparedMatrix {
  readonly rows: number;
  readonly columns: number;
}

/**
 * All buffers belong to the caller, who must not change or free them during a call; nothing is kept after it. An output must not
 * overlap any other buffer of the call; what is only read may. Buffers may be views of shared memory. Every buffer
 * reaches at least to `offset + length`; only the bytes [offset, offset + length) of each are read or written, whatever their
 * alignment. A length of 0 is allowed and does nothing; compare() then finds no difference. A call allocates nothing.
 *
 * @throws InvariantError when the number of buffers does not match the matrix, a buffer is too short, or another engine prepared the
 * matrix; nothing has been written then.
 */
export interface ErasureEngine {
  readonly name: EngineName;
  /** The instructions it runs on, for people: `avx512+gfni`, `simd128`, `tables`. */
  readonly detail: string;

  /** @param coefficients - rows × columns bytes, row by row, 1 to 255 of each; they are copied. */
  prepare(coefficients: Uint8Array, rows: number, columns: number): PreparedMatrix;

  /** outputs[r] = Σ matrix[r][c] · inputs[c], for every row r. */
  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void;

  /** outputs[r] += matrix[r][column] · input, for every row r: the part that one input adds to each output. */
  accumulate(
    matrix: PreparedMatrix,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void;

  /**
   * Compares every expected[r] with Σ matrix[r][c] · inputs[c] without writing to it.
   * @param differs - one byte a row: set to 1 where they differ, else to 0.
   */
  compare(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    differs: Uint8Array,
    offset: number,
    length: number,
  ): void;
}
