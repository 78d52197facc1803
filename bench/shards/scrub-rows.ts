/**
 * A scrub without limits, beside what bounds it: the checksum over the same number of bytes in memory, and the disk as fio reads it. It cannot
 * be faster than the slower of both.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Scrub } from '@couchestor/agent/scrub';
import { BLOCK_BYTES } from '@couchestor/agent/shards';
import { realClock } from '@couchestor/common/base';
import { best, median, rateOf, takeTurns, type Samples } from '../erasure/samples.ts';
import { sizeOf } from '../erasure/stripe.ts';
import type { Row } from '../row.ts';
import { timedNs } from './comparison.ts';
import { fioNs } from './fio.ts';
import { ShardSet } from './shard-set.ts';
import { alignedNoise, type StoreBench } from './store-bench.ts';
import type { Peers } from './transfer-rows.ts';

export interface ScrubSizes {
  readonly shardBytes: readonly number[];
  readonly setBytes: number;
  readonly rounds: number;
  /** Of the memory that the checksum alone goes over: beyond the caches, as what comes from a disk is. */
  readonly memoryBytes: number;
}

const GOAL = 0.8;

/** As the scrub reads, two at once. */
const TRANSFER_BYTES = 1024 * 1024;

const VOLUME = 'scrubbed';

export async function scrubRows(bench: StoreBench, peers: Peers, sizes: ScrubSizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const shardBytes of sizes.shardBytes) {
    const shardsPerJob = Math.max(1, Math.floor(sizes.setBytes / shardBytes));
    const set = new ShardSet(bench, { shardBytes, shardsPerJob, jobs: 1 });
    await set.put(VOLUME);
    rows.push(...(await rowsOf(bench, peers, { ...sizes, shardBytes, set, shardsPerJob })));
    rmSync(join(bench.folder, VOLUME), { recursive: true });
  }
  return rows;
}

interface Scrubbed {
  readonly set: ShardSet;
  readonly shardBytes: number;
  readonly shardsPerJob: number;
  readonly rounds: number;
  readonly memoryBytes: number;
}

async function rowsOf(bench: StoreBench, peers: Peers, scrubbed: Scrubbed): Promise<Row[]> {
  const { set, shardBytes, shardsPerJob, rounds, memoryBytes } = scrubbed;
  const memory = alignedNoise(Math.min(memoryBytes, set.bytes));
  const direct = peers.hasDisk;
  const pattern = { rw: 'read', direct, blockBytes: TRANSFER_BYTES, depth: direct ? 2 : 1 } as const;
  const fio = async (): Promise<Samples> => [await fioNs(set.storedFiles(VOLUME), pattern)];
  const contenders = [
    { name: 'scrub', take: async () => [await timedNs(() => pass(bench, shardsPerJob))] },
    { name: 'checksum', take: () => [checksumNs(bench, memory, set.bytes)] },
    ...(peers.hasFio ? [{ name: 'fio', take: fio }] : []),
  ];
  const taken = await takeTurns(contenders, { rounds, samples: 1, leastNs: 0 });
  const of = (name: string): Samples => taken.get(name) ?? [];
  const [, ...bounds] = contenders.map(({ name }) => name);
  const shape = `scrub of shards of ${sizeOf(shardBytes)}`;
  const row = (subject: string, value: number, unit: string, rowPeers: Row['peers']): Row => ({
    ...{ area: 'shards', shape, subject },
    ...{ value, unit, peers: rowPeers },
  });
  const rates = (figure: (samples: Samples) => number): [number, Row['peers']] => [
    rateOf(set.bytes, figure(of('scrub'))),
    Object.fromEntries(bounds.map((name) => [name, rateOf(set.bytes, figure(of(name)))])),
  ];
  const [bestRate, bestBounds] = rates(best);
  const [medianRate, medianBounds] = rates(median);
  const toChecksum = of('scrub').map((ns, round) => (of('checksum')[round] ?? NaN) / ns);
  const toSlower = of('scrub').map((ns, round) => Math.max(...bounds.map((name) => of(name)[round] ?? NaN)) / ns);
  return [
    row('scrub, best', bestRate, 'MB/s', bestBounds),
    row('scrub, median', medianRate, 'MB/s', medianBounds),
    row('goal: to the checksum or the disk, whichever is slower, within rounds', median(toSlower), 'x', {
      goal: GOAL,
      'to the checksum alone': median(toChecksum),
    }),
  ];
}

async function pass({ store, crc32c }: StoreBench, shards: number): Promise<void> {
  const scrub = await Scrub.open(store, {
    crc32c,
    clock: realClock,
    tranquility: 0,
    checkpointMs: 60_000,
    restart: true,
  });
  const state = await scrub.run();
  const { ok } = scrub.report.counters;
  if (state !== 'done' || ok !== shards) throw new Error(`the scrub is ${state} after ${ok} shards of ${shards}`);
}

function checksumNs({ crc32c }: StoreBench, memory: Uint8Array, bytes: number): number {
  const started = performance.now();
  for (let done = 0; done < bytes; done += BLOCK_BYTES) {
    const at = done % memory.length;
    crc32c(memory.subarray(at, at + BLOCK_BYTES));
  }
  return (performance.now() - started) * 1e6;
}
