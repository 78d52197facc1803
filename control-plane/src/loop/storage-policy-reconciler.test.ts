import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, nullLogger, VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from '../adapters/kubernetes/fake-kube-api.ts';
import { isRecord } from '../adapters/kubernetes/kube-object.ts';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { KubernetesStoragePolicies } from '../adapters/kubernetes/kubernetes-storage-policies.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import { decisionFixture, reportFixture } from '../model/decision.fixture.ts';
import { MigrationAccounts } from './migration-accounts.ts';
import { FakeVolumeMigrations } from './migrations.fixture.ts';
import { StoragePolicyReconciler } from './storage-policy-reconciler.ts';

const collection = '/apis/storage.billyronks.io/v1/storagepolicies';
const spec = {
  highWatermarkIOPS: 5_000,
  lowWatermarkIOPS: 500,
  samplingWindow: '1h',
  cooldownPeriod: '24h',
  storageClassName: 'mayastor',
  hotPoolSelector: { matchLabels: { tier: 'hot' } },
  coldPoolSelector: { matchLabels: { tier: 'cold' } },
};
const totals = { succeeded: 7, failed: 1, aborted: 0, cancelled: 0 };

let api: FakeKubeApi;
let clock: VirtualClock;
let policies: KubernetesStoragePolicies;
let reconciler: StoragePolicyReconciler;
let stop: AbortController;
let running: Promise<void>;
let report: Partial<PlanningReport>;
let restMs: number;
let announced: string[];

function put(name: string, fields: object = {}, extra: object = {}): void {
  const metadata = { name, generation: 3 };
  const typeMeta = { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy' };
  api.put(collection, { ...typeMeta, metadata, spec: { ...spec, ...fields }, ...extra });
}
const status = (name: string): Readonly<Record<string, unknown>> => {
  const stored = api.object(collection, name)?.status;
  return isRecord(stored) ? stored : {};
};
const ROUND_CONDITIONS: readonly unknown[] = ['TelemetryHealthy', 'StorageHealthy'];
/** Without the conditions that tell of the round. */
const specStatus = (name: string): Readonly<Record<string, unknown>> => {
  const { conditions, ...others } = status(name);
  const kept = (Array.isArray(conditions) ? conditions : []).filter(
    (condition) => isRecord(condition) && !ROUND_CONDITIONS.includes(condition.type),
  );
  return { ...others, conditions: kept };
};
const writes = (): number => api.verbs().filter((verb) => verb === 'update').length;
/** Reconciles until the fake API has answered and the cache has seen it. */
async function reconcile(name: string): Promise<void> {
  const result = reconciler.reconcile(name, stop.signal);
  await clock.advance(0);
  await result;
  await clock.advance(0);
}

beforeEach(async () => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  stop = new AbortController();
  policies = new KubernetesStoragePolicies({ client: new KubeClient({ transport: api, clock }), random: () => 0.5 });
  report = {};
  restMs = 60_000;
  announced = [];
  reconciler = new StoragePolicyReconciler({
    policies,
    rounds: {
      // A round that knows the policy, unless a test says otherwise.
      report: ({ uid = '', generation = 0 } = { uid: '', generation: 0 }) =>
        Promise.resolve(reportFixture({ generations: new Map([[uid, generation]]), ...report })),
      get restMs() {
        return restMs;
      },
    },
    announcer: {
      announce: ({ name }, { decisions }) => void announced.push(`${name} ${decisions?.length ?? 'undecided'}`),
      forget: (name) => void announced.push(`forget ${name}`),
    },
    accounts: new MigrationAccounts({ migrations: new FakeVolumeMigrations(), clock, logger: nullLogger }),
    clock,
    logger: nullLogger,
  });
  put('plain');
  running = policies.informer.run(stop.signal);
  await clock.advance(0);
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running;
});

describe('StoragePolicyReconciler', () => {
  it('accepts a valid policy, once', async () => {
    await reconcile('plain');
    expect(specStatus('plain')).toMatchObject({
      observedGeneration: 3,
      conditions: [
        { type: 'Accepted', status: 'True', observedGeneration: 3, lastTransitionTime: '2025-01-01T00:00:00Z' },
      ],
    });
    await clock.advance(60_000);
    const requests = api.requests.length;
    await reconcile('plain');
    expect([writes(), api.requests.length]).toEqual([1, requests]);
  });

  it('says that an erasure-coding policy has no effect, and takes it back', async () => {
    put('archive', { ecPolicyRef: 'rs-4-2' });
    await clock.advance(0);
    await reconcile('archive');
    expect(specStatus('archive').conditions).toMatchObject([
      { type: 'Accepted' },
      { type: 'ArchiveUnsupported', status: 'True' },
    ]);
    put('archive', {}, { status: status('archive') });
    await clock.advance(0);
    await reconcile('archive');
    expect(specStatus('archive').conditions).toMatchObject([{ type: 'Accepted' }]);
  });

  it('refuses a policy it cannot read, and keeps totals, history, foreign conditions and unknown fields', async () => {
    const foreign = {
      type: 'Ready',
      status: 'True',
      reason: 'X',
      message: '',
      lastTransitionTime: '2024-01-01T00:00:00Z',
    };
    const before = { totals, history: [{ some: 'record' }], conditions: [foreign], unknown: { kept: true } };
    put('bad', { highWatermarkIOPS: -1 }, { status: before });
    await clock.advance(0);
    await reconcile('bad');
    expect(specStatus('bad')).toMatchObject({
      totals,
      history: [{ some: 'record' }],
      unknown: { kept: true },
      conditions: [foreign, { type: 'Accepted', status: 'False', reason: 'InvalidSpec' }],
    });
  });

  it('decides again on what another writer made of the status meanwhile', async () => {
    api.fault({ kind: 'before', run: () => put('plain', {}, { status: { totals } }) }, { verb: 'update' });
    const result = reconciler.reconcile('plain', stop.signal);
    await clock.advance(5_000);
    await result;
    expect(specStatus('plain')).toMatchObject({ totals, conditions: [{ type: 'Accepted' }] });
  });

  it('does nothing for a policy that is gone, or made again under a new uid meanwhile', async () => {
    await reconcile('none');
    const recreate = (): void => {
      api.remove(collection, 'plain');
      put('plain');
    };
    api.fault({ kind: 'before', run: recreate }, { verb: 'get', path: /plain/ });
    await reconcile('plain');
    expect(writes()).toBe(0);
  });

  it('does not act on a cache that may not be relied on', async () => {
    for (const name of ['b', 'c', 'd']) put(name);
    await clock.advance(0);
    api.wipe();
    await clock.advance(60_000);
    expect(policies.informer.health().state).toBe('suspect');
    expect(await reconciler.reconcile('plain', stop.signal)).toEqual({ kind: 'again', afterMs: 5_000 });
    expect(writes()).toBe(0);
  });

  it('writes what the round decided about the policy, announces it, and comes back for the next round', async () => {
    const decisions = [
      decisionFixture('a', 'Demote', { policy: { name: 'plain', uid: 'uid-2', generation: 3 } }),
      decisionFixture('b', 'Demote'),
    ];
    report = { decisions, activeMigrations: new Map([['plain', 2]]) };
    const result = reconciler.reconcile('plain', stop.signal);
    await clock.advance(0);
    expect(await result).toEqual({ kind: 'again', afterMs: 60_000 });
    expect(status('plain')).toMatchObject({
      activeMigrations: 2,
      decisions: [{ volumeId: 'id-a', outcome: 'Move', code: 'Demote' }],
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'StorageHealthy', status: 'True' })]),
    });
    expect(announced).toEqual(['plain 1']);
    restMs = 3;
    await clock.advance(0);
    expect(await reconciler.reconcile('plain', stop.signal)).toEqual({ kind: 'again', afterMs: 1_000 });
    expect(writes()).toBe(1);
  });

  it('shows what the round could not rely on, and decides nothing then', async () => {
    const storage = { healthy: false, reason: 'Timeout', message: 'No answer.' };
    report = { decisions: undefined, storage };
    await reconcile('plain');
    expect(status('plain').conditions).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'StorageHealthy', status: 'False', reason: 'Timeout' })]),
    );
    expect(announced).toEqual(['plain undecided']);
  });

  it('shows how telemetry is over the window of the policy, whatever another window lacks', async () => {
    const healthy = { healthy: true, reason: 'Answering', message: '' };
    report = {
      telemetry: { healthy: false, reason: 'TooManySamples', message: 'Of another window.' },
      telemetryOf: new Map([['plain', healthy]]),
    };
    await reconcile('plain');
    expect(status('plain').conditions).toContainEqual(
      expect.objectContaining({ type: 'TelemetryHealthy', status: 'True', reason: 'Answering' }),
    );
  });

  it('writes no decision while a cache below the decisions may not be relied on', async () => {
    report = { decisions: undefined, kubernetes: { healthy: false, reason: 'CacheNotReady', message: 'x' } };
    await reconcile('plain');
    expect(status('plain').conditions).toMatchObject([{ type: 'Accepted', status: 'True' }]);
    expect(announced).toEqual([]);
  });

  it('waits for a round that knows what the policy says now', async () => {
    report = { generations: new Map() };
    expect(await reconciler.reconcile('plain', stop.signal)).toEqual({ kind: 'again', afterMs: 5_000 });
    expect(writes()).toBe(0);
  });

  it('writes nothing on a policy that was edited after it was decided about', async () => {
    const edit = (): void => put('plain', { highWatermarkIOPS: 9_000 }, { metadata: { name: 'plain', generation: 4 } });
    api.fault({ kind: 'before', run: edit }, { verb: 'get', path: /plain/ });
    await reconcile('plain');
    expect(status('plain').observedGeneration).not.toBe(4);
  });

  it('forgets a policy that is gone', async () => {
    await reconcile('none');
    expect(announced).toEqual(['forget none']);
  });

  it('shows a lasting failure, and takes it back with the next success', async () => {
    const error = new CoucheStorError('forbidden', 'No right to do it.');
    const reported = reconciler.reportFailure('plain', error, stop.signal);
    await clock.advance(0);
    await reported;
    expect(specStatus('plain').conditions).toMatchObject([{ type: 'Stalled', status: 'True', reason: 'Forbidden' }]);
    await clock.advance(0);
    await reconcile('plain');
    expect(specStatus('plain').conditions).toMatchObject([{ type: 'Accepted', status: 'True' }]);
    await reconciler.reportFailure('none', error, stop.signal);
  });
});
