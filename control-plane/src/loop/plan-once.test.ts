import { beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, InvariantError, parseNodeName, parseVolumeId } from '@couchestor/common/base';
import type { MigrationFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import { decisionFixture } from '../model/decision.fixture.ts';
import { planOnce } from './plan-once.ts';
import { NO_STORAGE } from '../model/storage.fixture.ts';
import { PlanningStage, policyRecord } from './planning.fixture.ts';

const HOUR_MS = 3_600_000;
let stage: PlanningStage;
let stop: AbortController;

beforeEach(() => {
  stage = new PlanningStage();
  stop = new AbortController();
});

const plan = () => planOnce(stage.parts(), 1, stop.signal);
const publishedVolume: VolumeFacts = {
  volumeId: parseVolumeId('v'),
  sizeBytes: 1,
  replicaCount: 1,
  specStatus: 'Created',
  busy: false,
  status: 'Online',
  target: { node: parseNodeName('a'), status: 'Online', rebuildCount: 0, childCount: 1 },
  replicas: [],
  thin: false,
  snapshotCount: 0,
  affinityGroup: undefined,
  topology: { poolInclusion: {}, poolExclusion: {}, nodeInclusion: {}, nodeExclusion: {}, allowedNodes: undefined },
};

describe('planOnce', () => {
  it('reads each window once, however many policies ask for it, and hands it to the decision', async () => {
    const policies = [
      policyRecord('a', { samplingWindow: '1h' }),
      policyRecord('b', { samplingWindow: '1h' }),
      policyRecord('c', { samplingWindow: '2h' }),
    ];
    stage.policies = { kind: 'ok', policies };
    const report = await plan();
    expect(stage.windows).toEqual([HOUR_MS, 2 * HOUR_MS]);
    const [input] = stage.decided;
    expect(input?.policies.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(input?.heat(2 * HOUR_MS)).toMatchObject({ kind: 'read', windowMs: 2 * HOUR_MS });
    expect(input?.heat(5)).toMatchObject({ kind: 'unavailable', reason: 'NotRead' });
    expect([...report.generations]).toEqual([
      ['uid-a', 1],
      ['uid-b', 1],
      ['uid-c', 1],
    ]);
    expect(stage.heatResults).toEqual(['success', 'success']);
  });

  it('tells the decision which policies are not accepted, and leaves out those it cannot read', async () => {
    const never = [{ schedule: '0 0 31 2 *', duration: '1h' }];
    const policies = [policyRecord('fine'), policyRecord('never', { maintenanceWindows: never })];
    stage.policies = { kind: 'ok', policies: [...policies, policyRecord('broken', { lowWatermarkIOPS: -1 })] };
    const report = await plan();
    expect(stage.decided[0]?.policies.map(({ name, accepted }) => [name, accepted])).toEqual([
      ['fine', true],
      ['never', false],
    ]);
    expect(stage.decided[0]?.policies[0]?.createdAtMs).toBe(Date.UTC(2024, 4, 1));
    expect(report.policyNames).toEqual(['fine', 'never', 'broken']);
  });

  it('decides nothing when the storage system does not answer, and says why', async () => {
    const fields = { remedy: 'check --mayastor-url' };
    stage.observe = () => Promise.reject(new CoucheStorError('unavailable', 'Connection refused', { fields }));
    const report = await plan();
    expect(report).toMatchObject({
      decisions: undefined,
      storage: { healthy: false, reason: 'Unavailable', message: 'Connection refused; check --mayastor-url.' },
      telemetry: { healthy: true },
    });
    expect(stage.decided).toEqual([]);
  });

  it('waits for nothing longer than its bound, also for what does not listen to its signal', async () => {
    const deaf = () => new Promise<never>(() => undefined);
    Object.assign(stage, { observe: deaf, read: deaf });
    const planned = plan();
    await stage.clock.advance(30_000);
    const report = await planned;
    expect(report.storage).toMatchObject({ healthy: false, reason: 'Timeout' });
    expect(report.telemetry).toMatchObject({ healthy: false, reason: 'Timeout' });
    expect([report.durationMs, stage.clock.pendingTimerCount]).toEqual([30_000, 0]);
    expect(stage.heatResults).toEqual(['failure']);
  });

  it('does not wait for one window after the other when none is answered', async () => {
    const policies = Array.from({ length: 9 }, (_, n) => policyRecord(`p${n}`, { samplingWindow: `${n + 1}h` }));
    stage.policies = { kind: 'ok', policies };
    stage.read = () => new Promise<never>(() => undefined);
    const planned = plan();
    await stage.clock.advance(30_000);
    expect((await planned).telemetry).toMatchObject({ reason: 'Timeout' });
    expect(stage.decided[0]?.heat(9 * HOUR_MS)).toMatchObject({ kind: 'unavailable', reason: 'NotRead' });
  });

  it.each(['policies', 'objects'] as const)('decides nothing on %s whose cache may not be relied on', async (part) => {
    stage[part] = { kind: 'refused', message: 'A list is suspect.' };
    const report = await plan();
    expect(report).toMatchObject({
      decisions: undefined,
      kubernetes: { healthy: false, reason: 'CacheNotReady', message: 'A list is suspect.' },
      storage: { healthy: true },
    });
    expect(stage.decided).toEqual([]);
  });

  it('decides without heat when telemetry is down, and names the reason', async () => {
    stage.read = (windowMs) =>
      Promise.resolve({ kind: 'unavailable', windowMs, reason: 'BadAnswer', message: 'garbage', readAtMs: 0 });
    stage.decisions = [decisionFixture('a', 'HeatUnknown')];
    const report = await plan();
    expect(report.telemetry).toEqual({ healthy: false, reason: 'BadAnswer', message: 'garbage' });
    expect(report.decisions).toHaveLength(1);
    stage.read = () => Promise.reject(new Error('a bug'));
    expect((await plan()).telemetry).toMatchObject({ healthy: false, reason: 'Internal' });
  });

  it('calls telemetry that knows no series unready only while watched volumes are published', async () => {
    stage.read = (windowMs) =>
      Promise.resolve({ kind: 'read', windowMs, family: undefined, byVolumeName: new Map(), readAtMs: 0 });
    stage.decisions = [decisionFixture('v', 'HeatUnknown', { volumeId: publishedVolume.volumeId })];
    const observed = (volume: VolumeFacts) => () => Promise.resolve({ ...NO_STORAGE, volumes: [volume] });
    stage.observe = observed({ ...publishedVolume, target: undefined });
    expect((await plan()).telemetry.healthy).toBe(true);
    stage.observe = observed(publishedVolume);
    expect((await plan()).telemetry).toMatchObject({ healthy: false, reason: 'NoData' });
    stage.decisions = [];
    expect((await plan()).telemetry.healthy).toBe(true);
  });

  it('tells of each policy whether the window that it asks for was read', async () => {
    const policies = [policyRecord('short', { samplingWindow: '1h' }), policyRecord('long', { samplingWindow: '30d' })];
    stage.policies = { kind: 'ok', policies };
    const { read } = stage;
    stage.read = (windowMs, signal) =>
      windowMs === HOUR_MS
        ? read(windowMs, signal)
        : Promise.resolve({ kind: 'unavailable', windowMs, reason: 'TooManySamples', message: 'No.', readAtMs: 0 });
    const { telemetry, telemetryOf } = await plan();
    expect(telemetry).toMatchObject({ healthy: false, reason: 'TooManySamples' });
    expect([...telemetryOf].map(([name, { healthy }]) => [name, healthy])).toEqual([
      ['short', true],
      ['long', false],
    ]);
  });

  it('asks telemetry also when no policy does, to know whether it answers', async () => {
    stage.policies = { kind: 'ok', policies: [] };
    await plan();
    expect(stage.windows).toEqual([HOUR_MS]);
  });

  it('does not let a volume of unknown heat move, whoever decided so', async () => {
    const heat = { kind: 'unknown', reason: 'NoSeries', message: 'x' } as const;
    stage.decisions = [decisionFixture('a', 'Demote', { heat })];
    await expect(plan()).rejects.toBeInstanceOf(InvariantError);
  });

  it('counts the migrations that have not ended, by policy', async () => {
    const migration = (phase: MigrationFacts['phase'], policy: string): MigrationFacts => ({
      name: 'm',
      volumeId: parseVolumeId('v'),
      policy,
      phase,
      from: 'Hot',
      to: 'Cold',
      targetPool: undefined,
      startedAtMs: undefined,
      completedAtMs: undefined,
      extraReplica: false,
    });
    const migrations = [
      migration('Syncing', 'gold'),
      migration('AwaitingApproval', 'gold'),
      { ...migration('Completed', 'gold'), extraReplica: true },
      migration('Adding', 'silver'),
    ];
    stage.objects = { kind: 'ok', claims: [], nodeLabels: new Map(), migrations };
    const report = await plan();
    expect(Object.fromEntries(report.activeMigrations)).toEqual({ gold: 2, silver: 1 });
    expect(Object.fromEntries(report.awaitingApproval)).toEqual({ gold: 1 });
    expect(report.extraReplicaCount).toBe(1);
  });

  it('ends when told to', async () => {
    stage.observe = () => new Promise<never>(() => undefined);
    const planned = plan();
    stop.abort();
    await expect(planned).rejects.toMatchObject({ code: 'cancelled' });
    expect(stage.clock.pendingTimerCount).toBe(0);
  });
});
