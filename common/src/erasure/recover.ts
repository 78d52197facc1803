/**
 * Shards that nobody vouches for yet, made whole: each is compared with the checksum that its stripe's record has for it, what
 * does not fit is lost, what is lost is computed from the rest, and what was computed is compared as well. So a result is the
 * bytes that were encoded, or an error.
 */
import { CoucheStorError } from '../base/errors.ts';
import type { ErasureCodec } from './codec.ts';
import { checkShardNumbers, refusal, type ShardBuffer } from './shard-buffers.ts';

export interface RecoverOptions {
  readonly codec: ErasureCodec;
  /** By number; undefined where a shard could not be read. */
  readonly shards: readonly (Uint8Array | undefined)[];
  /** What every shard is known by, from the stripe's record and never from the shard itself. */
  readonly checksums: readonly (number | bigint | string)[];
  /** The length of every shard, from the stripe's record. */
  readonly shardSizeBytes: number;
  readonly checksum: (bytes: Uint8Array) => number | bigint | string;
  /** The shards that must be whole in the end; all data shards when left out. */
  readonly wanted?: readonly number[];
  /**
   * A buffer of shardSizeBytes for a wanted shard that is lost. The buffer of the corrupt shard itself will do, no other that
   * was given. What it holds after an error is zeros or what it held before.
   */
  readonly bufferFor: (shard: number) => Uint8Array;
}

export interface Recovered {
  /** The wanted shards, in the order asked for: buffers that were given where intact, else of bufferFor(). */
  readonly shards: readonly ShardBuffer[];
  /** Shards whose bytes do not fit their checksum or length: to be replaced, whether wanted or not. */
  readonly corrupt: readonly number[];
  readonly missing: readonly number[];
  /** Those that were computed. */
  readonly computed: readonly number[];
}

/**
 * @throws CoucheStorError `corrupt` or `unavailable` when too few shards are intact (`corrupt` if corrupt ones are to blame),
 * `corrupt` when computed bytes do not fit their checksum, `invalid` for impossible arguments.
 */
export function recover(options: RecoverOptions): Recovered {
  const { codec, shards } = options;
  const { totalShards, dataShards } = codec.scheme;
  const wanted = options.wanted ?? Array.from({ length: dataShards }, (_, shard) => shard);
  checkArguments(options, wanted);

  const missing: number[] = [];
  const corrupt: number[] = [];
  const intact: (Uint8Array | undefined)[] = [];
  for (let shard = 0; shard < totalShards; shard += 1) {
    const bytes = shards[shard];
    const isIntact = bytes !== undefined && fits(options, shard, bytes);
    intact.push(isIntact ? bytes : undefined);
    if (bytes === undefined) missing.push(shard);
    else if (!isIntact) corrupt.push(shard);
  }

  const computed = wanted.filter((shard) => intact[shard] === undefined);
  const outputs = computeLost(options, intact, { computed, corrupt });
  const found = wanted.map((shard) => ({ shard, bytes: intact[shard] ?? outputs.get(shard)! }));
  return { shards: found, corrupt, missing, computed };
}

function computeLost(
  options: RecoverOptions,
  intact: readonly (Uint8Array | undefined)[],
  { computed, corrupt }: Pick<Recovered, 'computed' | 'corrupt'>,
): ReadonlyMap<number, Uint8Array> {
  if (computed.length === 0) return new Map();
  const { codec } = options;
  const available = [...intact.keys()].filter((shard) => intact[shard] !== undefined);
  const plan = withBlame(corrupt, () => codec.prepare({ available, wanted: computed }));
  const outputs = new Map(computed.map((shard) => [shard, options.bufferFor(shard)]));
  codec.run(
    plan,
    plan.sources.map((shard) => intact[shard]!),
    [...outputs.values()],
  );
  try {
    checkComputed(options, outputs);
  } catch (thrown) {
    for (const bytes of outputs.values()) bytes.fill(0);
    throw thrown;
  }
  return outputs;
}

function checkComputed(options: RecoverOptions, outputs: ReadonlyMap<number, Uint8Array>): void {
  const { codec } = options;
  const wrong = [...outputs.keys()].filter((shard) => !fits(options, shard, outputs.get(shard)!));
  if (wrong.length === 0) return;
  throw new CoucheStorError(
    'corrupt',
    `Shards ${wrong.join(', ')} of a ${codec.scheme.name} stripe were computed from intact shards and do not fit their checksums, so the record is not of one encoding; restore it from the shards' headers.`,
    { fields: { scheme: codec.scheme.name, shards: wrong.join() } },
  );
}

function withBlame<Result>(corrupt: readonly number[], prepare: () => Result): Result {
  try {
    return prepare();
  } catch (thrown) {
    if (!(thrown instanceof CoucheStorError) || thrown.code !== 'unavailable' || corrupt.length === 0) throw thrown;
    throw new CoucheStorError('corrupt', `${thrown.message} Corrupt: ${corrupt.join(', ')}.`, {
      fields: { ...thrown.fields, corrupt: corrupt.join() },
      cause: thrown,
    });
  }
}

function fits({ checksum, checksums, shardSizeBytes }: RecoverOptions, shard: number, bytes: Uint8Array): boolean {
  return bytes.length === shardSizeBytes && checksum(bytes) === checksums[shard];
}

function checkArguments(options: RecoverOptions, wanted: readonly number[]): void {
  const { codec, shards, checksums, shardSizeBytes } = options;
  const { totalShards } = codec.scheme;
  for (const [field, { length }] of Object.entries({ shards, checksums })) {
    if (length !== totalShards)
      throw refusal(field, `${length} were given for ${totalShards} shards; give one a shard`);
  }
  if (!Number.isSafeInteger(shardSizeBytes) || shardSizeBytes < 1) {
    throw refusal('shardSizeBytes', `${shardSizeBytes} is no length of a shard; take it from the stripe's record`);
  }
  checkShardNumbers(wanted, totalShards, 'wanted');
}
