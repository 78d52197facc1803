/**
 * The shard store on the disk of the checkout, beside fio with the same pattern: the same files one after the other, transfers of
 * half a window, a sync before each written file is closed. MB/s are of payload, 10⁶ bytes. Disks of virtual machines are given out in
 * portions, so contenders take turns, and ratios within one round say more than rates.
 */
import type { Area } from '../row.ts';
import { hasFio } from '../shards/fio.ts';
import type { MemorySizes } from '../shards/in-flight-memory.ts';
import { memoryRows } from '../shards/memory-rows.ts';
import { scanRows, type ScanSizes } from '../shards/scan-rows.ts';
import { hasDisk, withScratch } from '../shards/scratch.ts';
import { scrubRows, type ScrubSizes } from '../shards/scrub-rows.ts';
import { withStore, type WindowSizes } from '../shards/store-bench.ts';
import { transferRows, type TransferSizes } from '../shards/transfer-rows.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

interface Sizes {
  readonly windows: WindowSizes;
  readonly transfer: TransferSizes;
  readonly scrub: ScrubSizes;
  readonly scan: ScanSizes;
  readonly memory: MemorySizes;
}

const FULL: Sizes = {
  windows: { windowBytes: 2 * MIB, windows: 16 },
  transfer: { shardBytes: [MIB, 16 * MIB, 64 * MIB], setBytes: 128 * MIB, jobs: [1, 4], rounds: 5 },
  scrub: { shardBytes: [MIB, 16 * MIB, 64 * MIB], setBytes: 256 * MIB, rounds: 5, memoryBytes: 128 * MIB },
  scan: { shards: 100_000, volumes: 10, rounds: 3, cold: true },
  memory: { windowBytes: 2 * MIB, written: 64, writtenBytes: 4 * MIB, open: 512, openBytes: 64 * MIB },
};

const SMOKE: Sizes = {
  windows: { windowBytes: 128 * KIB, windows: 4 },
  transfer: { shardBytes: [128 * KIB], setBytes: 256 * KIB, jobs: [1, 2], rounds: 1 },
  scrub: { shardBytes: [128 * KIB], setBytes: 256 * KIB, rounds: 1, memoryBytes: 128 * KIB },
  scan: { shards: 20, volumes: 2, rounds: 1, cold: false },
  memory: { windowBytes: 64 * KIB, written: 2, writtenBytes: 128 * KIB, open: 4, openBytes: 128 * KIB },
};

export const shards: Area = {
  name: 'shards',
  summary: 'shards on a disk: writing, verified reading, scrub, start-up scan, memory (peers: fio, find)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    return withScratch(async (scratch) => {
      const peers = { hasFio: hasFio(), hasDisk: hasDisk(scratch) };
      const rows = await withStore(scratch, sizes.windows, async (bench) => [
        ...(await transferRows(bench, peers, sizes.transfer)),
        ...(await scrubRows(bench, peers, sizes.scrub)),
        ...(await scanRows(bench, sizes.scan)),
      ]);
      return [...rows, ...memoryRows(scratch, sizes.memory)];
    });
  },
};
