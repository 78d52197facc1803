/** The operator as a process that carries out migrations: the flags, and what a person sees and may say meanwhile. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Lab } from '../control-plane/lab.ts';
import { eventually } from '../control-plane/operator-process.ts';

const GIB = 1024 ** 3;
const QUICK = ['--settle-time=1s', '--sync-poll-interval-seconds=1'];
const ENDED = /^(Completed|Aborted|Failed|Cancelled)$/;

describe('couchestor-operator', () => {
  let lab: Lab;
  let volumeId: string;

  beforeEach(async () => {
    lab = await Lab.start({ mayastor: { rebuildBytesPerSecond: 10 * GIB } });
    volumeId = lab.volume('data', 'pool-cold-1');
    lab.applyPolicy('gold');
  });
  afterEach(() => lab.stop());

  /** From cold to hot, as the operator itself would write it. */
  const create = (name: string, spec: object = {}): void =>
    lab.kube.apply([
      {
        apiVersion: 'storage.billyronks.io/v1',
        kind: 'VolumeMigration',
        metadata: { name, finalizers: ['storage.billyronks.io/migration'] },
        spec: {
          policyRef: { name: 'gold' },
          volumeId,
          source: { tier: 'Cold', pool: 'pool-cold-1', node: 'cold-1' },
          target: { tier: 'Hot', pool: 'pool-hot-2', node: 'hot-2' },
          plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
          reason: { code: 'Promote', message: 'Busy.' },
          ...spec,
        },
      },
    ]);
  const migration = (name: string) => lab.migrations().find(({ metadata }) => metadata.name === name);
  const inPhase = (name: string, phase: string) =>
    eventually(`${name} ${phase}`, () => {
      const status = migration(name)?.status;
      if (status !== undefined && status.phase !== phase && ENDED.test(status.phase)) {
        throw new Error(`${status.phase}: ${status.message ?? ''}`);
      }
      return status?.phase === phase ? status : undefined;
    });
  const saysDryRun = (name: string) => migration(name)?.status?.message?.includes('--dry-run') === true || undefined;
  const pools = () =>
    lab.cluster
      .view()
      .volumes.find((volume) => volume.volumeId === volumeId)
      ?.replicas.map(({ pool }) => pool);
  const secondsBetween = (from = '', to = ''): number => (Date.parse(to) - Date.parse(from)) / 1_000;

  it('moves a replica, leaves no cordon, and keeps the volume safe', async () => {
    create('move-1');
    await lab.operator(QUICK);
    await inPhase('move-1', 'Completed');
    expect(pools()).toEqual(['pool-hot-2']);
    expect(migration('move-1')?.status).toMatchObject({ newReplica: { pool: 'pool-hot-2' } });
    expect(migration('move-1')?.status?.cordons ?? []).toEqual([]);
    expect(lab.cluster.violations).toEqual([]);
  }, 60_000);

  // observes: --settle-time
  it('believes a new replica once it was in sync for the settle time', async () => {
    create('move-1');
    await lab.operator(['--settle-time=5s', '--sync-poll-interval-seconds=1']);
    const { phaseStartTime: verifyingSince } = await inPhase('move-1', 'Verifying');
    const { completionTime } = await inPhase('move-1', 'Completed');
    expect(secondsBetween(verifyingSince, completionTime)).toBeGreaterThanOrEqual(5);
  }, 60_000);

  // observes: --sync-poll-interval-seconds
  it('looks at a rebuild as often as it is told', async () => {
    create('move-1');
    const operator = await lab.operator(['--settle-time=1s', '--sync-poll-interval-seconds=3600']);
    await inPhase('move-1', 'Syncing');
    const isSynced = () =>
      lab.cluster.view().volumes[0]?.replicas.every(({ rebuildPercent }) => rebuildPercent === undefined);
    await eventually('the replica is in sync', () => isSynced() === true || undefined);
    expect(migration('move-1')?.status?.phase).toBe('Syncing');
    await operator.kill();
    await lab.operator(QUICK);
    await inPhase('move-1', 'Completed');
  }, 60_000);

  // observes: --dry-run
  // observes: --preservation-mode
  it('begins nothing and undoes what stands while it only looks on, and preserves what it would have removed', async () => {
    create('move-1');
    const slow = ['--settle-time=1s', '--sync-poll-interval-seconds=3600'];
    const first = await lab.operator(slow);
    await inPhase('move-1', 'Syncing');
    await first.kill();
    const preserving = await lab.operator([...QUICK, '--dry-run', '--preservation-mode']);
    const { extraReplica } = await inPhase('move-1', 'Completed');
    expect(extraReplica).toMatchObject({ pool: 'pool-cold-1' });
    expect(pools()?.toSorted()).toEqual(['pool-cold-1', 'pool-hot-2']);
    await lab.changeMigration('move-1', { cleanup: true });
    await eventually('it says that it waits', () => saysDryRun('move-1'));
    create('move-2');
    await eventually('it says that it waits', () => saysDryRun('move-2'));
    expect(migration('move-2')?.status?.phase).toBe('Pending');
    expect(pools()?.toSorted()).toEqual(['pool-cold-1', 'pool-hot-2']);
    expect(lab.cluster.view().pools.filter(({ cordon }) => cordon !== undefined)).toEqual([]);
    await preserving.kill();
    await lab.operator(QUICK);
    await eventually('the extra replica is gone', () => migration('move-1')?.status?.extraReplica?.removedTime);
  }, 60_000);

  it('goes on after kill -9, and another process takes over what it began', async () => {
    create('move-1');
    const first = await lab.operator(['--settle-time=3s', '--sync-poll-interval-seconds=1']);
    await inPhase('move-1', 'Syncing');
    await first.kill();
    await lab.operator(QUICK);
    await inPhase('move-1', 'Completed');
    expect(pools()).toEqual(['pool-hot-2']);
    expect(lab.cluster.violations).toEqual([]);
  }, 60_000);

  it('is counted before it goes when somebody deletes it, and goes with its policy', async () => {
    const manual = { approval: { mode: 'Manual' } };
    create('move-1', manual);
    await lab.operator(QUICK);
    await inPhase('move-1', 'AwaitingApproval');
    await lab.deleteMigration('move-1');
    await eventually('it is gone', () => migration('move-1') === undefined || undefined);
    expect(lab.policy('gold').status).toMatchObject({
      totals: { cancelled: 1 },
      history: [{ migration: 'move-1', message: 'Cancelled before anything was done.' }],
    });
    create('move-2', manual);
    await inPhase('move-2', 'AwaitingApproval');
    lab.remove('gold');
    await lab.deleteMigration('move-2');
    await eventually('it is gone', () => migration('move-2') === undefined || undefined);
  }, 60_000);

  it('stops when it is told to; both copies stay until they are cleaned up', async () => {
    create('move-1');
    await lab.operator(['--settle-time=10m', '--sync-poll-interval-seconds=1']);
    await inPhase('move-1', 'Verifying');
    await lab.changeMigration('move-1', { cancel: true });
    await inPhase('move-1', 'Cancelled');
    expect(migration('move-1')?.status).toMatchObject({ extraReplica: { pool: 'pool-hot-2' } });
    expect(pools()?.toSorted()).toEqual(['pool-cold-1', 'pool-hot-2']);
    await lab.changeMigration('move-1', { cleanup: true });
    await eventually('the extra replica is gone', () => migration('move-1')?.status?.extraReplica?.removedTime);
    expect(pools()).toEqual(['pool-cold-1']);
    expect(lab.cluster.violations).toEqual([]);
  }, 60_000);
});
