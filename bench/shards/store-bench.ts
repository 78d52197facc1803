/** A pool with its store in a folder of the bench, and what all rows are measured with. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { admitArena } from '@couchestor/agent/devices';
import { initPool, Pool } from '@couchestor/agent/pools';
import { WindowPool } from '@couchestor/agent/shards';
import { ShardStore } from '@couchestor/agent/store';
import { parseNodeName, realClock } from '@couchestor/common/base';
import { chooseCrc32c, type Crc32c } from '@couchestor/common/coding';
import { ShardArena } from '@couchestor/common/erasure';
import { fillWithNoise } from '../erasure/stripe.ts';

const GRACE_MS = 3_600_000;

export interface StoreBench {
  readonly pool: Pool;
  readonly store: ShardStore;
  /** Where the pool is. */
  readonly folder: string;
  /** A folder beside it, for whatever is no shard. */
  readonly beside: string;
  readonly windowBytes: number;
  /** What readers move at a time, half a window, and so the peers too. */
  readonly transferBytes: number;
  readonly crc32c: Crc32c;
}

export interface WindowSizes {
  readonly windowBytes: number;
  readonly windows: number;
}

export async function withStore<Result>(
  scratch: string,
  { windowBytes, windows: count }: WindowSizes,
  work: (bench: StoreBench) => Promise<Result>,
): Promise<Result> {
  const [folder, beside] = [join(scratch, 'pool'), join(scratch, 'beside')];
  for (const made of [folder, beside]) mkdirSync(made, { recursive: true });
  await initPool(folder, { node: parseNodeName('bench'), tier: 'hot', clock: realClock });
  const pool = await Pool.open(folder, { clock: realClock });
  const { crc32c } = chooseCrc32c();
  const sizes = { windowBytes, windows: count, waiting: 1024, allocate: alignedNoise };
  const [windows, readWindows] = [new WindowPool(sizes), new WindowPool(sizes)];
  try {
    const store = await ShardStore.open(pool, { windows, readWindows, crc32c, clock: realClock, graceMs: GRACE_MS });
    try {
      return await work({ pool, store, folder, beside, windowBytes, transferBytes: windowBytes / 2, crc32c });
    } finally {
      await store.close();
    }
  } finally {
    await pool.close();
  }
}

/** A memory of its own begins at a page, as direct I/O wants it. */
export function alignedNoise(bytes: number): Uint8Array {
  const arena = new ShardArena(bytes);
  admitArena(arena);
  return fillWithNoise(arena.at({ offset: 0, length: bytes }), 1);
}
