/** Ten migrations that begin at once, on a queue with workers and a virtual clock: how promptly and how cheaply the lock goes round. */
import { describe, expect, it } from '@jest/globals';
import { migrationName, parseVolumeMigration } from '@couchestor/common/api';
import { nullLogger, parseVolumeId, VirtualClock } from '@couchestor/common/base';
import { MigrationReconciler, type MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import { runController, WorkQueue } from '@couchestor/control-plane/loop';
import { MayastorCluster } from '@couchestor/sandbox/mayastor';
import { ClusterMover } from './cluster-mover.ts';
import { InMemoryMigrations } from './in-memory-migrations.ts';

const GIB = 1024 ** 3;
const COUNT = 10;
/** Of a call to Mayastor. */
const CALL_MS = 20;

/** A lock that counts what a Lease would cost. */
class CountingLock {
  holder = '';
  reads = 0;
  writes = 0;
  /** By another migration than the one before. */
  readonly takings: { readonly by: string; readonly atMs: number }[] = [];
  readonly releases: number[] = [];
  readonly #clock: VirtualClock;
  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  readonly port: MigrationReconcilerOptions['lock'] = {
    acquire: async (holder) => {
      this.reads += 1;
      await Promise.resolve();
      if (this.holder !== '' && this.holder !== holder) return { kind: 'taken', by: this.holder };
      this.writes += 1;
      if (this.holder === '') this.takings.push({ by: holder, atMs: this.#clock.monotonic() });
      this.holder = holder;
      return { kind: 'held' };
    },
    release: async (holder) => {
      this.reads += 1;
      await Promise.resolve();
      if (this.holder !== holder) return;
      this.writes += 1;
      this.holder = '';
      this.releases.push(this.#clock.monotonic());
    },
  };
}

async function moveAll({ wakes }: { readonly wakes: boolean }) {
  const clock = new VirtualClock();
  const cluster = new MayastorCluster({ clock, release: '2.10', seed: 1, rebuildBytesPerSecond: GIB });
  for (const name of ['hot', 'cold', 'more', 'app']) {
    cluster.addNode({ name: `node-${name}` });
    if (name !== 'app') cluster.addPool({ name, node: `node-${name}`, capacityBytes: 900 * GIB });
  }
  const migrations = new InMemoryMigrations(() => 'none');
  const queue = new WorkQueue({ clock });
  const lock = new CountingLock(clock);
  const reconciler = new MigrationReconciler({
    migrations,
    mover: new ClusterMover({ cluster, clock, stalenessMs: 0, draw: () => 'none', delayMs: () => CALL_MS }),
    lock: lock.port,
    isPolicyGone: () => false,
    clock,
    logger: nullLogger,
    ...(wakes ? { wake: (name: string) => void queue.add(name) } : {}),
  });
  const names = Array.from({ length: COUNT }, () => {
    const volumeId = cluster.createVolume({ sizeBytes: GIB, replicaCount: 1, pools: ['hot'] });
    cluster.publish(volumeId, 'node-app');
    const parsed = parseVolumeMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name: 'm' },
      spec: {
        policyRef: { name: 'policy' },
        volumeId,
        source: { tier: 'Hot', pool: 'hot', node: 'node-hot' },
        target: { tier: 'Cold', pool: 'cold', node: 'node-cold' },
        plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
        reason: { code: 'Demote', message: 'It is cold.' },
      },
    });
    if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
    const name = migrationName(parseVolumeId(volumeId), 1);
    migrations.create(name, parsed.value.spec);
    return name;
  });
  migrations.onChange = (name) => void queue.add(name);
  const stop = new AbortController();
  const subscribe = (changed: (name: string) => Promise<void>) => {
    for (const name of names) void changed(name);
    return () => undefined;
  };
  const running = runController(
    { queue, reconciler, subscribe, workers: 8, resyncMs: 600_000, clock, logger: nullLogger },
    stop.signal,
  );
  while (names.some((name) => ['Pending', 'Adding'].includes(migrations.status(name)?.phase ?? 'Pending'))) {
    await clock.advance(100);
    if (clock.monotonic() > 600_000) throw new Error('they do not come round');
  }
  const [addedMs, cost] = [clock.monotonic(), { reads: lock.reads, writes: lock.writes }];
  while (!names.every((name) => migrations.status(name)?.phase === 'Completed')) {
    await clock.advance(1_000);
    if (clock.monotonic() > 3_600_000) throw new Error('they do not complete');
  }
  stop.abort();
  await running;
  const lostMs = lock.takings.slice(1).map(({ atMs }, index) => atMs - (lock.releases[index] ?? Infinity));
  return { addedMs, cost, lostMs: lostMs.slice(0, COUNT - 1), lock, cluster };
}

describe('ten migrations that begin at once', () => {
  it('hand the lock on without a pause, and one at a time writes the lease', async () => {
    const { lostMs, addedMs, cost, lock, cluster } = await moveAll({ wakes: true });
    expect(Math.max(...lostMs)).toBeLessThanOrEqual(1_000);
    expect(lostMs.reduce((sum, ms) => sum + ms, 0) / lostMs.length).toBeLessThan(300);
    // A placement takes about two seconds, most of it until the new replica is seen.
    expect(addedMs).toBeLessThan(COUNT * 3_000);
    // Taken, taken again at each step under it, and given back.
    expect(cost.writes).toBeLessThanOrEqual(COUNT * 4);
    expect(cost.reads).toBeLessThanOrEqual(cost.writes + 2 * (addedMs / 1_000) + COUNT);
    expect(lock.holder).toBe('');
    expect(cluster.violations).toEqual([]);
  });

  it('do so later, and no less, where nobody wakes them', async () => {
    const { lostMs, cluster } = await moveAll({ wakes: false });
    expect(Math.max(...lostMs)).toBeLessThanOrEqual(11_000);
    expect(cluster.violations).toEqual([]);
  });
});
