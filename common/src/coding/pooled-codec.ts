/**
 * The codec of a scheme whose work is done by a pool: the same calls, checks and errors as ErasureCodec, answered by promises. Shards lie in the
 * pool's arena and belong to the pool until a call has settled.
 */
import { assertInvariant } from '../base/index.ts';
import {
  ErasureCodec,
  type ByteRange,
  type ErasureEngine,
  type ErasureScheme,
  type PreparedMatrix,
  type ShardBuffer,
} from '../erasure/index.ts';
import type { CodingPool } from './coding-pool.ts';
import type { MatrixShape, MatrixWork } from './matrix-work.ts';

export interface PooledCallOptions {
  /** Of every shard; the whole of them by default. */
  readonly range?: ByteRange;
  /** What is not begun when it aborts is not done. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Each call rejects with the errors of the ErasureCodec call of its name, and with those of CodingPool.run(). After an error
 * the outputs hold anything.
 */
export class PooledCodec {
  readonly scheme: ErasureScheme;
  readonly #pool: CodingPool;
  readonly #recorder = new WorkRecorder();
  readonly #codec: ErasureCodec;

  constructor(scheme: ErasureScheme, pool: CodingPool) {
    this.scheme = scheme;
    this.#pool = pool;
    this.#codec = new ErasureCodec(scheme, this.#recorder);
  }

  async encode(
    data: readonly Uint8Array[],
    parity: readonly Uint8Array[],
    { range, signal }: PooledCallOptions = {},
  ): Promise<void> {
    await this.#run(() => this.#codec.encode(data, parity, range), signal);
  }

  /** Two calls that add to the same parity are made one after the other. */
  async encodeIncrement(
    shard: number,
    bytes: Uint8Array,
    parity: readonly Uint8Array[],
    { range, signal }: PooledCallOptions = {},
  ): Promise<void> {
    await this.#run(() => this.#codec.encodeIncrement(shard, bytes, parity, range), signal);
  }

  async verify(
    data: readonly Uint8Array[],
    parity: readonly Uint8Array[],
    { range, signal }: PooledCallOptions = {},
  ): Promise<number[]> {
    const differs = await this.#run(() => this.#codec.verify(data, parity, range), signal);
    return [...differs.keys()].filter((row) => differs[row] !== 0).map((row) => this.scheme.dataShards + row);
  }

  async reconstruct(
    shards: readonly (Uint8Array | undefined)[],
    outputs: readonly ShardBuffer[],
    { range, signal }: PooledCallOptions = {},
  ): Promise<void> {
    await this.#run(() => this.#codec.reconstruct(shards, outputs, range), signal);
  }

  async reconstructRange(
    shards: readonly (Uint8Array | undefined)[],
    output: ShardBuffer,
    offset: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#run(() => this.#codec.reconstructRange(shards, output, offset), signal);
  }

  async #run(call: () => void, signal: AbortSignal | undefined): Promise<Uint8Array> {
    call();
    return this.#pool.run(this.#recorder.take(), signal);
  }
}

class RecordedMatrix implements PreparedMatrix, MatrixShape {
  readonly coefficients: Uint8Array;
  readonly rows: number;
  readonly columns: number;

  constructor(coefficients: Uint8Array, rows: number, columns: number) {
    this.coefficients = coefficients;
    this.rows = rows;
    this.columns = columns;
  }
}

/** An engine that does nothing but note what it was asked to do, so that the codec's checks and plans serve the pool as well. */
class WorkRecorder implements ErasureEngine {
  readonly name = 'typescript';
  readonly detail = 'recorder';
  #work: MatrixWork<Uint8Array> | undefined;

  prepare(coefficients: Uint8Array, rows: number, columns: number): PreparedMatrix {
    return new RecordedMatrix(coefficients.slice(), rows, columns);
  }

  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    this.#note({ operation: { kind: 'multiply' }, matrix: recorded(matrix), inputs, outputs, offset, length });
  }

  accumulate(
    matrix: PreparedMatrix,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const operation = { kind: 'accumulate', column } as const;
    this.#note({ operation, matrix: recorded(matrix), inputs: [input], outputs, offset, length });
  }

  compare(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    _differs: Uint8Array,
    offset: number,
    length: number,
  ): void {
    this.#note({ operation: { kind: 'compare' }, matrix: recorded(matrix), inputs, outputs: expected, offset, length });
  }

  take(): MatrixWork<Uint8Array> {
    const work = this.#work;
    assertInvariant(work !== undefined, 'a call of the codec asks the engine once');
    this.#work = undefined;
    return work;
  }

  #note(work: MatrixWork<Uint8Array>): void {
    assertInvariant(this.#work === undefined, 'a call of the codec asks the engine once');
    this.#work = work;
  }
}

function recorded(matrix: PreparedMatrix): RecordedMatrix {
  assertInvariant(matrix instanceof RecordedMatrix, 'a matrix is used by the engine that prepared it');
  return matrix;
}
