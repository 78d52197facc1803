/**
 * Equal shards, a stripe each, written and read by jobs that take theirs one after the other, beside the other jobs. All have one
 * payload: no byte of it is looked at but by checksums.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { openFileDevice } from '@couchestor/agent/devices';
import {
  pathOfShard,
  ShardWriter,
  verifyShard,
  WindowPool,
  type ExpectedShard,
  type ShardIdentity,
  type ShardName,
} from '@couchestor/agent/shards';
import { parsePlacement, parseShardIndex, parseStripeId, parseVolumeId } from '@couchestor/common/base';
import type { FioFiles } from './fio.ts';
import { alignedNoise, type StoreBench } from './store-bench.ts';

/** What one call reads, into a buffer that the next one uses again. */
const CALL_BYTES = 2 * 1024 * 1024;

/** A record is about as long for a stripe of 10+4. */
export const STRIPE = { logicalLength: 1, record: new Uint8Array(1024).fill(1) };

export interface SetSizes {
  readonly shardBytes: number;
  readonly shardsPerJob: number;
  /** At most 10: each has a digit of the names. */
  readonly jobs: number;
}

/** Names that fio can count through; all of one volume. */
export function identityOf(volume: string, job: number, shard: number): ShardIdentity {
  return {
    name: {
      volumeId: parseVolumeId(volume),
      stripeId: parseStripeId(`1-1${job}${shard}`),
      index: parseShardIndex(0),
      placement: parsePlacement(1),
    },
    scheme: { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 0 },
    createdBy: 'couchestor-bench',
  };
}

export class ShardSet {
  readonly bytes: number;
  readonly #bench: StoreBench;
  readonly #sizes: SetSizes;
  readonly #payload: Uint8Array;
  readonly #checksum: number;
  readonly #windows: WindowPool;
  /** What the shards of each job are read into. */
  readonly #into: readonly Uint8Array[];

  constructor(bench: StoreBench, sizes: SetSizes) {
    const { shardBytes, shardsPerJob, jobs } = sizes;
    this.bytes = shardBytes * shardsPerJob * jobs;
    this.#bench = bench;
    this.#sizes = sizes;
    this.#payload = alignedNoise(shardBytes);
    this.#checksum = bench.crc32c(this.#payload);
    this.#windows = new WindowPool({
      windowBytes: bench.windowBytes,
      windows: jobs,
      waiting: 0,
      allocate: alignedNoise,
    });
    this.#into = Array.from({ length: jobs }, () => alignedNoise(Math.min(shardBytes, CALL_BYTES)));
  }

  /** As files of a folder that is empty: each made, written, synced and closed. */
  async writeFiles(folder: string): Promise<void> {
    await this.#forEach('files', async (identity, job) => {
      const { stripeId } = identity.name;
      const device = await openFileDevice(join(folder, `${job}.${stripeId}`), { mode: 'create' });
      const io = { device, windows: this.#windows, crc32c: this.#bench.crc32c };
      const writer = await ShardWriter.begin(io, identity);
      await writer.append(this.#payload);
      await writer.commit(STRIPE);
      await device.close();
    });
  }

  /** Into the store, as shards of a new volume: also named, and read back past the page cache. */
  async put(volume: string): Promise<void> {
    await this.#forEach(volume, async (identity) => {
      const maxPayloadBytes = this.#sizes.shardBytes;
      const put = await this.#bench.store.put(identity, { maxPayloadBytes, purpose: 'data' });
      await put.append(this.#payload);
      await put.commit(STRIPE);
    });
  }

  /** From the store, each read wholly, verified and closed: in one go where the buffer holds it, else opened first. */
  async read(volume: string): Promise<void> {
    const { store } = this.#bench;
    const { shardBytes } = this.#sizes;
    await this.#forEach(volume, async ({ name }, job) => {
      const into = this.#into[job] ?? new Uint8Array();
      if (into.length === shardBytes) {
        mustBeVerified(name, await store.readRange(this.#expected(name), 0, into));
        return;
      }
      const found = await store.read(this.#expected(name));
      if (found.kind !== 'open') throw new Error(`${pathOfShard(name)} is ${found.kind}`);
      for (let at = 0; at < shardBytes; at += into.length) mustBeVerified(name, await found.reader.read(at, into));
      await found.close();
    });
  }

  /** The same past the page cache, as what was written is read back. */
  async readDirect(volume: string): Promise<void> {
    const { pool, crc32c } = this.#bench;
    await this.#forEach(volume, async ({ name }) => {
      const device = await pool.files.openDirect(pathOfShard(name));
      if (device === undefined) throw new Error(`${pathOfShard(name)} is gone`);
      mustBeVerified(name, await verifyShard({ device, windows: this.#windows, crc32c }, this.#expected(name)));
      await device.close();
    });
  }

  /** The same files by the calls of Node alone: opened, as many bytes read, closed; nothing is compared. */
  async readBare(volume: string, { direct }: { direct: boolean }): Promise<void> {
    const flags = constants.O_RDONLY | (direct ? constants.O_DIRECT : 0);
    await this.#forEach(volume, async ({ name }, job) => {
      const file = await open(join(this.#bench.folder, pathOfShard(name)), flags);
      const window = (this.#into[job] ?? new Uint8Array()).subarray(0, this.#bench.transferBytes);
      for (let at = 0; at < this.#sizes.shardBytes; at += window.length) await file.read(window, 0, window.length, at);
      await file.close();
    });
  }

  /** Those that put() makes, for fio. */
  storedFiles(volume: string): FioFiles {
    return this.#files(this.#bench.folder, `${volume}/1-1$jobnum$filenum/0.1.shard`);
  }

  /** As many, of the length of a payload, in any folder. */
  otherFiles(folder: string): FioFiles {
    return this.#files(folder, '$jobnum.$filenum');
  }

  #files(folder: string, format: string): FioFiles {
    const { jobs, shardsPerJob: filesPerJob, shardBytes: fileBytes } = this.#sizes;
    return { folder, format, jobs, filesPerJob, fileBytes };
  }

  #expected(name: ShardName): ExpectedShard {
    return { name, payloadBytes: this.#sizes.shardBytes, checksum: this.#checksum };
  }

  async #forEach(volume: string, work: (identity: ShardIdentity, job: number) => Promise<void>): Promise<void> {
    const { jobs, shardsPerJob } = this.#sizes;
    const ofJob = async (job: number): Promise<void> => {
      for (let shard = 0; shard < shardsPerJob; shard += 1) await work(identityOf(volume, job, shard), job);
    };
    await Promise.all(Array.from({ length: jobs }, (_, job) => ofJob(job)));
  }
}

function mustBeVerified(name: ShardName, { kind }: { readonly kind: string }): void {
  if (kind !== 'verified') throw new Error(`${pathOfShard(name)} is ${kind}`);
}
