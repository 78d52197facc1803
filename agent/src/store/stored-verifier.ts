/**
 * Reads stored shards back, past the page cache where the file system can, and compares every byte with what it should be. It has
 * windows of its own: whoever writes shards holds windows of the pool that shards in flight share, and must not wait here for others
 * that do so too.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { allocateAligned } from '../devices/index.ts';
import type { PoolFiles } from '../pools/index.ts';
import {
  examineShard,
  pathOfShard,
  verifyShard,
  WindowPool,
  type ExpectedShard,
  type MissingReason,
  type MissingShard,
  type RangeRead,
  type ShardIdentity,
  type ShardIo,
  type ShardName,
  type UnreadableShard,
} from '../shards/index.ts';

export type Verified = { readonly kind: 'verified' } | NotVerified;

export type Identified = { readonly kind: 'identified'; readonly identity: ShardIdentity } | NotVerified;

type NotVerified =
  /** `corruptBlocks`: its ends are those of the shard, and a part of the payload is not. */
  | { readonly kind: 'other'; readonly reason: MissingReason | 'absent' | 'corruptBlocks'; readonly detail: string }
  | { readonly kind: 'unreadable'; readonly error: CoucheStorError };

export interface StoredVerifierOptions {
  readonly files: PoolFiles;
  readonly crc32c: Crc32c;
  readonly windowBytes: number;
  /** Shards that are read at a time. */
  readonly atOnce: number;
  /** Who may wait for that. */
  readonly waiting: number;
}

export class StoredVerifier {
  readonly #files: PoolFiles;
  readonly #crc32c: Crc32c;
  readonly #windows: WindowPool;

  constructor({ files, crc32c, windowBytes, atOnce, waiting }: StoredVerifierOptions) {
    this.#files = files;
    this.#crc32c = crc32c;
    this.#windows = new WindowPool({ windowBytes, windows: atOnce, waiting, allocate: allocateAligned });
  }

  /** Whether it is the expected shard, to the last byte, under its name or where it was written. */
  async verify(expected: ExpectedShard, path = pathOfShard(expected.name)): Promise<Verified> {
    return this.#look(path, async (io) => verdictOn(await verifyShard(io, expected)));
  }

  /** Whether it is a whole shard of this name, whatever it holds. */
  async examine(name: ShardName): Promise<Verified> {
    return this.#look(pathOfShard(name), async (io) => {
      const shard = await examineShard(io, name);
      return verdictOn(shard.kind === 'open' ? await shard.reader.verify(0, shard.reader.payloadBytes) : shard);
    });
  }

  /** The same by its two ends, without its payload, and how its stripe is encoded. */
  async identify(name: ShardName): Promise<Identified> {
    return this.#look(pathOfShard(name), async (io) => {
      const shard = await examineShard(io, name);
      return shard.kind === 'open' ? { kind: 'identified', identity: shard.reader.identity } : noShard(shard);
    });
  }

  async #look<Found>(path: string, compare: (io: ShardIo) => Promise<Found>): Promise<Found | NotVerified> {
    const device = await this.#files.openDirect(path);
    if (device === undefined) return { kind: 'other', reason: 'absent', detail: 'there is no file' };
    try {
      return await compare({ device, windows: this.#windows, crc32c: this.#crc32c });
    } finally {
      await device.close();
    }
  }
}

function verdictOn(read: RangeRead): Verified {
  if (read.kind === 'verified') return read;
  if (read.kind !== 'corrupt') return noShard(read);
  const [first = 0] = read.blocks;
  const detail = `${read.blocks.length} of its blocks, the first at ${first}, are not as they were written`;
  return { kind: 'other', reason: 'corruptBlocks', detail };
}

function noShard(found: MissingShard | UnreadableShard): NotVerified {
  if (found.kind === 'unreadable') return { kind: 'unreadable', error: found.error };
  return { kind: 'other', reason: found.reason, detail: found.detail };
}
