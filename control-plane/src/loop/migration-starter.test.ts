import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseVolumeMigration, type VolumeMigrationSpec } from '@couchestor/common/api';
import {
  CoucheStorError,
  InvariantError,
  loadConfig,
  nullLogger,
  parseNodeName,
  parsePoolName,
  parseVolumeId,
  VirtualClock,
} from '@couchestor/common/base';
import { options } from '../config.ts';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { Decision, PlannedMove } from '../model/decision.ts';
import { decisionFixture, READY, reportFixture } from '../model/decision.fixture.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { StoragePolicyLookup } from '../ports/storage-policies.ts';
import { MigrationStarter, type MigrationStarterOptions } from './migration-starter.ts';
import { FakeVolumeMigrations, migrationRecord } from './migrations.fixture.ts';
import { policyRecord } from './planning.fixture.ts';

const down = { healthy: false, reason: 'Timeout', message: 'No answer.' };

let clock: VirtualClock;
let migrations: FakeVolumeMigrations;
/** What the cache knows of migrations, histories included. */
let facts: MigrationFacts[];
let policies: Map<string, StoragePolicyLookup>;
let isLeader: boolean;
let counted: string[];
let stop: AbortController;
let running: Promise<void>;

const place = (pool: string, node: string) => ({ pool: parsePoolName(pool), node: parseNodeName(node) });
const move = (changes: Partial<PlannedMove> = {}): PlannedMove => ({
  source: { tier: 'Hot', ...place('hot-1', 'node-1'), replicaId: 'r-1' },
  target: { tier: 'Cold', ...place('cold-1', 'node-2') },
  removal: 'ByCordon',
  replicaCount: 3,
  sizeBytes: 4_096,
  remainingReplicaCount: 1,
  benefit: 1,
  ...changes,
});
const moving = (name: string, changes: Partial<Decision> = {}): Decision =>
  decisionFixture(name, 'Demote', { move: move(), ...changes });
const ofPolicy = (name: string, generation = 1): Pick<Decision, 'policy'> => ({
  policy: { name, uid: `uid-${name}`, generation },
});
const report = (decisions: readonly Decision[] | undefined, changes: Partial<PlanningReport> = {}): PlanningReport => {
  const names = new Set(['gold', ...(decisions ?? []).map(({ policy }) => policy.name)]);
  const telemetryOf = new Map([...names].map((name) => [name, READY]));
  return reportFixture({ decisions, telemetryOf, startedAtMs: clock.now(), ...changes });
};
const fact = (name: string, changes: Partial<MigrationFacts> = {}): MigrationFacts => ({
  name,
  volumeId: parseVolumeId(name.replace(/-\d+$/, '')),
  policy: 'gold',
  phase: 'Syncing',
  from: 'Hot',
  to: 'Cold',
  targetPool: undefined,
  startedAtMs: undefined,
  completedAtMs: undefined,
  extraReplica: false,
  ...changes,
});
const policy = (name: string, changes: object = {}, generation = 1): void =>
  void policies.set(name, {
    kind: 'found',
    policy: policyRecord(name, { maxConcurrentMigrations: 10, ...changes }, generation),
  });

function starter(changes: Partial<MigrationStarterOptions['settings']> = {}): MigrationStarter {
  const made = new MigrationStarter({
    policies: { lookup: (name) => policies.get(name) ?? { kind: 'absent' } },
    objects: { snapshot: () => ({ kind: 'ok', claims: [], nodeLabels: new Map(), migrations: facts }) },
    migrations,
    settings: {
      maxConcurrentMigrations: 10,
      maxMigrationsPerHour: 100,
      dryRun: false,
      migrationTimeoutMinutes: 30,
      ...changes,
    },
    isLeader: () => isLeader,
    metrics: { migrationCreated: (result) => void counted.push(result) },
    clock,
    logger: nullLogger,
  });
  running = made.run(stop.signal);
  return made;
}
async function offer(subject: MigrationStarter, told: PlanningReport): Promise<string[]> {
  const before = migrations.created.length;
  subject.offer(told);
  await clock.advance(0);
  return migrations.created.slice(before).map(({ metadata }) => metadata.name);
}
const specOf = (index = 0): VolumeMigrationSpec => {
  const parsed = parseVolumeMigration(migrations.created[index]);
  if (parsed.kind === 'invalid')
    throw new Error(parsed.errors.map(({ field, message }) => `${field} ${message}`).join());
  return parsed.value.spec;
};

beforeEach(() => {
  clock = new VirtualClock();
  migrations = new FakeVolumeMigrations();
  // What was created is not seen until a test says so.
  migrations.lagging = [];
  facts = [];
  policies = new Map();
  policy('gold');
  isLeader = true;
  counted = [];
  stop = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await running;
});

describe('what is created', () => {
  it('says everything that the decision rests on', async () => {
    policy('gold', { migrationTimeout: '2h', approval: 'Manual' });
    const decision = moving('a', {
      reason: 'Its heat is low.',
      heat: { ...decisionFixture('a', 'Demote').heat, iops: 12.345, coverage: 0.979 } as Decision['heat'],
    });
    await offer(starter(), report([decision]));
    expect(migrations.created[0]).toMatchObject({
      metadata: {
        name: 'id-a-1',
        labels: { 'storage.billyronks.io/policy': 'gold', 'storage.billyronks.io/volume': 'id-a' },
        finalizers: ['storage.billyronks.io/migration'],
        ownerReferences: [{ kind: 'StoragePolicy', name: 'gold', uid: 'uid-gold' }],
      },
    });
    expect(specOf()).toEqual({
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
    expect(counted).toEqual(['success']);
  });

  it('removes nothing in preservation, and names no claim where there is none', async () => {
    await offer(starter(), report([moving('a', { preservation: true, claim: undefined })]));
    expect(specOf()).toMatchObject({ preservationMode: true, plan: { steps: ['Add', 'Sync', 'Verify'] } });
    expect(specOf()).not.toHaveProperty('claim');
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
    await offer(starter({ migrationTimeoutMinutes }), report([moving('a')]));
    expect(specOf()).toMatchObject({ plan: { timeoutMs: 45 * 60_000 }, approval: { mode: 'Automatic' } });
  });

  it('is named after the last one of the volume, of which a history, a rehearsal or an object tells', async () => {
    migrations.lagging = [migrationRecord('id-a-4', { spec: { dryRun: true } })];
    facts = [fact('id-a-3', { phase: 'Completed', completedAtMs: 1 }), fact('id-b-9', { phase: 'Failed' })];
    const created = await offer(starter(), report([moving('a'), moving('b'), moving('c')]));
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
    expect(await offer(starter(), report([decision]))).toEqual([]);
  });

  it.each([{ enabled: false }, { dryRun: true }, { highWatermarkIOPS: -1 }])(
    'anything of a policy that has become %j',
    async (changes) => {
      policy('gold', changes);
      expect(await offer(starter(), report([moving('a')]))).toEqual([]);
    },
  );

  it.each<[string, Partial<PlanningReport>]>([
    ['Kubernetes', { kubernetes: down }],
    ['the storage system', { storage: down }],
    ['the telemetry of the policy', { telemetryOf: new Map([['gold', down]]) }],
    ['any telemetry', { telemetryOf: new Map() }],
    ['any decision', { decisions: undefined }],
  ])('anything without %s', async (_what, changes) => {
    expect(await offer(starter(), report([moving('a')], changes))).toEqual([]);
  });

  it('anything while a cache is refused', async () => {
    const subject = starter();
    migrations.isRefused = true;
    expect(await offer(subject, report([moving('a')]))).toEqual([]);
    migrations.isRefused = false;
    policies.set('gold', { kind: 'refused', message: 'Not now.' });
    expect(await offer(subject, report([moving('a')]))).toEqual([]);
    policy('gold');
    expect(await offer(subject, report([moving('a')]))).toEqual(['id-a-1']);
  });

  it('anything of another who leads, or by an operator that is a dry run', async () => {
    expect(await offer(starter({ dryRun: true }), report([moving('a')]))).toEqual([]);
    isLeader = false;
    expect(await offer(starter(), report([moving('a')]))).toEqual([]);
  });

  it('anything of a round that began long ago', async () => {
    const waiting = starter();
    stop.abort();
    await running;
    stop = new AbortController();
    waiting.offer(report([moving('a')], { durationMs: 60_000 }));
    await clock.advance(60_001);
    running = waiting.run(stop.signal);
    await clock.advance(0);
    expect(migrations.created).toEqual([]);
    expect(await offer(waiting, report([moving('a')], { durationMs: 120_000 }))).toEqual(['id-a-1']);
    expect(await offer(waiting, report([moving('b')], { durationMs: 120_001 }))).toEqual([]);
  });

  it('a volume that is being moved, has an extra replica, or was moved since the round began', async () => {
    const startedAtMs = clock.now();
    facts = [
      fact('id-a-1', { phase: 'AwaitingApproval' }),
      fact('id-b-1', { phase: 'Aborted', extraReplica: true, completedAtMs: 1 }),
      fact('id-c-1', { phase: 'Completed', completedAtMs: Math.floor(startedAtMs / 1_000) * 1_000 }),
      fact('id-d-1', { phase: 'Completed', completedAtMs: startedAtMs - 5_000 }),
    ];
    const decisions = ['a', 'b', 'c', 'd'].map((name) => moving(name));
    expect(await offer(starter(), report(decisions, { startedAtMs }))).toEqual(['id-d-2']);
  });
});

describe('limits', () => {
  const three = (): Decision[] => ['a', 'b', 'c'].map((name, benefit) => moving(name, { move: move({ benefit }) }));

  it('of a policy are counted again over what runs and what was just created, the greatest benefit first', async () => {
    policy('gold', { maxConcurrentMigrations: 3 });
    facts = [fact('id-z-1')];
    expect(await offer(starter(), report(three()))).toEqual(['id-c-1', 'id-b-1']);
  });

  it('of the operator hold over all policies', async () => {
    policy('silver');
    const decisions = [moving('a'), moving('b', ofPolicy('silver')), moving('c')];
    facts = [fact('id-z-1', { policy: 'bronze' })];
    expect(await offer(starter({ maxConcurrentMigrations: 3 }), report(decisions))).toEqual(['id-a-1', 'id-b-1']);
  });

  it('of an hour hold too', async () => {
    expect(await offer(starter({ maxMigrationsPerHour: 2 }), report(three()))).toHaveLength(2);
  });

  it('count what an earlier round has created until the cache shows it, and for no longer than it takes', async () => {
    const subject = starter({ maxConcurrentMigrations: 2 });
    expect(await offer(subject, report([moving('a')]))).toEqual(['id-a-1']);
    expect(await offer(subject, report([moving('a'), moving('b'), moving('c')]))).toEqual(['id-b-1']);
    // The first is seen, and ends.
    migrations.lagging = [migrationRecord('id-a-1')];
    facts = [fact('id-a-1', { phase: 'Failed', completedAtMs: 1 })];
    expect(await offer(subject, report([moving('c')]))).toEqual(['id-c-1']);
    // The others are nowhere to be seen.
    await clock.advance(60_001);
    migrations.stored.clear();
    expect(await offer(subject, report([moving('d'), moving('e')]))).toHaveLength(2);
  });
});

describe('two leaders, and calls that fail', () => {
  it('create one migration, which both count', async () => {
    policy('gold', { maxConcurrentMigrations: 1 });
    const told = report([moving('a'), moving('b')]);
    expect(await offer(starter(), told)).toEqual(['id-a-1']);
    const first = running;
    expect(await offer(starter(), told)).toEqual([]);
    expect([[...migrations.stored.keys()], counted]).toEqual([['id-a-1'], ['success']]);
    stop.abort();
    await first;
  });

  it('try again in the next round under the same name when the answer is lost', async () => {
    policy('gold', { maxConcurrentMigrations: 1 });
    const subject = starter();
    migrations.before = (verb) => {
      if (verb === 'create') throw new CoucheStorError('unavailable', 'Connection reset.');
    };
    expect(await offer(subject, report([moving('a'), moving('b')]))).toEqual([]);
    expect(counted).toEqual(['failure']);
    migrations.before = () => undefined;
    expect(await offer(subject, report([moving('a'), moving('b')]))).toEqual(['id-a-1']);
    expect(counted).toEqual(['failure', 'success']);
  });

  it('count what was refused for good as not created', async () => {
    policy('gold', { maxConcurrentMigrations: 1 });
    migrations.before = (_verb, name) => {
      if (name === 'id-a-1') throw new CoucheStorError('invalid', 'The spec is invalid.');
    };
    expect(await offer(starter(), report([moving('a'), moving('b')]))).toEqual(['id-b-1']);
    expect(counted).toEqual(['failure', 'success']);
  });

  it('leave the API server alone after three failures in a round', async () => {
    let callCount = 0;
    migrations.before = () => {
      callCount += 1;
      throw new CoucheStorError('forbidden', 'You may not.');
    };
    const subject = starter();
    const decisions = Array.from({ length: 8 }, (_, index) => moving(`v${index}`));
    expect(await offer(subject, report(decisions))).toEqual([]);
    expect([callCount, counted]).toEqual([3, ['failure', 'failure', 'failure']]);
  });

  it('give a call that does not end a deadline, and the latest round its turn', async () => {
    migrations.before = () => new Promise(() => undefined);
    const subject = starter();
    await offer(subject, report([moving('a')]));
    await offer(subject, report([moving('b')]));
    await offer(subject, report([moving('c')]));
    migrations.before = () => undefined;
    await clock.advance(15_000);
    expect([migrations.created.map(({ metadata }) => metadata.name), counted]).toEqual([
      ['id-c-1'],
      ['failure', 'success'],
    ]);
  });

  it('end with the leadership, and create nothing more', async () => {
    migrations.before = () => new Promise(() => undefined);
    await offer(starter(), report([moving('a'), moving('b')]));
    stop.abort();
    await clock.advance(0);
    await running;
    expect([migrations.created, counted, clock.pendingTimerCount]).toEqual([[], [], 0]);
  });

  it('hide no broken invariant', async () => {
    migrations.before = () => {
      throw new InvariantError('This cannot be.');
    };
    const subject = starter();
    const failed = expect(running).rejects.toThrow('This cannot be.');
    await offer(subject, report([moving('a')]));
    await failed;
    running = Promise.resolve();
  });
});
