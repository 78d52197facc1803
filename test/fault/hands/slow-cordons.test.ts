/** Two hundred cordons that take two seconds each: the lock is asked for again in time, and no look takes long. */
import { describe, expect, it } from '@jest/globals';
import { parseVolumeMigration } from '@couchestor/common/api';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { MigrationReconciler } from '@couchestor/control-plane/hands';
import { MayastorCluster } from '@couchestor/sandbox/mayastor';
import { ClusterMover } from './cluster-mover.ts';
import { InMemoryMigrations } from './in-memory-migrations.ts';

const GIB = 1024 ** 3;
const RIVALS = 200;
const CALL_MS = 2_000;
/** For which the Lease asks. */
const LOCK_MS = 300_000;
const NAME = 'volume-1-1';

async function moved({ killedAfterMs }: { readonly killedAfterMs: number }) {
  const clock = new VirtualClock();
  const cluster = new MayastorCluster({ clock, release: '2.10', seed: 1, rebuildBytesPerSecond: GIB });
  for (const name of ['hot', 'cold', ...Array.from({ length: RIVALS }, (_, index) => `rival-${index}`)]) {
    cluster.addNode({ name: `node-${name}` });
    cluster.addPool({ name, node: `node-${name}`, capacityBytes: 100 * GIB });
  }
  const volumeId = cluster.createVolume({ sizeBytes: GIB, replicaCount: 1, pools: ['hot'] });
  cluster.publish(volumeId, 'node-hot');
  const parsed = parseVolumeMigration({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name: NAME },
    spec: {
      policyRef: { name: 'policy' },
      volumeId,
      source: { tier: 'Hot', pool: 'hot', node: 'node-hot' },
      target: { tier: 'Cold', pool: 'cold', node: 'node-cold' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1, timeout: '2h' },
      reason: { code: 'Demote', message: 'It is cold.' },
    },
  });
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
  const migrations = new InMemoryMigrations(() => 'none');
  migrations.create(NAME, parsed.value.spec);
  let heldAtMs = NaN;
  let longestUnheldMs = 0;
  let isCordoned = false;
  let delayMs = 0;
  const mover = new ClusterMover({
    cluster,
    clock,
    stalenessMs: 0,
    draw: (kind) => {
      delayMs = kind === 'scale' ? 0 : CALL_MS;
      longestUnheldMs = Math.max(longestUnheldMs, clock.monotonic() - heldAtMs);
      isCordoned ||= kind === 'cordon';
      return 'none';
    },
    delayMs: () => {
      const ms = delayMs;
      delayMs = 0;
      return ms;
    },
  });
  const start = (): MigrationReconciler =>
    new MigrationReconciler({
      migrations,
      mover,
      lock: {
        acquire: async () => {
          await Promise.resolve();
          heldAtMs = clock.monotonic();
          return { kind: 'held' };
        },
        release: () => Promise.resolve(),
      },
      isPolicyGone: () => false,
      clock,
      logger: nullLogger,
    });
  let reconciler = start();
  let isKilled = false;
  let longestLookMs = 0;
  while (migrations.status(NAME)?.phase !== 'Completed') {
    const sinceMs = clock.monotonic();
    const result = await reconciler.reconcile(NAME, new AbortController().signal);
    longestLookMs = Math.max(longestLookMs, clock.monotonic() - sinceMs);
    if (!isKilled && clock.monotonic() > killedAfterMs) {
      isKilled = true;
      reconciler = start();
      await clock.advance(LOCK_MS / 3);
    }
    await clock.advance(result.kind === 'again' ? Math.max(result.afterMs, 1) : 60_000);
    if (clock.monotonic() > 10_000_000) throw new Error('It does not come round.');
  }
  const { pools } = cluster.view();
  const left = pools.filter(({ cordon }) => cordon !== undefined).map(({ name }) => name);
  return { isCordoned, left, longestLookMs, longestUnheldMs };
}

describe('a move that takes hundreds of slow cordons', () => {
  it.each([
    ['', Infinity],
    [', its process killed while it sets them', 200_000],
    [', its process killed while it lifts them', 600_000],
  ])('never steers without the lock%s', async (_, killedAfterMs) => {
    const { isCordoned, left, longestLookMs, longestUnheldMs } = await moved({ killedAfterMs });
    expect([isCordoned, left]).toEqual([true, []]);
    expect(longestUnheldMs).toBeLessThan(LOCK_MS / 2);
    expect(longestLookMs).toBeLessThan(LOCK_MS / 2);
  });
});
