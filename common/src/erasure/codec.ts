/**
 * Encodes and reconstructs the shards of one scheme with one engine. All buffers are the caller's: nothing is copied and
 * nothing is kept after a call. The code works byte by byte, so a range of a shard needs nothing but the same range of the
 * others; buffers may as well hold such a range, or one row of a stripe, in place of whole shards. Calls are synchronous and
 * one at a time.
 */
import { CoucheStorError } from '../base/errors.ts';
import { LruMap } from './lru-map.ts';
import type { ErasureEngine, PreparedMatrix } from './engine.ts';
import { planReconstruction, type PlanRequest, type ReconstructionPlan, type Undecodable } from './plan.ts';
import type { ErasureScheme } from './scheme.ts';
import {
  checkDisjoint,
  checkEqualLengths,
  checkRange,
  checkShardNumbers,
  refusal,
  type ByteRange,
  type ShardBuffer,
} from './shard-buffers.ts';

/** A plan together with the matrix that the engine made of it. */
export interface Reconstruction {
  readonly sources: readonly number[];
  readonly wanted: readonly number[];
  readonly prepared: PreparedMatrix;
}

/** Losses come in few patterns at a time, one for each set of failed places. */
const DEFAULT_KEPT_PLANS = 64;

export class ErasureCodec {
  readonly scheme: ErasureScheme;
  readonly engine: ErasureEngine;
  readonly #parity: PreparedMatrix;
  readonly #plans: LruMap<string, Reconstruction>;

  /**
   * @param keptPlans - how many plans with their tables are kept; the least recently used goes. Tables are largest in TypeScript:
   * up to 60 KiB a plan at 20+12, 4 MiB at 128+127.
   */
  constructor(scheme: ErasureScheme, engine: ErasureEngine, keptPlans = DEFAULT_KEPT_PLANS) {
    this.scheme = scheme;
    this.engine = engine;
    this.#parity = engine.prepare(scheme.parity.coefficients, scheme.parityShards, scheme.dataShards);
    this.#plans = new LruMap(keptPlans);
  }

  /**
   * Fills the parity shards, local ones first.
   * @throws CoucheStorError `invalid` when the number of buffers is wrong, their lengths differ, the range is not within them,
   * or a buffer that is written shares memory with another; nothing has been written then.
   */
  encode(data: readonly Uint8Array[], parity: readonly Uint8Array[], range?: ByteRange): void {
    const length = this.#checkStripe(data, parity);
    checkRange(range, length);
    checkDisjoint(parity, data);
    this.engine.multiply(this.#parity, data, parity, range?.offset ?? 0, range?.length ?? length);
  }

  /**
   * Adds what one data shard contributes to all parity shards, which began as zeros; after every data shard was added once, in
   * any order, they are what encode() gives. Adding a shard's old and new content changes it, which is for a stripe that is still
   * being gathered: what was stored is never changed in place, as a crash between two of its shards would leave neither.
   * @throws CoucheStorError `invalid` as encode() does.
   */
  encodeIncrement(shard: number, bytes: Uint8Array, parity: readonly Uint8Array[], range?: ByteRange): void {
    checkShardNumbers([shard], this.scheme.dataShards, 'shard');
    checkCount('parity', parity, this.scheme.parityShards);
    const length = checkEqualLengths([bytes, ...parity], 'parity');
    checkRange(range, length);
    checkDisjoint(parity, [bytes]);
    this.engine.accumulate(this.#parity, shard, bytes, parity, range?.offset ?? 0, range?.length ?? length);
  }

  /**
   * The numbers of the parity shards that do not fit the data. Empty says that the stripe is consistent, not which shard is
   * wrong where it is not.
   * @throws CoucheStorError `invalid` as encode() does, and for shards of zero bytes, of which nothing can be verified.
   */
  verify(data: readonly Uint8Array[], parity: readonly Uint8Array[], range?: ByteRange): number[] {
    const length = this.#checkStripe(data, parity);
    refuseEmpty(length);
    checkRange(range, length);
    const differs = new Uint8Array(this.scheme.parityShards);
    this.engine.compare(this.#parity, data, parity, differs, range?.offset ?? 0, range?.length ?? length);
    return [...differs.keys()].filter((row) => differs[row] === 1).map((row) => this.scheme.dataShards + row);
  }

  /**
   * Which shards to read for those that are wanted, ready to run().
   * @throws CoucheStorError `unavailable` when the available shards do not determine the wanted ones, `invalid` for impossible
   * numbers.
   */
  prepare(request: PlanRequest): Reconstruction {
    // In one order, so that one set of shards is one plan.
    const available = [...request.available].sort((left, right) => left - right);
    if (request.cost === undefined) return this.#prepared(available, request.wanted);
    // The plan depends on the costs of the moment; its tables only on the shards.
    return this.#prepared(this.#plan({ ...request, available }).sources, request.wanted);
  }

  #prepared(available: readonly number[], wanted: readonly number[]): Reconstruction {
    // What is kept was checked when it was made.
    return this.#plans.getOrMake(`${available.join()}>${wanted.join()}`, () => {
      const { sources, wanted: rows, matrix } = this.#plan({ available, wanted });
      const prepared = this.engine.prepare(matrix.coefficients, matrix.rows, matrix.columns);
      return { sources, wanted: rows, prepared };
    });
  }

  #plan(request: PlanRequest & { readonly available: readonly number[] }): ReconstructionPlan {
    checkShardNumbers(request.available, this.scheme.totalShards, 'available');
    checkShardNumbers(request.wanted, this.scheme.totalShards, 'wanted');
    if (request.wanted.length === 0) throw refusal('wanted', 'no shard is wanted; name at least one');
    const plan = planReconstruction(this.scheme, request);
    if (plan.kind === 'undecodable') throw undecodableError(this.scheme, plan);
    return plan;
  }

  /**
   * Computes the wanted shards of a plan from its sources.
   * @param sources - one buffer a source, in its order.
   * @param outputs - one buffer a wanted shard, in its order.
   * @throws CoucheStorError `invalid` as encode() does, and for buffers of zero bytes.
   */
  run(
    { sources, wanted, prepared }: Reconstruction,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    range?: ByteRange,
  ): void {
    checkCount('sources', inputs, sources.length);
    checkCount('outputs', outputs, wanted.length);
    const length = checkEqualLengths([...inputs, ...outputs], 'sources');
    refuseEmpty(length);
    checkRange(range, length);
    checkDisjoint(outputs, inputs);
    this.engine.multiply(prepared, inputs, outputs, range?.offset ?? 0, range?.length ?? length);
  }

  /**
   * Computes missing shards, data or parity, from those that are there; one that is wanted is not read, even where it is there.
   * @param shards - by number; undefined where a shard is missing. Their content is trusted: recover() is for shards that are
   * not.
   * @throws CoucheStorError `unavailable` when too many are missing, `invalid` as run() does.
   */
  reconstruct(shards: readonly (Uint8Array | undefined)[], outputs: readonly ShardBuffer[], range?: ByteRange): void {
    const reconstruction = this.#reconstruction(shards, outputs);
    const results = outputs.map(({ bytes }) => bytes);
    checkEqualLengths([...present(shards), ...results], 'shards');
    this.run(
      reconstruction,
      reconstruction.sources.map((shard) => shards[shard]!),
      results,
      range,
    );
  }

  /**
   * Computes `output.bytes.length` bytes of one shard, from `offset` on, reading no byte of the others outside that range.
   * @throws CoucheStorError `unavailable` and `invalid` as reconstruct() does, `invalid` when the range is not within the shards.
   */
  reconstructRange(shards: readonly (Uint8Array | undefined)[], output: ShardBuffer, offset: number): void {
    const reconstruction = this.#reconstruction(shards, [output]);
    const length = checkEqualLengths(present(shards), 'shards');
    const range = { offset, length: output.bytes.length };
    checkRange(range, length);
    const inputs = reconstruction.sources.map((shard) => shards[shard]!.subarray(offset, offset + range.length));
    this.run(reconstruction, inputs, [output.bytes]);
  }

  #reconstruction(shards: readonly (Uint8Array | undefined)[], outputs: readonly ShardBuffer[]): Reconstruction {
    checkCount('shards', shards, this.scheme.totalShards);
    const available: number[] = [];
    for (let shard = 0; shard < shards.length; shard += 1) {
      if (shards[shard] !== undefined) available.push(shard);
    }
    const wanted = outputs.map(({ shard }) => shard);
    return this.#prepared(available, wanted);
  }

  #checkStripe(data: readonly Uint8Array[], parity: readonly Uint8Array[]): number {
    checkCount('data', data, this.scheme.dataShards);
    checkCount('parity', parity, this.scheme.parityShards);
    return checkEqualLengths([...data, ...parity], 'parity');
  }
}

function undecodableError(scheme: ErasureScheme, { undecodable, available }: Undecodable): CoucheStorError {
  return new CoucheStorError(
    'unavailable',
    `Shards ${undecodable.join(', ')} of a ${scheme.name} stripe cannot be computed from the ${available.length} shards that are left; bring lost shards back.`,
    {
      fields: {
        scheme: scheme.name,
        undecodable: undecodable.join(),
        available: available.length,
        required: scheme.dataShards,
      },
    },
  );
}

function present(shards: readonly (Uint8Array | undefined)[]): Uint8Array[] {
  return shards.filter((bytes) => bytes !== undefined);
}

function checkCount(field: string, buffers: readonly unknown[], wanted: number): void {
  if (buffers.length === wanted) return;
  throw refusal(field, `${buffers.length} buffers were given where ${wanted} are needed`);
}

function refuseEmpty(length: number): void {
  if (length === 0) throw refusal('shards', 'shards of zero bytes say nothing; treat an empty shard as lost');
}
