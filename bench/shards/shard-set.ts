/**
 * Equal shards in a folder, under the names that fio gives to its files, written and read one after the other or several at once.
 * All have one payload: no byte of it is looked at but by checksums.
 */
import { join } from 'node:path';
import { openDirectFileDevice, openFileDevice } from '@couchestor/agent/devices';
import { openShard, ShardWriter, type ShardIo, type ShardName, type WindowPool } from '@couchestor/agent/shards';
import { parsePlacement, parseShardIndex, parseStripeId, parseVolumeId } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import type { FioFiles } from './fio.ts';

/** As long as the record of a stripe of 10+4 is about. */
const RECORD = new Uint8Array(1024).fill(1);

export const SCHEME = { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 0 };
export const CREATED_BY = 'couchestor-bench';
export const STRIPE = { logicalLength: 1, record: RECORD };

export interface ShardSetOptions extends FioFiles {
  readonly windows: WindowPool;
  readonly crc32c: Crc32c;
  /** Of fileBytes. */
  readonly payload: Uint8Array;
}

export const nameOfShard = (job: number, file: number): ShardName => ({
  volumeId: parseVolumeId('bench'),
  stripeId: parseStripeId(`${job + 1}-${file}`),
  index: parseShardIndex(0),
  placement: parsePlacement(1),
});

export class ShardSet {
  readonly bytes: number;
  readonly #options: ShardSetOptions;
  readonly #checksum: number;

  constructor(options: ShardSetOptions) {
    this.#options = options;
    this.#checksum = options.crc32c(options.payload);
    this.bytes = options.fileBytes * options.filesPerJob * options.jobs;
  }

  /** Each opened, written, synced and closed. */
  async write(): Promise<void> {
    await this.#forEach(async (path, name) => {
      const device = await openFileDevice(path, { mode: 'create' });
      const writer = await ShardWriter.begin(this.#io(device), { name, scheme: SCHEME, createdBy: CREATED_BY });
      await writer.append(this.#options.payload);
      await writer.commit(STRIPE);
      await device.close();
    });
  }

  /** Each opened, read wholly into a buffer of its job, verified and closed. */
  async read(how: { direct: boolean; into: readonly Uint8Array[] }): Promise<void> {
    const open = how.direct ? openDirectFileDevice : openFileDevice;
    await this.#forEach(async (path, name, job) => {
      const device = await open(path, { mode: 'read' });
      const expected = { name, payloadBytes: this.#options.fileBytes, checksum: this.#checksum };
      const shard = await openShard(this.#io(device), expected);
      if (shard.kind !== 'open') throw new Error(`${path} is ${shard.kind}`);
      const into = how.into[job] ?? new Uint8Array();
      for (let offset = 0; offset < expected.payloadBytes; offset += into.length) {
        const { kind } = await shard.reader.read(offset, into.subarray(0, expected.payloadBytes - offset));
        if (kind !== 'verified') throw new Error(`${path} is ${kind} at ${offset}`);
      }
      await device.close();
    });
  }

  #io(device: ShardIo['device']): ShardIo {
    return { device, windows: this.#options.windows, crc32c: this.#options.crc32c };
  }

  async #forEach(work: (path: string, name: ShardName, job: number) => Promise<void>): Promise<void> {
    const { folder, filesPerJob, jobs } = this.#options;
    const ofJob = async (job: number): Promise<void> => {
      for (let file = 0; file < filesPerJob; file += 1) {
        await work(join(folder, `${job}.${file}`), nameOfShard(job, file), job);
      }
    };
    await Promise.all(Array.from({ length: jobs }, (_, job) => ofJob(job)));
  }
}
