/** Mistakes that systems of this kind have made, each as a test on the whole chain; the names say what holds instead. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { FakeHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { Chain, type ChainOptions, type Decided } from './chain.ts';
import { GIB, Surroundings, type VolumeFields } from './surroundings.ts';

const HOUR_MS = 3_600_000;
const PAST = ['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing', 'Completed'];

let clock: VirtualClock;
let around: Surroundings;
let heat: FakeHeatSource;
let chain: Chain;

beforeEach(async () => {
  clock = new VirtualClock(Date.UTC(2026, 1, 17, 12));
  around = await Surroundings.start({ clock });
  heat = new FakeHeatSource({ clock, cacheTtlMs: 0 });
  chain = new Chain(around, { heat }).follow();
});

afterEach(async () => {
  await chain?.stop();
  await around?.stop();
});

/** As a kill and a start: all that was in memory is gone. */
async function restart(options: Partial<ChainOptions> = {}): Promise<void> {
  await chain.stop();
  chain = new Chain(around, { heat, ...options }).follow();
}

function volume(iops: number, fields: VolumeFields): string {
  const volumeId = around.volume(fields);
  heat.set(`pvc-${volumeId}`, iops);
  return volumeId;
}

it('2. An IOPS band that matched no branch: every heat has exactly one decision', async () => {
  around.addPool('warm-1');
  const expected = new Map<number, string>([
    [0, 'Cold HeatAtOrBelowLow'],
    [100, 'Cold HeatAtOrBelowLow'],
    [100.5, 'stay'],
    [199.5, 'stay'],
    [200, 'Warm HeatFromWarmToHigh'],
    [999.5, 'Warm HeatFromWarmToHigh'],
    [1_000, 'Hot HeatAtOrAboveHigh'],
    [1e9, 'Hot HeatAtOrAboveHigh'],
  ]);
  const volumes = [...expected.keys()].flatMap((iops) =>
    ['hot-1', 'warm-1', 'cold-1'].map((pool) => ({ iops, volumeId: volume(iops, { pools: [pool] }) })),
  );
  around.policy('gold', { warmWatermarkIOPS: 200, warmPoolSelector: { matchLabels: { tier: 'warm' } } });
  const { status } = await chain.round('gold');
  const told = chain.report?.decisions?.map(({ volumeId, wanted, code }) => {
    return { volumeId, wanted: wanted === undefined ? 'stay' : `${wanted.tier} ${wanted.reason}`, code };
  });
  expect(told).toHaveLength(volumes.length);
  for (const { volumeId, iops } of volumes) {
    const all = told?.filter((decision) => decision.volumeId === volumeId);
    expect({ iops, all }).toMatchObject({ all: [{ wanted: expected.get(iops) }] });
  }
  const counts = Object.values(status?.decisionCounts ?? {}) as number[];
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(volumes.length);
});

it('3. A cooldown that was read and never written: it survives a restart, and the object that tells of it', async () => {
  const volumeId = volume(0, { pools: ['hot-1'] });
  around.policy('gold', { cooldownPeriod: '24h' });
  await chain.round('gold');
  expect(chain.decision(volumeId).code).toBe('Demote');
  await around.migration('gold-1', { policy: 'gold', volumeId, from: 'Cold', to: 'Hot' }, PAST);
  const completedMs = clock.now();
  await chain.round('gold');
  expect(chain.decision(volumeId)).toMatchObject({ code: 'CoolingDown' });
  await restart();
  await chain.round('gold');
  const rest = { code: 'CoolingDown', earliestChangeMs: completedMs + 24 * HOUR_MS };
  expect(chain.decision(volumeId)).toMatchObject(rest);

  const completionTime = new Date(completedMs).toISOString();
  const record = { migration: 'gold-1', volumeId, from: 'Cold', to: 'Hot', outcome: 'Completed', completionTime };
  await around.patchStatus('storagepolicies', 'gold', { history: [record] });
  await around.remove('volumemigrations', 'gold-1');
  await restart();
  await chain.round('gold');
  expect(chain.decision(volumeId)).toMatchObject(rest);
  clock.stepWall(24 * HOUR_MS);
  await chain.round('gold');
  expect(chain.decision(volumeId).code).toBe('Demote');
});

it('6. A status rewritten from defaults: totals and history outlive edits, outages and restarts', async () => {
  const volumeId = volume(0, { pools: ['hot-1'] });
  around.policy('gold');
  const first = await chain.round('gold');
  expect(first.status?.observedGeneration).toBe(1);
  const totals = { succeeded: 7, failed: 2, aborted: 1, cancelled: 0 };
  const completionTime = '2026-01-01T00:00:00Z';
  const record = { migration: 'old', volumeId, from: 'Hot', to: 'Cold', outcome: 'Completed', completionTime };
  await around.patchStatus('storagepolicies', 'gold', { totals, history: [record] });
  const expectKept = async (observedGeneration: number, decisionCounts: object): Promise<void> => {
    const { status } = await chain.round('gold');
    expect(status).toMatchObject({ observedGeneration, totals, history: [record], decisionCounts });
  };

  around.policy('gold', { cooldownPeriod: '1h' });
  await expectKept(2, { move: 1, stay: 0 });
  volume(5_000, { pools: ['hot-1'] });
  await expectKept(2, { move: 1, stay: 1 });
  heat.fail();
  await expectKept(2, { move: 0, stay: 2 });
  heat.answer();
  await restart();
  around.policy('gold', { cooldownPeriod: '2h' });
  await expectKept(3, { move: 1, stay: 1 });
});

it('7. A migration awaited in the reconcile: nothing waits for it, and what is in flight is known after a restart', async () => {
  const volumeId = volume(0, { pools: ['hot-1'] });
  const other = volume(0, { pools: ['hot-2'] });
  around.policy('gold');
  await around.migration('gold-1', { policy: 'gold', volumeId, from: 'Hot', to: 'Cold' }, PAST.slice(0, 3));
  for (const settings of [{}, { maxConcurrentMigrations: 1 }]) {
    await restart({ settings });
    const { status } = await chain.round('gold');
    expect(status).toMatchObject({ activeMigrations: 1 });
    expect(chain.decision(volumeId)).toMatchObject({ outcome: 'Wait', code: 'Migrating' });
    expect(chain.decision(other).code).toBe(Object.keys(settings).length === 0 ? 'Demote' : 'OperatorLimit');
  }
});

it.each(['the storage system', 'Prometheus'])(
  '7. A round that hangs on %s holds up no status for longer than its deadline, and forgets nothing',
  async (what) => {
    const isStorage = what === 'the storage system';
    let hangs = false;
    const forever = new Promise<never>(() => undefined);
    await restart({ heat: { read: (windowMs, signal) => (hangs ? forever : heat.read(windowMs, signal)) } });
    const volumeId = volume(0, { pools: ['hot-1'] });
    around.policy('gold');
    const before = await chain.round('gold');
    expect(before.status?.decisionCounts).toMatchObject({ move: 1 });

    if (isStorage) around.cluster.faults.add({ effect: { kind: 'hang' } });
    else hangs = true;
    await clock.advance(10_000);
    const startMs = clock.monotonic();
    let isOver = false;
    const reconciled = chain.reconcile('gold').finally(() => (isOver = true));
    while (!isOver && clock.monotonic() - startMs < 600_000) {
      await clock.advance(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reconciled;
    expect(clock.monotonic() - startMs).toBeLessThan(40_000);
    const { status } = around.stored('gold');
    const type = isStorage ? 'StorageHealthy' : 'TelemetryHealthy';
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type, status: 'False', reason: 'Timeout' }));
    // What is not known is not decided anew; unknown heat is decided about: nothing moves.
    expect(status?.decisionCounts).toMatchObject({ move: isStorage ? 1 : 0 });
    expect(chain.report?.decisions?.find((decision) => decision.volumeId === volumeId)?.outcome).toBe(
      isStorage ? undefined : 'Stay',
    );
  },
);

/** Carries out a planned move on the stand-in by the steps of a migration, as an administrator would. */
async function carryOut({ volumeId, move }: Decided, replicaCount: number): Promise<void> {
  if (move === undefined) throw new Error('nothing is planned');
  const { cluster } = around;
  const others = cluster.view().nodes.filter(({ name }) => name !== move.target.node);
  const cordon = (name: string): unknown => cluster.infrastructure.cordonNode(name, 'move');
  const uncordon = (name: string): unknown => cluster.infrastructure.uncordonNode(name, 'move');
  const ask = (count: number): unknown =>
    cluster.request('replica count', () => cluster.volumes.setReplicaCount(volumeId, count));
  for (const { name } of others) cordon(name);
  ask(replicaCount + 1);
  for (const { name } of others) uncordon(name);
  await clock.advance(HOUR_MS);
  if (move.removal === 'ByCordon') cordon(move.source.node);
  ask(replicaCount);
  if (move.removal === 'ByCordon') uncordon(move.source.node);
}

it('8. Scale-down removed whichever replica: carried out as planned, it is the one that the plan names', async () => {
  around.addPool('cold-3');
  const volumes = [
    { pools: ['hot-1'], node: 'hot-1' },
    { pools: ['hot-1'], node: 'cold-2' },
    { pools: ['hot-2', 'cold-1'], node: 'hot-2' },
    { pools: ['hot-1', 'cold-1'], node: 'cold-1' },
    { pools: ['cold-1', 'hot-2', 'cold-2'], node: 'cold-2' },
  ].map((fields) => ({ ...fields, volumeId: volume(0, fields) }));
  around.policy('gold', { maxConcurrentMigrations: 100 });
  await chain.round('gold');
  const removals = new Set<string | undefined>();
  for (const { volumeId, pools } of volumes) {
    const decision = chain.decision(volumeId);
    expect(decision).toMatchObject({ outcome: 'Move', move: { source: { tier: 'Hot' }, target: { tier: 'Cold' } } });
    removals.add(decision.move?.removal);
    await carryOut(decision, pools.length);
    const now = around.cluster.view().volumes.find((view) => view.volumeId === volumeId)?.replicas;
    const expected = [...pools.filter((pool) => pool !== decision.move?.source.pool), decision.move?.target.pool];
    expect(now?.map(({ pool }) => pool).sort()).toEqual(expected.sort());
  }
  expect(removals).toContain('ByCordon');
  expect(around.cluster.violations).toEqual([]);
});

it('8. An extra replica left behind for ever: it blocks the next move and is told of until it is gone', async () => {
  const preserved = volume(0, { pools: ['hot-1'] });
  const timedOut = volume(0, { pools: ['hot-2'] });
  around.policy('gold');
  const route = { policy: 'gold', from: 'Cold', to: 'Hot' };
  const phases = PAST.filter((phase) => phase !== 'Removing');
  await around.migration('gold-1', { ...route, volumeId: preserved }, phases, { preserved: true });
  await around.migration('gold-2', { ...route, volumeId: timedOut }, PAST.slice(0, 3));
  const completionTime = new Date(clock.now()).toISOString();
  const extraReplica = { replicaId: 'r', pool: 'cold-1', node: 'cold-1', recordedTime: completionTime };
  const failed = { phase: 'Failed', completionTime, extraReplica };
  await around.patchStatus('volumemigrations', 'gold-2', failed);
  const { status } = await chain.round('gold');
  expect(status?.decisionCounts).toEqual({ move: 0, wait: 0, blocked: 2, stay: 0 });
  for (const volumeId of [preserved, timedOut]) {
    expect(chain.decision(volumeId)).toMatchObject({ outcome: 'Blocked', code: 'ExtraReplica' });
    expect(chain.decision(volumeId).remedies.join()).toMatch(/both copies/);
  }
  await around.patchStatus('volumemigrations', 'gold-2', { extraReplica: { removedTime: completionTime } });
  await chain.round('gold');
  expect(chain.decision(timedOut).code).toBe('BackingOff');
});

it('9. The first pool that matched: the target has room, is quiet, and is on a node without another replica', async () => {
  around.addPool('cold-0', { capacityBytes: 8 * GIB });
  around.addPool('cold-8', { node: 'cold-3' });
  around.addPool('cold-9', { node: 'cold-9' });
  // cold-1 is on a node of the volume; cold-2 is busy; cold-8 shares its node with a replica.
  for (const node of ['hot-1', 'hot-2']) volume(900, { pools: ['cold-2'], node });
  const moving = volume(0, { pools: ['hot-1', 'cold-1'], sizeBytes: 10 * GIB, node: 'hot-1' });
  around.policy('gold');
  await chain.round('gold');
  const { move, candidates } = chain.decision(moving);
  expect(move?.target).toMatchObject({ pool: expect.stringMatching(/^cold-[89]$/) });
  const verdict = (pool: string) => candidates.find((candidate) => candidate.pool === pool)?.verdict;
  expect(verdict('cold-0')).toMatchObject({ kind: 'rejected', reason: expect.stringMatching(/\d/) });
  expect(verdict('cold-1')).toMatchObject({ kind: 'rejected' });
  const [busy, quiet] = [verdict('cold-2'), verdict('cold-9')];
  if (busy?.kind !== 'eligible' || quiet === undefined || quiet.kind === 'rejected')
    throw new Error('both can take it');
  expect(busy.score).toBeLessThan(quiet.score);
});
