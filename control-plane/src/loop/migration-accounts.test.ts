import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatTimestamp, type MigrationRecord, type VolumeMigrationStatus } from '@couchestor/common/api';
import { CoucheStorError, nullLogger, VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from '../adapters/kubernetes/fake-kube-api.ts';
import { isRecord } from '../adapters/kubernetes/kube-object.ts';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { KubernetesStoragePolicies } from '../adapters/kubernetes/kubernetes-storage-policies.ts';
import { isRecorded } from '../model/recorded-end.ts';
import { reportFixture } from '../model/decision.fixture.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import { MigrationAccounts } from './migration-accounts.ts';
import { CREATED_MS, FakeVolumeMigrations, migrationRecord, statusOf, withStatus } from './migrations.fixture.ts';
import { policyRecord } from './planning.fixture.ts';
import { StoragePolicyReconciler } from './storage-policy-reconciler.ts';

const POLICIES = '/apis/storage.billyronks.io/v1/storagepolicies';

let api: FakeKubeApi;
let clock: VirtualClock;
let migrations: FakeVolumeMigrations;
let reconciler: StoragePolicyReconciler;
let stop: AbortController;
let running: Promise<void>;

const ended = (name: string, minute: number, status: Partial<VolumeMigrationStatus> = {}): VolumeMigrationRecord =>
  migrationRecord(name, {
    status: { phase: 'Completed', completionTime: formatTimestamp(CREATED_MS + minute * 60_000), ...status },
  });
const accounts = (): { totals?: object; history?: readonly MigrationRecord[] } => {
  const stored = api.object(POLICIES, 'gold')?.status;
  return isRecord(stored) ? stored : {};
};
const historyNames = (): string[] => (accounts().history ?? []).map(({ migration }) => migration);
const recorded = (): string[] =>
  [...migrations.stored.values()]
    .filter((record) => isRecorded(statusOf(record) ?? { phase: 'Pending' }))
    .map(({ name }) => name);
/** Reconciles until the fake API has answered and the cache has seen it; returns the pause until the next time. */
async function reconcile(): Promise<number | undefined> {
  const result = reconciler.reconcile('gold', stop.signal);
  result.catch(() => undefined);
  await clock.advance(10_000);
  const next = await result;
  await clock.advance(0);
  return next.kind === 'again' ? next.afterMs : undefined;
}

beforeEach(async () => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  stop = new AbortController();
  migrations = new FakeVolumeMigrations();
  const client = new KubeClient({ transport: api, clock, requestsPerSecond: 1e6, burst: 1e6 });
  const policies = new KubernetesStoragePolicies({ client, random: () => 0.5 });
  const { parsed } = policyRecord('gold');
  if (parsed.kind === 'invalid') throw new Error('The policy cannot be read.');
  reconciler = new StoragePolicyReconciler({
    policies,
    rounds: {
      report: () => Promise.resolve(reportFixture({ generations: new Map([['uid-gold', 1]]) })),
      restMs: 60_000,
    },
    announcer: { announce: () => undefined, forget: () => undefined },
    accounts: new MigrationAccounts({ migrations, clock, logger: nullLogger }),
    clock,
    logger: nullLogger,
  });
  api.put(POLICIES, {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata: { name: 'gold', uid: 'uid-gold', generation: 1 },
    spec: {
      highWatermarkIOPS: 5_000,
      lowWatermarkIOPS: 500,
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
    },
  });
  running = policies.informer.run(stop.signal);
  await clock.advance(0);
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running;
});

describe('the accounts of migrations', () => {
  it('count each that ended once, in the same write as the rest, and say so on it', async () => {
    migrations.put(ended('v-1-1', 1), ended('v-2-1', 2, { phase: 'Aborted' }), migrationRecord('v-3-1'));
    const updates = (): number => api.verbs(/storagepolicies/).filter((verb) => verb === 'update').length;
    expect(await reconcile()).toBe(60_000);
    expect(accounts().totals).toEqual({ succeeded: 1, failed: 0, aborted: 1, cancelled: 0 });
    expect([historyNames(), recorded(), updates()]).toEqual([['v-2-1', 'v-1-1'], ['v-1-1', 'v-2-1'], 1]);
    await reconcile();
    expect([historyNames(), updates()]).toEqual([['v-2-1', 'v-1-1'], 1]);
  });

  it('count nothing twice after a crash between the status and the mark', async () => {
    migrations.put(ended('v-1-1', 1), ended('v-1-2', 2));
    migrations.before = (verb, name) => {
      if (verb === 'writeStatus' && name === 'v-1-2') throw new CoucheStorError('unavailable', 'The process is gone.');
    };
    await expect(reconcile()).rejects.toThrow('The process is gone.');
    expect([accounts().totals, recorded()]).toMatchObject([{ succeeded: 2 }, ['v-1-1']]);
    migrations.before = () => undefined;
    expect(await reconcile()).toBe(60_000);
    expect([accounts().totals, recorded()]).toMatchObject([{ succeeded: 2 }, ['v-1-1', 'v-1-2']]);
  });

  it('mark nothing that the status was not written for', async () => {
    migrations.put(ended('v-1-1', 1));
    api.fault({ kind: 'status', code: 403, reason: 'Forbidden' }, { verb: 'update' });
    await expect(reconcile()).rejects.toMatchObject({ code: 'forbidden' });
    expect([historyNames(), recorded()]).toEqual([[], []]);
    // Somebody edits the policy: what was decided by the old one is not written.
    const edit = (): void => {
      const { metadata, ...rest } = api.object(POLICIES, 'gold')!;
      api.put(POLICIES, { ...rest, metadata: { ...metadata, generation: 2 } });
    };
    api.fault({ kind: 'before', run: edit }, { verb: 'update' });
    expect(await reconcile()).toBe(1_000);
    expect([historyNames(), recorded()]).toEqual([[], []]);
  });

  it('count on what another writer made of the status meanwhile', async () => {
    migrations.put(ended('v-1-1', 1), ended('v-1-2', 2));
    const totals = { succeeded: 5, failed: 0, aborted: 0, cancelled: 0 };
    const [first] = [...migrations.stored.values()].map(({ name }) => ({ migration: name, completionTime: '' }));
    const other = (): void => {
      const { metadata, ...rest } = api.object(POLICIES, 'gold')!;
      api.put(POLICIES, { ...rest, metadata, status: { totals, history: [first] } });
    };
    api.fault({ kind: 'before', run: other }, { verb: 'update' });
    await reconcile();
    expect([accounts().totals, historyNames()]).toEqual([{ ...totals, succeeded: 6 }, ['v-1-2', 'v-1-1']]);
    expect(recorded()).toEqual(['v-1-1', 'v-1-2']);
  });

  it('leave a migration that changes meanwhile for the next time, which comes soon', async () => {
    migrations.put(ended('v-1-1', 1));
    const touch = (): void => {
      migrations.before = () => undefined;
      migrations.put(withStatus(migrations.stored.get('v-1-1')!, { phase: 'Completed', message: 'Touched.' }));
    };
    migrations.before = (verb) => {
      if (verb === 'writeStatus') touch();
    };
    expect([await reconcile(), recorded()]).toEqual([1_000, []]);
    expect([await reconcile(), recorded(), accounts().totals]).toMatchObject([60_000, ['v-1-1'], { succeeded: 1 }]);
  });

  it('need no mark on a migration that is gone', async () => {
    migrations.put(ended('v-1-1', 1));
    migrations.before = (verb) => {
      if (verb === 'writeStatus') migrations.stored.clear();
    };
    expect([await reconcile(), historyNames()]).toEqual([60_000, ['v-1-1']]);
  });

  it('do not believe an old cache in what was counted long ago, or is another object by now', async () => {
    const old = [ended('v-1-1', 1), ended('v-2-1', 2), ended('v-3-1', 3)];
    migrations.put(...old);
    await reconcile();
    const { metadata, ...rest } = api.object(POLICIES, 'gold')!;
    api.put(POLICIES, { ...rest, metadata, status: { ...accounts(), history: [] } });
    await clock.advance(0);
    migrations.stored.delete('v-2-1');
    migrations.put({ ...ended('v-3-1', 3), uid: 'another' });
    migrations.lagging = old;
    await reconcile();
    expect([accounts().totals, historyNames()]).toMatchObject([{ succeeded: 3 }, []]);
  });

  it('take sixty endings at once, fifty before the other ten', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `v-${index}-1`);
    migrations.put(...names.map((name, minute) => ended(name, minute)));
    expect(await reconcile()).toBe(60_000);
    expect([accounts().totals, recorded().length]).toMatchObject([{ succeeded: 50 }, 50]);
    await reconcile();
    expect([accounts().totals, recorded().length]).toMatchObject([{ succeeded: 60 }, 60]);
    expect(historyNames()).toEqual(names.slice(10).reverse());
  });

  it('wait while the cache of migrations may not be relied on', async () => {
    migrations.put(ended('v-1-1', 1));
    migrations.isRefused = true;
    expect([await reconcile(), historyNames()]).toEqual([60_000, []]);
  });
});
