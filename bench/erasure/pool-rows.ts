/** The pool: what a second thread adds, and how long an event loop is kept waiting while stripes are encoded beside it, or on it. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { nullLogger } from '@couchestor/common/base';
import { CodingPool, PooledCodec } from '@couchestor/common/coding';
import { createScheme, ErasureCodec, type ErasureEngine, type ShardArena } from '@couchestor/common/erasure';
import type { Row } from '../row.ts';
import { rateOf } from './samples.ts';
import { sizeOf, Stripe } from './stripe.ts';

export interface PoolSizes {
  readonly shardBytes: number;
  readonly largeShardBytes: number;
  /** Of one window of encoding; the best of the windows is taken. */
  readonly windowMs: number;
  readonly windows: number;
  readonly delayMs: number;
}

const scheme = createScheme({ kind: 'reedSolomon', dataShards: 10, parityShards: 4 });

/** As many stripes as keep two threads busy and fit in a last-level cache. */
const IN_FLIGHT = 2;

export async function poolRows(arena: ShardArena, engines: readonly ErasureEngine[], sizes: PoolSizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const engine of engines) {
    rows.push(...(await threadRows(arena, engine, sizes)), await delayRow(arena, engine, sizes));
  }
  return rows;
}

async function threadRows(arena: ShardArena, { name }: ErasureEngine, sizes: PoolSizes): Promise<Row[]> {
  const stripes = Array.from({ length: IN_FLIGHT }, () => new Stripe(scheme, sizes.shardBytes, arena));
  const pools = await Promise.all([1, 2].map((threads) => startPool(arena, name, threads)));
  const rates = pools.map(() => 0);
  for (let window = 0; window < sizes.windows; window += 1) {
    for (const [index, pool] of pools.entries()) {
      rates[index] = Math.max(rates[index] ?? 0, await encodingRate(pool, stripes, sizes.windowMs));
    }
  }
  await Promise.all(pools.map((pool) => pool.close()));
  for (const stripe of stripes) stripe.release();
  const [one = NaN, two = NaN] = rates;
  const shape = `pool encode ${scheme.name} x ${sizeOf(sizes.shardBytes)}`;
  const row = { area: 'erasure', subject: name };
  return [
    { ...row, shape: `${shape}, 2 threads`, value: two, unit: 'MB/s', peers: { '1 thread': one } },
    { ...row, shape: `${shape}, 2 threads to 1`, value: two / one, unit: 'x', peers: {} },
  ];
}

function startPool(arena: ShardArena, engine: ErasureEngine['name'], threads: number): Promise<CodingPool> {
  return CodingPool.start({ threads, arena, engine, logger: nullLogger });
}

async function encodingRate(pool: CodingPool, stripes: readonly Stripe[], windowMs: number): Promise<number> {
  const codec = new PooledCodec(scheme, pool);
  const started = performance.now();
  let bytes = 0;
  await Promise.all(
    stripes.map(async ({ data, parity, shardBytes }) => {
      while (performance.now() - started < windowMs) {
        await codec.encode(data, parity);
        bytes += data.length * shardBytes;
      }
    }),
  );
  return rateOf(bytes, (performance.now() - started) * 1e6);
}

async function delayRow(arena: ShardArena, engine: ErasureEngine, sizes: PoolSizes): Promise<Row> {
  const { largeShardBytes, delayMs } = sizes;
  const stripe = new Stripe(scheme, largeShardBytes, arena);
  const { data, parity } = stripe;
  const pool = await startPool(arena, engine.name, 1);
  const pooled = new PooledCodec(scheme, pool);
  const codec = new ErasureCodec(scheme, engine);
  const idle = await delayP99Ms(delayMs, () => sleep(delayMs));
  const inPool = await delayP99Ms(delayMs, () => pooled.encode(data, parity));
  const onLoop = await delayP99Ms(delayMs, () => {
    codec.encode(data, parity);
    return nextTurn();
  });
  await pool.close();
  stripe.release();
  return {
    area: 'erasure',
    shape: `event-loop delay p99, encode ${scheme.name} x ${sizeOf(largeShardBytes)} in the pool`,
    subject: engine.name,
    value: inPool,
    unit: 'ms',
    peers: { 'on the loop': onLoop, idle },
  };
}

/** The timer that watches fires every millisecond, which is part of the figure. */
async function delayP99Ms(durationMs: number, work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  do await work();
  while (performance.now() - started < durationMs);
  delay.disable();
  return delay.percentile(99) / 1e6;
}
