/**
 * The shard store on the disk of the checkout, beside fio with the same pattern: the same files one after the other, transfers as
 * long as a window, a sync before each file is closed. MB/s are of payload, 10⁶ bytes. Disks of virtual machines are given out in
 * portions, so contenders take turns, and ratios within one round say more than rates.
 */
import type { Area } from '../row.ts';
import { hasFio } from '../shards/fio.ts';
import { hasDisk, withScratch } from '../shards/scratch.ts';
import { withStore, type WindowSizes } from '../shards/store-bench.ts';
import { transferRows, type TransferSizes } from '../shards/transfer-rows.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

interface Sizes {
  readonly windows: WindowSizes;
  readonly transfer: TransferSizes;
}

const FULL: Sizes = {
  windows: { windowBytes: MIB, windows: 16 },
  transfer: { shardBytes: [MIB, 16 * MIB, 64 * MIB], setBytes: 256 * MIB, jobs: [1, 4], rounds: 9 },
};

const SMOKE: Sizes = {
  windows: { windowBytes: 128 * KIB, windows: 4 },
  transfer: { shardBytes: [128 * KIB], setBytes: 256 * KIB, jobs: [1, 2], rounds: 1 },
};

export const shards: Area = {
  name: 'shards',
  summary: 'shards on a disk: writing, verified reading, scrub, start-up scan, memory (peer: fio)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    return withScratch((scratch) => {
      const peers = { hasFio: hasFio(), hasDisk: hasDisk(scratch) };
      return withStore(scratch, sizes.windows, (bench) => transferRows(bench, peers, sizes.transfer));
    });
  },
};
