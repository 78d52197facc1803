/**
 * One stripe in an arena, and what is measured on it. There is one stripe a shape, worked on again and again, so that it is in the caches as far
 * as it fits them, for every contender: its buffers begin an odd number of cache lines apart, as those of every ShardArena do.
 */
import {
  planReconstruction,
  type ErasureCodec,
  type ErasureScheme,
  type Matrix,
  type ShardArena,
} from '@couchestor/common/erasure';

/** How an operation looks to a contender that knows nothing of schemes: targets = matrix × sources, all by the numbers of buffers. */
export interface PlainWork {
  readonly kind: 'multiply' | 'verify';
  readonly sources: readonly number[];
  readonly targets: readonly number[];
  readonly matrix: Matrix;
  readonly offset: number;
  readonly length: number;
}

export interface Operation {
  readonly name: 'encode' | 'reconstruct' | 'range' | 'verify';
  /** The name, with which of the reconstructions it is. */
  readonly kind: string;
  /** `encode 4+2 x 1MiB`. */
  readonly shape: string;
  /** k times the shard, or times the range, also where fewer shards are read. */
  readonly userBytes: number;
  /** Data shards that are lost. */
  readonly lost: number;
  readonly plain: PlainWork;
  /** The call that is measured. */
  prepare(codec: ErasureCodec): () => void;
  /** Where the bytes are that the call computed or compared. */
  readonly results: readonly Uint8Array[];
}

const MIB = 1024 * 1024;
export const sizeOf = (bytes: number): string => (bytes >= MIB ? `${bytes / MIB}MiB` : `${bytes / 1024}KiB`);

/** A range is this part of a shard: 64 KiB of 1 MiB. */
const RANGE_PART = 16;

export class Stripe {
  readonly scheme: ErasureScheme;
  readonly shardBytes: number;
  /** The shards by their numbers, then as many as are needed to put results into, or a copy of the data. */
  readonly buffers: readonly Uint8Array[];
  /** From the beginning of a buffer to that of the next. */
  readonly stride: number;
  readonly #arena: ShardArena;

  /** The parity is not computed yet. */
  constructor(scheme: ErasureScheme, shardBytes: number, arena: ShardArena) {
    this.scheme = scheme;
    this.shardBytes = shardBytes;
    this.#arena = arena;
    const spare = Math.max(scheme.dataShards, scheme.parityShards);
    this.buffers = Array.from({ length: scheme.totalShards + spare }, (_, index) =>
      fillWithNoise(arena.allocate(shardBytes), index + 1),
    );
    const [first, second] = this.buffers;
    this.stride = (second?.byteOffset ?? 0) - (first?.byteOffset ?? 0);
    const isEven = this.buffers.every(
      ({ byteOffset }, index) => byteOffset === (first?.byteOffset ?? 0) + index * this.stride,
    );
    if (!isEven) throw new Error('the buffers of a stripe are not equally far apart');
  }

  release(): void {
    for (const buffer of this.buffers) this.#arena.release(buffer);
  }

  get data(): readonly Uint8Array[] {
    return this.buffers.slice(0, this.scheme.dataShards);
  }

  get parity(): readonly Uint8Array[] {
    return this.buffers.slice(this.scheme.dataShards, this.scheme.totalShards);
  }

  get spare(): readonly Uint8Array[] {
    return this.buffers.slice(this.scheme.totalShards);
  }

  get name(): string {
    return `${this.scheme.name} x ${sizeOf(this.shardBytes)}`;
  }

  operations(): Operation[] {
    const { guaranteedLosses } = this.scheme;
    const reconstructions = [this.#reconstruct(1), this.#reconstruct(guaranteedLosses)];
    return [this.#encode(), ...reconstructions, this.#range(), this.#verify()];
  }

  /** The parity shards' numbers as targets, all data shards as sources. */
  #parityWork(kind: PlainWork['kind']): PlainWork {
    const { dataShards, totalShards, parity } = this.scheme;
    const sources = numbers(0, dataShards);
    const targets = numbers(dataShards, totalShards);
    return { kind, sources, targets, matrix: parity, offset: 0, length: this.shardBytes };
  }

  #encode(): Operation {
    const { data, parity } = this;
    return {
      ...this.#whole('encode', `encode ${this.name}`),
      plain: this.#parityWork('multiply'),
      results: parity,
      prepare: (codec) => () => codec.encode(data, parity),
    };
  }

  #verify(): Operation {
    const { data, parity } = this;
    return {
      ...this.#whole('verify', `verify ${this.name}`),
      plain: this.#parityWork('verify'),
      results: parity,
      prepare: (codec) => () => {
        if (codec.verify(data, parity).length > 0) throw new Error('the parity does not fit');
      },
    };
  }

  /** The first data shards are lost, which for an LRC are of one group. */
  #reconstruct(lost: number): Operation {
    const shards = this.#without(lost);
    const results = this.spare.slice(0, lost);
    const outputs = results.map((bytes, shard) => ({ shard, bytes }));
    return {
      ...this.#whole('reconstruct', `reconstruct ${lost} ${this.name}`),
      kind: lost === 1 ? 'reconstruct 1' : 'reconstruct m',
      lost,
      plain: this.#reconstructWork(lost, 0, this.shardBytes),
      results,
      prepare: (codec) => () => codec.reconstruct(shards, outputs),
    };
  }

  /** From the middle of the first shard, which is lost. Whoever reads one has the plan, since it says what to read. */
  #range(): Operation {
    const length = this.shardBytes / RANGE_PART;
    const range = { offset: this.shardBytes / 2, length };
    const { offset } = range;
    const request = { available: numbers(1, this.scheme.totalShards), wanted: [0] };
    const outputs = this.spare.slice(0, 1);
    const results = outputs.map((bytes) => bytes.subarray(offset, offset + length));
    const plain = this.#reconstructWork(1, offset, length);
    const inputs = this.buffers.filter((_, shard) => plain.sources.includes(shard));
    return {
      ...this.#whole('range', `range ${sizeOf(length)} ${this.name}`),
      userBytes: this.scheme.dataShards * length,
      lost: 1,
      plain,
      results,
      prepare: (codec) => {
        const plan = codec.prepare(request);
        return () => codec.run(plan, inputs, outputs, range);
      },
    };
  }

  #whole(name: Operation['name'], shape: string): Pick<Operation, 'name' | 'kind' | 'shape' | 'userBytes' | 'lost'> {
    return { name, kind: name, shape, userBytes: this.scheme.dataShards * this.shardBytes, lost: 0 };
  }

  #without(lost: number): (Uint8Array | undefined)[] {
    return this.buffers.slice(0, this.scheme.totalShards).map((bytes, shard) => (shard < lost ? undefined : bytes));
  }

  #reconstructWork(lost: number, offset: number, length: number): PlainWork {
    const { totalShards } = this.scheme;
    const plan = planReconstruction(this.scheme, { available: numbers(lost, totalShards), wanted: numbers(0, lost) });
    if (plan.kind === 'undecodable') throw new Error(`${this.scheme.name} does not bear ${lost} losses`);
    const { sources, matrix } = plan;
    return { kind: 'multiply', sources, targets: numbers(totalShards, totalShards + lost), matrix, offset, length };
  }
}

function numbers(from: number, end: number): number[] {
  return Array.from({ length: end - from }, (_, index) => from + index);
}

/** Lehmer's generator, the same as in isal-driver.c. */
export function fillWithNoise<Bytes extends Uint8Array>(bytes: Bytes, seed: number): Bytes {
  let state = seed;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (state * 48_271) % 0x7fffffff;
    bytes[at] = state >> 8;
  }
  return bytes;
}

/** FNV-1a, the same as in isal-driver.c. */
export function digestOf(buffers: readonly Uint8Array[]): number {
  let hash = 0x811c9dc5;
  for (const buffer of buffers) for (const byte of buffer) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
