/**
 * The engine of the native addon: the fastest, where a C compiler was there to build it. It works on buffers of any memory in
 * place, those of a ShardArena too. The addon checks every argument itself, so nothing is checked here twice.
 */
import { loadNative, type Galois, type LoadedNative } from '@couchestor/native';
import { CoucheStorError, InvariantError, isError } from '../base/index.ts';
import type { ErasureEngine, PreparedMatrix } from '../erasure/index.ts';

/** @throws CoucheStorError `unsupported` when the addon is not there, with the reason. */
export function createNativeEngine(loaded: LoadedNative = loadNative()): ErasureEngine {
  if (loaded.kind === 'loaded') return new NativeEngine(loaded.native.galois);
  throw new CoucheStorError('unsupported', `The native engine is not there: ${loaded.reason}.`);
}

class NativeMatrix implements PreparedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly kernel: string;
  readonly tables: Uint8Array;

  constructor(galois: Galois, coefficients: Uint8Array, rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.kernel = galois.kernel;
    this.tables = galois.prepare(coefficients, rows, columns);
  }
}

export class NativeEngine implements ErasureEngine {
  readonly name = 'native';
  readonly detail: string;
  readonly #galois: Galois;

  constructor(galois: Galois) {
    this.detail = galois.kernel;
    this.#galois = galois;
  }

  prepare(coefficients: Uint8Array, rows: number, columns: number): PreparedMatrix {
    try {
      return new NativeMatrix(this.#galois, coefficients, rows, columns);
    } catch (error) {
      throw broken(error);
    }
  }

  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const tables = this.#tablesOf(matrix);
    try {
      this.#galois.multiply(tables, inputs, outputs, offset, length);
    } catch (error) {
      throw broken(error);
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
    const tables = this.#tablesOf(matrix);
    try {
      this.#galois.accumulate(tables, column, input, outputs, offset, length);
    } catch (error) {
      throw broken(error);
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
    const tables = this.#tablesOf(matrix);
    try {
      this.#galois.compare(tables, inputs, expected, differs, offset, length);
    } catch (error) {
      throw broken(error);
    }
  }

  #tablesOf(matrix: PreparedMatrix): Uint8Array {
    if (matrix instanceof NativeMatrix && matrix.kernel === this.detail) return matrix.tables;
    throw new InvariantError('Invariant broken: a matrix is used by the engine that prepared it');
  }
}

/** The addon refuses only what breaks the contract of ErasureEngine. */
function broken(error: unknown): InvariantError {
  return new InvariantError(`Invariant broken: ${isError(error) ? error.message : String(error)}`);
}
