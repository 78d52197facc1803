/**
 * The shard store on the disk of the checkout, beside fio with the same pattern: the same files one after the other, transfers as long as a window, a
 * sync before each file is closed. MB/s are of payload, 10⁶ bytes. Disks of virtual machines are given out in portions, so
 * contenders take turns, and ratios within one round say more than rates.
 */
import { admitArena } from '@couchestor/agent/devices';
import { WindowPool } from '@couchestor/agent/shards';
import { chooseCrc32c } from '@couchestor/common/coding';
import { ShardArena } from '@couchestor/common/erasure';
import { fillWithNoise } from '../erasure/stripe.ts';
import type { Area } from '../row.ts';
import { hasFio } from '../shards/fio.ts';
import { hasDisk, withScratch } from '../shards/scratch.ts';
import { transferRows, type TransferSizes } from '../shards/transfer-rows.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

interface Sizes {
  readonly windowBytes: number;
  readonly transfer: TransferSizes;
}

const FULL: Sizes = {
  windowBytes: MIB,
  transfer: { shardBytes: [MIB, 16 * MIB, 64 * MIB], setBytes: 256 * MIB, jobs: [1, 4], rounds: 9 },
};

const SMOKE: Sizes = {
  windowBytes: 64 * KIB,
  transfer: { shardBytes: [128 * KIB], setBytes: 256 * KIB, jobs: [1, 2], rounds: 1 },
};

export const shards: Area = {
  name: 'shards',
  summary: 'shards on a disk: writing, verified reading, scrub, start-up scan, memory (peer: fio)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    return withScratch(async (folder) => {
      const windows = new WindowPool({
        windowBytes: sizes.windowBytes,
        windows: 16,
        waiting: 256,
        allocate: alignedNoise,
      });
      const bench = {
        folder,
        windows,
        crc32c: chooseCrc32c().crc32c,
        buffer: alignedNoise,
        hasFio: hasFio(),
        hasDisk: hasDisk(folder),
      };
      return await transferRows(bench, sizes.transfer);
    });
  },
};

/** A memory of its own begins at a page, as direct I/O wants it. */
function alignedNoise(bytes: number): Uint8Array {
  const arena = new ShardArena(bytes);
  admitArena(arena);
  return fillWithNoise(arena.at({ offset: 0, length: bytes }), 1);
}
