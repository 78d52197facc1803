/** The start-up scan of a pool with many shards, beside `find`, which reads the same folders and asks for the same sizes. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { layoutOf, pathOfShard } from '@couchestor/agent/shards';
import type { ShardStore } from '@couchestor/agent/store';
import { best, median } from '../erasure/samples.ts';
import type { Row } from '../row.ts';
import { identityOf } from './shard-set.ts';
import type { StoreBench } from './store-bench.ts';

export interface ScanSizes {
  /** Each in a stripe of its own, as a node has them. */
  readonly shards: number;
  readonly volumes: number;
  readonly rounds: number;
  /** Also with nothing in the caches of the whole system, which only root can empty. */
  readonly cold: boolean;
}

/** proc(5): dentries and inodes are dropped too. */
const DROP_CACHES = '/proc/sys/vm/drop_caches';

export async function scanRows({ store, folder }: StoreBench, sizes: ScanSizes): Promise<Row[]> {
  const volumes = Array.from({ length: sizes.volumes }, (_, index) => `bench-${index}`);
  try {
    makeShards(folder, volumes, sizes.shards / sizes.volumes);
    const rows = await rowsOf(store, { folder, sizes, cold: false });
    return sizes.cold && process.getuid?.() === 0
      ? [...rows, ...(await rowsOf(store, { folder, sizes, cold: true }))]
      : rows;
  } finally {
    for (const volume of volumes) rmSync(join(folder, volume), { recursive: true, force: true });
  }
}

/** A scan opens no file, so they have nothing but a length. */
function makeShards(folder: string, volumes: readonly string[], ofEach: number): void {
  const { fileBytes } = layoutOf({ payloadBytes: 1024 * 1024, recordBytes: 1024 });
  for (const volume of volumes) {
    for (let shard = 0; shard < ofEach; shard += 1) {
      const path = join(folder, pathOfShard(identityOf(volume, 0, shard).name));
      mkdirSync(join(path, '..'), { recursive: true });
      const file = openSync(path, 'wx');
      ftruncateSync(file, fileBytes);
      closeSync(file);
    }
  }
}

async function rowsOf(
  store: ShardStore,
  { folder, sizes: { shards, rounds }, cold }: { folder: string; sizes: ScanSizes; cold: boolean },
): Promise<Row[]> {
  const [scans, finds, steps]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    if (cold) dropCaches();
    const { totalMs, longestStepMs } = await scanMs(store, shards);
    scans.push(totalMs);
    steps.push(longestStepMs);
    if (cold) dropCaches();
    finds.push(findMs(folder));
  }
  const shape = `start-up scan of ${shards} shards, ${cold ? 'nothing cached' : 'folders cached'}`;
  const row = (subject: string, value: number, peers: Row['peers'] = {}): Row => ({
    ...{ area: 'shards', shape, subject },
    ...{ value, unit: 'ms', peers },
  });
  return [
    row('scan, best', best(scans), { find: best(finds) }),
    row('scan, median', median(scans), { find: median(finds) }),
    row('its longest step, median', median(steps)),
  ];
}

async function scanMs(store: ShardStore, shards: number): Promise<{ totalMs: number; longestStepMs: number }> {
  const scan = store.scan();
  const started = performance.now();
  let longestStepMs = 0;
  for (let state = 'busy'; state !== 'done';) {
    const begun = performance.now();
    state = await scan.step();
    longestStepMs = Math.max(longestStepMs, performance.now() - begun);
  }
  const totalMs = performance.now() - started;
  if (scan.report.shards !== shards) throw new Error(`the scan found ${scan.report.shards} shards of ${shards}`);
  return { totalMs, longestStepMs };
}

function findMs(folder: string): number {
  const started = performance.now();
  execFileSync('find', [folder, '-type', 'f', '-printf', '%s %P\n'], { maxBuffer: 64 * 1024 * 1024 });
  return performance.now() - started;
}

function dropCaches(): void {
  execFileSync('sync');
  writeFileSync(DROP_CACHES, '3');
}
