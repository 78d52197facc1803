import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig, parsePoolName } from '@couchestor/common/base';
import { options } from '../config.ts';
import type { Decision } from '../model/decision.ts';
import { decisionFixture } from '../model/decision.fixture.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import { fact, move, moving, ofPolicy, StarterStage } from './migration-starter.fixture.ts';
import { migrationRecord } from './migrations.fixture.ts';

const down = { healthy: false, reason: 'Timeout', message: 'No answer.' };

let stage: StarterStage;

beforeEach(() => {
  stage = new StarterStage();
});

afterEach(async () => {
  stage.stop.abort();
  await stage.running;
});

describe('what is created', () => {
  const adopting = (): Decision => {
    const adopts = { migration: 'id-a-1', replicaId: 'r-9' };
    return moving('a', { move: move({ adopts }) });
  };
  const left = { replicaId: 'r-9', pool: parsePoolName('cold-1'), otherReplicaId: 'r-1', replicaCount: 3 };
  const leaver = (isFree: boolean) =>
    fact('id-a-1', {
      phase: 'Aborted',
      completedAtMs: -60_000,
      extraReplica: true,
      leftReplica: { ...left, isPreserved: false, isFree },
    });

  it('adopts what the decision says, and adds nothing then', async () => {
    stage.facts = [leaver(true)];
    await stage.offer(stage.starter(), stage.report([adopting()]));
    expect(stage.migrations.created.map(({ metadata }) => metadata.name)).toEqual(['id-a-2']);
    expect(stage.spec()).toMatchObject({
      adopts: { migration: 'id-a-1', replicaId: 'r-9' },
      plan: { steps: ['Sync', 'Verify', 'Remove'] },
    });
  });

  it('is nothing where what it would adopt is not to be had any more, or is left by two', async () => {
    const starter = stage.starter();
    for (const facts of [[leaver(false)], [], [leaver(true), { ...leaver(true), name: 'id-a-0' }]]) {
      stage.facts = facts;
      expect(await stage.offer(starter, stage.report([adopting()]))).toEqual([]);
    }
  });

  it('says everything that the decision rests on', async () => {
    stage.policy('gold', { migrationTimeout: '2h', approval: 'Manual' });
    const decision = moving('a', {
      reason: 'Its heat is low.',
      heat: { ...decisionFixture('a', 'Demote').heat, iops: 12.345, coverage: 0.979 } as Decision['heat'],
    });
    await stage.offer(stage.starter(), stage.report([decision]));
    expect(stage.migrations.created[0]).toMatchObject({
      metadata: {
        name: 'id-a-1',
        labels: { 'storage.billyronks.io/policy': 'gold', 'storage.billyronks.io/volume': 'id-a' },
        finalizers: ['storage.billyronks.io/migration'],
        ownerReferences: [{ kind: 'StoragePolicy', name: 'gold', uid: 'uid-gold' }],
      },
    });
    expect(stage.spec()).toEqual({
      policyRef: { name: 'gold', uid: 'uid-gold', generation: 1 },
      volumeId: 'id-a',
      claim: { namespace: 'shop', name: 'claim-a' },
      source: { tier: 'Hot', pool: 'hot-1', node: 'node-1', replicaId: 'r-1' },
      target: { tier: 'Cold', pool: 'cold-1', node: 'node-2' },
      plan: {
        steps: ['Add', 'Sync', 'Verify', 'Remove'],
        replicaCount: 3,
        sizeBytes: 4_096,
        timeoutMs: 2 * 3_600_000,
      },
      reason: {
        code: 'HeatAtOrBelowLow',
        message: 'Its heat is low.',
        heatIOPS: 12.3,
        coveragePercent: 97,
        samplingWindowMs: 3_600_000,
        metric: 'volume',
        lowWatermarkIOPS: 500,
        warmWatermarkIOPS: 500,
        highWatermarkIOPS: 5_000,
        decisionTime: '2025-01-01T00:00:00Z',
      },
      approval: { mode: 'Manual', approved: false },
      cancel: false,
      cleanup: false,
      dryRun: false,
      preservationMode: false,
    });
    expect(stage.counted).toEqual(['success']);
  });

  it('removes nothing in preservation, and names no claim where there is none', async () => {
    await stage.offer(stage.starter(), stage.report([moving('a', { preservation: true, claim: undefined })]));
    expect(stage.spec()).toMatchObject({ preservationMode: true, plan: { steps: ['Add', 'Sync', 'Verify'] } });
    expect(stage.spec()).not.toHaveProperty('claim');
  });

  // observes: --migration-timeout-minutes
  it('has the time that the operator gives where the policy gives none', async () => {
    const loaded = loadConfig(options, {
      argv: ['--migration-timeout-minutes=45'],
      env: {},
      readFile: () => '',
    });
    if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded));
    const { migrationTimeoutMinutes } = loaded.config;
    await stage.offer(stage.starter({ migrationTimeoutMinutes }), stage.report([moving('a')]));
    expect(stage.spec()).toMatchObject({ plan: { timeoutMs: 45 * 60_000 }, approval: { mode: 'Automatic' } });
  });

  it('is named after the last one of the volume, of which a history, a rehearsal or an object tells', async () => {
    stage.migrations.lagging = [migrationRecord('id-a-4', { spec: { dryRun: true } })];
    stage.facts = [fact('id-a-3', { phase: 'Completed', completedAtMs: 1 }), fact('id-b-9', { phase: 'Failed' })];
    const created = await stage.offer(stage.starter(), stage.report([moving('a'), moving('b'), moving('c')]));
    expect(created).toEqual(['id-a-5', 'id-b-10', 'id-c-1']);
  });
});

describe('what is not started', () => {
  it.each<[string, Decision]>([
    ['that stays', decisionFixture('a', 'AtTarget', { move: move() })],
    ['that waits', decisionFixture('a', 'CoolingDown', { move: move() })],
    ['that is blocked', decisionFixture('a', 'NoPool')],
    ['of a dry run', moving('a', { dryRun: true })],
    ['without known heat', moving('a', { heat: { kind: 'unknown', reason: 'NoSeries', message: '' } })],
    ['without a plan', moving('a', { move: undefined })],
    ['by an earlier generation of the policy', moving('a', ofPolicy('gold', 0))],
    ['by an earlier incarnation of the policy', moving('a', { policy: { name: 'gold', uid: 'old', generation: 1 } })],
    ['by a policy that is gone', moving('a', ofPolicy('gone'))],
  ])('a volume %s', async (_what, decision) => {
    expect(await stage.offer(stage.starter(), stage.report([decision]))).toEqual([]);
  });

  it.each([{ enabled: false }, { dryRun: true }, { highWatermarkIOPS: -1 }])(
    'anything of a policy that has become %j',
    async (changes) => {
      stage.policy('gold', changes);
      expect(await stage.offer(stage.starter(), stage.report([moving('a')]))).toEqual([]);
    },
  );

  it.each<[string, Partial<PlanningReport>]>([
    ['Kubernetes', { kubernetes: down }],
    ['the storage system', { storage: down }],
    ['the telemetry of the policy', { telemetryOf: new Map([['gold', down]]) }],
    ['any telemetry', { telemetryOf: new Map() }],
    ['any decision', { decisions: undefined }],
  ])('anything without %s', async (_what, changes) => {
    expect(await stage.offer(stage.starter(), stage.report([moving('a')], changes))).toEqual([]);
  });

  it('anything while a cache is refused', async () => {
    const subject = stage.starter();
    stage.migrations.isRefused = true;
    expect(await stage.offer(subject, stage.report([moving('a')]))).toEqual([]);
    stage.migrations.isRefused = false;
    stage.policies.set('gold', { kind: 'refused', message: 'Not now.' });
    expect(await stage.offer(subject, stage.report([moving('a')]))).toEqual([]);
    stage.policy('gold');
    expect(await stage.offer(subject, stage.report([moving('a')]))).toEqual(['id-a-1']);
  });

  it('anything of another who leads, or by an operator that is a dry run', async () => {
    expect(await stage.offer(stage.starter({ dryRun: true }), stage.report([moving('a')]))).toEqual([]);
    stage.isLeader = false;
    expect(await stage.offer(stage.starter(), stage.report([moving('a')]))).toEqual([]);
  });

  it('anything of a round that began long ago', async () => {
    const waiting = stage.starter();
    stage.stop.abort();
    await stage.running;
    stage.stop = new AbortController();
    waiting.offer(stage.report([moving('a')], { durationMs: 60_000 }));
    await stage.clock.advance(60_001);
    stage.running = waiting.run(stage.stop.signal);
    await stage.clock.advance(0);
    expect(stage.migrations.created).toEqual([]);
    expect(await stage.offer(waiting, stage.report([moving('a')], { durationMs: 120_000 }))).toEqual(['id-a-1']);
    expect(await stage.offer(waiting, stage.report([moving('b')], { durationMs: 120_001 }))).toEqual([]);
  });

  it('a volume that is being moved, has an extra replica, or was moved since the round began', async () => {
    const startedAtMs = stage.clock.now();
    stage.facts = [
      fact('id-a-1', { phase: 'AwaitingApproval' }),
      fact('id-b-1', { phase: 'Aborted', extraReplica: true, completedAtMs: 1 }),
      fact('id-c-1', { phase: 'Completed', completedAtMs: Math.floor(startedAtMs / 1_000) * 1_000 }),
      fact('id-d-1', { phase: 'Completed', completedAtMs: startedAtMs - 5_000 }),
    ];
    const decisions = ['a', 'b', 'c', 'd'].map((name) => moving(name));
    expect(await stage.offer(stage.starter(), stage.report(decisions, { startedAtMs }))).toEqual(['id-d-2']);
  });
});
