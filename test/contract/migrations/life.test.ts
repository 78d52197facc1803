/** What starts migrations, counts those that ended and forgets the old ones, on a server that enforces both definitions. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  nullLogger,
  parseNodeName,
  parsePoolName,
  parseVolumeId,
  realClock,
  VirtualClock,
} from '@couchestor/common/base';
import { MigrationReconciler } from '@couchestor/control-plane/hands';
import {
  MigrationAccounts,
  MigrationRetention,
  MigrationStarter,
  StoragePolicyReconciler,
  type PlanningRoundOptions,
} from '@couchestor/control-plane/loop';
import type { Decision } from '@couchestor/control-plane/model';
import { until } from '../../fault/kube-adapter/lab.ts';
import { Stage, statusOf } from './stage.ts';

type Report = Parameters<PlanningRoundOptions['onReport']>[0];

const READY = { healthy: true, reason: 'Ready', message: '' };
const ENDED = ['Adding', 'Syncing', 'Verifying', 'Removing', 'Completed'] as const;

let stage: Stage;
let stop: AbortController;
let running: Promise<unknown>[];
let policyUid: string;

beforeEach(async () => {
  stage = await Stage.open();
  stop = new AbortController();
  await stage.lab.followUntilSynced();
  running = [stage.resource.informer.run(stop.signal)];
  await stage.resource.informer.waitForSync(stage.signal);
  policyUid = (await stage.lab.get('gold')).metadata.uid;
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  await stage.close();
});

const reportOf = (decisions: readonly Decision[]): Report => ({
  sequence: 1,
  startedAtMs: Date.now(),
  durationMs: 0,
  kubernetes: READY,
  storage: READY,
  telemetry: READY,
  telemetryOf: new Map([['gold', READY]]),
  decisions,
  generations: new Map([[policyUid, 1]]),
  policyNames: ['gold'],
  activeMigrations: new Map(),
  awaitingApproval: new Map(),
  extraReplicaCount: 0,
});
const reconcilerOf = (): StoragePolicyReconciler =>
  new StoragePolicyReconciler({
    policies: stage.lab.policies,
    rounds: { report: () => Promise.resolve(reportOf([])), restMs: 60_000 },
    announcer: { announce: () => undefined, forget: () => undefined },
    accounts: new MigrationAccounts({ migrations: stage.migrations, clock: realClock, logger: nullLogger }),
    clock: realClock,
    logger: nullLogger,
  });
const statusOfPolicy = async (): Promise<Record<string, unknown>> => {
  const { status } = (await stage.lab.get('gold')) as unknown as { status?: Record<string, unknown> };
  return status ?? {};
};
const known = (): readonly { name: string; phase: string | undefined; conditions: readonly string[] }[] => {
  const snapshot = stage.migrations.snapshot();
  if (snapshot.kind === 'refused') return [];
  return snapshot.migrations.map((record) => {
    const { phase, conditions = [] } = statusOf(record) ?? {};
    return { name: record.name, phase, conditions: conditions.map(({ type }) => type) };
  });
};
/** Until the cache has as many of them. */
const seen = (count: number, what: (one: ReturnType<typeof known>[number]) => boolean): Promise<void> =>
  until(() => known().filter(what).length === count, `${count} are seen`);

function move(): Decision {
  return {
    volumeId: parseVolumeId('v-1'),
    volumeName: 'pvc-1',
    claim: { namespace: 'shop', name: 'data', uid: 'u-1' },
    policy: { name: 'gold', uid: policyUid, generation: 1 },
    conflictingPolicies: [],
    decidedAtMs: Date.now(),
    outcome: 'Move',
    code: 'Demote',
    reason: 'Its heat is low.',
    dryRun: false,
    preservation: false,
    placement: 'Hot',
    replicas: [],
    heat: {
      kind: 'known',
      iops: 12.34,
      coverage: 0.97,
      evidence: {
        family: 'volume',
        query: 'sum(rate(x))',
        windowMs: 5_400_000,
        stepMs: 60_000,
        sampleCount: 58,
        expectedSampleCount: 60,
        newestSampleMs: Date.now(),
      },
    },
    thresholds: {
      lowWatermarkIOPS: 500,
      warmWatermarkIOPS: 500,
      highWatermarkIOPS: 5_000,
      minimumCoverage: 0.5,
      hasWarmTier: false,
    },
    wishes: {
      kind: 'valid',
      optOut: false,
      pin: undefined,
      minimumTier: undefined,
      maximumTier: undefined,
      untilMs: undefined,
    },
    wanted: { tier: 'Cold', reason: 'HeatAtOrBelowLow' },
    move: {
      source: { tier: 'Hot', pool: parsePoolName('hot-1'), node: parseNodeName('node-1'), replicaId: 'r-1' },
      target: { tier: 'Cold', pool: parsePoolName('cold-1'), node: parseNodeName('node-2') },
      removal: 'ByItself',
      replicaCount: 2,
      sizeBytes: 1_073_741_824,
      remainingReplicaCount: 0,
      benefit: 1,
    },
    candidates: [],
    remedies: [],
    earliestChangeMs: undefined,
  };
}

describe('the life of a migration', () => {
  it('begins with a decision, which two leaders make one migration of', async () => {
    const outcomes: string[] = [];
    const start = (): MigrationStarter => {
      const starter = new MigrationStarter({
        policies: stage.lab.policies,
        objects: { snapshot: () => ({ kind: 'ok', claims: [], nodeLabels: new Map(), migrations: [] }) },
        // Neither sees what the other does.
        migrations: {
          snapshot: () => ({ kind: 'ok', migrations: [] }),
          create: async (manifest, signal) => {
            const outcome = await stage.migrations.create(manifest, signal);
            outcomes.push(outcome);
            return outcome;
          },
        },
        settings: {
          maxConcurrentMigrations: 2,
          maxMigrationsPerHour: 6,
          dryRun: false,
          migrationTimeoutMinutes: 30,
        },
        isLeader: () => true,
        metrics: { migrationCreated: () => undefined },
        clock: realClock,
        logger: nullLogger,
      });
      running.push(starter.run(stop.signal));
      return starter;
    };
    for (const starter of [start(), start()]) starter.offer(reportOf([move()]));
    await until(() => outcomes.length === 2, 'both have tried');
    expect(outcomes.sort()).toEqual(['created', 'exists']);
    expect((await stage.read('v-1-1')).parsed).toMatchObject({
      kind: 'ok',
      value: {
        spec: {
          plan: { sizeBytes: 1_073_741_824 },
          reason: { heatIOPS: 12.3, samplingWindowMs: 5_400_000, metric: 'volume' },
        },
      },
    });
  });

  it('is counted once it ends, sixty at once too, and each says so', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `v-1-${index + 1}`);
    for (const name of names) await stage.migration(name, { phases: name === 'v-1-7' ? ['Failed'] : ENDED });
    await seen(60, ({ phase }) => phase === 'Completed' || phase === 'Failed');
    for (let pass = 1; pass <= 2; pass += 1) {
      await reconcilerOf().reconcile('gold', stage.signal);
      await seen(pass === 1 ? 50 : 60, ({ conditions }) => conditions.includes('Recorded'));
    }
    // A restart in between changes nothing.
    await reconcilerOf().reconcile('gold', stage.signal);
    const { totals, history } = await statusOfPolicy();
    expect(totals).toEqual({ succeeded: 59, failed: 1, aborted: 0, cancelled: 0 });
    expect(history).toHaveLength(50);
  });

  it('is counted before it goes when somebody deletes it', async () => {
    const untouched = (): Promise<never> => Promise.reject(new Error('Nothing is done for it in the storage system.'));
    const hands = new MigrationReconciler({
      migrations: stage.migrations,
      mover: {
        volume: untouched,
        surroundings: untouched,
        rebuildHistory: untouched,
        setReplicaCount: untouched,
        cordonNode: untouched,
        uncordonNode: untouched,
        cordonPool: untouched,
        uncordonPool: untouched,
      },
      lock: { acquire: untouched, release: untouched },
      isPolicyGone: () => false,
      clock: realClock,
      logger: nullLogger,
    });
    await stage.migration('v-1-1');
    await stage.delete('v-1-1');
    expect(await hands.reconcile('v-1-1', stage.signal)).toMatchObject({ kind: 'again' });
    expect(statusOf(await stage.read('v-1-1'))).toMatchObject({
      phase: 'Cancelled',
      conditions: [{ type: 'Released', status: 'False' }],
    });
    await seen(1, ({ phase, conditions }) => phase === 'Cancelled' && conditions.includes('Released'));
    await reconcilerOf().reconcile('gold', stage.signal);
    expect(await hands.reconcile('v-1-1', stage.signal)).toEqual({ kind: 'done' });
    expect(await stage.exists('v-1-1')).toBe(false);
    expect((await statusOfPolicy()).totals).toMatchObject({ cancelled: 1 });
  });

  it('is forgotten long after its end, when it was counted', async () => {
    const completionTime = new Date(Date.now() - 10 * 86_400_000).toISOString();
    const fail = async (name: string, volumeId: string): Promise<void> => {
      const begun = await stage.migration(name, { phases: ['Adding'], spec: { volumeId } });
      await stage.migrations.writeStatus(begun, { phase: 'Failed', completionTime }, stage.signal);
      await seen(1, (one) => one.name === name && one.phase === 'Failed');
    };
    await fail('v-1-1', 'v-1');
    await reconcilerOf().reconcile('gold', stage.signal);
    await seen(1, ({ conditions }) => conditions.includes('Recorded'));
    await fail('v-2-1', 'v-2');
    const clock = new VirtualClock(Date.now());
    const { policies } = stage.lab;
    running.push(
      new MigrationRetention({ policies, migrations: stage.migrations, clock, logger: nullLogger }).run(stop.signal),
    );
    await clock.advance(600_000);
    const deleting = async (name: string): Promise<boolean> => (await stage.read(name)).deleting;
    await until(() => deleting('v-1-1'), 'the first is removed');
    expect(await deleting('v-2-1')).toBe(false);
  });
});
