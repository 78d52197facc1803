import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultEffect } from '@couchestor/sandbox/kube';
import { nullLogger, realClock } from '@couchestor/common/base';
import {
  EVENTS,
  EventRecorder,
  OPERATION_ANNOTATION,
  volumeMigrations,
} from '@couchestor/control-plane/adapters/kubernetes';
import { Announcer, runController, StoragePolicyReconciler, WorkQueue } from '@couchestor/control-plane/loop';
import type { StoragePolicyReconcilerOptions } from '@couchestor/control-plane/loop';
import { ADAPTER, Lab, policyManifest, until } from './lab.ts';

let lab: Lab;

beforeEach(async () => {
  lab = await Lab.open();
  lab.put('a');
});

afterEach(() => lab.close());

const strike = (verb: string, effect: FaultEffect, times = 1) =>
  lab.server.faults.add({ match: { user: ADAPTER, verb }, times, effect });
const lost = { kind: 'after-effect', then: 'reset' } as const;
const store = () => lab.policies.store;
/** A status as only its owner may change it. */
const counted = (count: number) => ({ totals: { succeeded: count, failed: 0, aborted: 0, cancelled: 0 } });
async function totalOf(name: string): Promise<number> {
  const { status } = (await lab.get(name)) as { status?: ReturnType<typeof counted> };
  return status?.totals.succeeded ?? 0;
}

describe('a write whose answer is lost', () => {
  it('is found to have been made: status', async () => {
    const fault = strike('update', lost);
    const result = await store().updateStatus({ name: 'a' }, () => counted(1));
    expect([result.kind, fault.hits, await totalOf('a')]).toEqual(['written', 1, 1]);
  });

  it('is found to have been made: creation, by its operation', async () => {
    const fault = strike('create', lost, 2);
    const manifest = policyManifest('new');
    const entry = await store().create({ ...manifest, metadata: { name: 'new' } }, { operationId: 'op-7' });
    expect(entry.raw.metadata.annotations).toMatchObject({ [OPERATION_ANNOTATION]: 'op-7' });
    expect(fault.hits).toBe(2);
    const again = store().create({ ...manifest, metadata: { name: 'new' } }, { operationId: 'op-8' });
    await expect(again).rejects.toMatchObject({ code: 'alreadyExists' });
  });

  it('is found to have been made: patch and deletion', async () => {
    const { uid } = (await lab.get('a')).metadata;
    const patched = strike('patch', lost);
    const result = await store().patch({ name: 'a', uid }, () => ({ metadata: { labels: { team: 'x' } } }));
    expect([result.kind, patched.hits]).toEqual(['written', 1]);
    const deleted = strike('delete', lost);
    expect(await store().delete({ name: 'a', uid })).toEqual({ kind: 'deleted' });
    expect(deleted.hits).toBe(1);
  });

  it('is repeated when a server error hid that it was not made', async () => {
    strike('update', { kind: 'status', code: 500 });
    strike('update', { kind: 'reset' });
    expect((await store().updateStatus({ name: 'a' }, () => counted(2))).kind).toBe('written');
    expect(await totalOf('a')).toBe(2);
  });
});

describe('the store of VolumeMigrations', () => {
  it('creates, shows what was parsed, and writes a status through a lost answer', async () => {
    const { uid } = (await lab.get('a')).metadata;
    const migrations = volumeMigrations({ client: lab.client, backoffBaseMs: 5 });
    const stop = new AbortController();
    const running = migrations.informer.run(stop.signal);
    const spec = {
      policyRef: { name: 'a', uid, generation: 1 },
      volumeId: 'v-1',
      source: { replicaId: 'r-1', pool: 'pool-a', node: 'node-a', tier: 'Hot' },
      target: { pool: 'pool-b', node: 'node-b', tier: 'Cold' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 1 },
      reason: { code: 'BelowLowWatermark', message: 'Idle.' },
    };
    strike('create', lost);
    const created = await migrations.store.create({ metadata: { name: 'a-v-1' }, spec });
    expect(created.value).toMatchObject({ kind: 'ok', value: { spec: { volumeId: 'v-1' } } });
    await until(() => migrations.informer.lookup('a-v-1').kind === 'found', 'the informer has seen it');
    strike('update', lost);
    const updated = await migrations.store.updateStatus({ name: 'a-v-1' }, () => ({ phase: 'Pending' }));
    expect(updated).toMatchObject({
      kind: 'written',
      entry: { value: { kind: 'ok', value: { status: { phase: 'Pending' } } } },
    });
    stop.abort();
    await running;
  });
});

describe('conflicts', () => {
  it('are decided again, and given back after the attempts', async () => {
    strike('update', { kind: 'status', code: 409 }, 3);
    let decisions = 0;
    await store().updateStatus({ name: 'a' }, () => {
      decisions += 1;
      return counted(3);
    });
    expect(decisions).toBe(4);
    const always = strike('update', { kind: 'status', code: 409 }, Infinity);
    const given = store().updateStatus({ name: 'a' }, () => counted(4));
    await expect(given).rejects.toMatchObject({ code: 'conflict', retryable: false });
    expect(always.hits).toBe(5);
    expect(await totalOf('a')).toBe(3);
  });

  it('wait as long as a 429 asks for', async () => {
    strike('update', { kind: 'status', code: 429, retryAfterSeconds: 1 });
    const startMs = performance.now();
    expect((await store().updateStatus({ name: 'a' }, () => counted(1))).kind).toBe('written');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(1_000);
  });

  it('never touch an object that was deleted and made again during the decision', async () => {
    const { uid } = (await lab.get('a')).metadata;
    let first = true;
    const recreate = async (): Promise<void> => {
      await lab.remove('a');
      lab.put('a');
    };
    let recreated = Promise.resolve();
    strike('update', { kind: 'delay', ms: 300 });
    const result = await store().updateStatus({ name: 'a', uid }, () => {
      if (first) recreated = recreate();
      first = false;
      return counted(9);
    });
    await recreated;
    expect(result.kind).toBe('replaced');
    expect(await totalOf('a')).toBe(0);
    expect(await store().delete({ name: 'a', uid })).toMatchObject({ kind: 'replaced' });
  });
});

describe('the reconciler of policies', () => {
  const healthy = { healthy: true, reason: 'Ready', message: '' };
  /** A round that knows the policy and decided about no volume. */
  const roundOf: StoragePolicyReconcilerOptions['rounds']['report'] = (policy) =>
    Promise.resolve({
      sequence: 1,
      startedAtMs: 0,
      durationMs: 0,
      kubernetes: healthy,
      storage: healthy,
      telemetry: healthy,
      telemetryOf: new Map(),
      decisions: [],
      generations: new Map(policy === undefined ? [] : [[policy.uid, policy.generation]]),
      policyNames: [],
      activeMigrations: new Map(),
      awaitingApproval: new Map(),
      extraReplicaCount: 0,
    });
  const ofTheRound = ['TelemetryHealthy', 'StorageHealthy'];
  const run = async (body: () => Promise<void>): Promise<void> => {
    const stop = new AbortController();
    const queue = new WorkQueue({ clock: realClock, backoffBaseMs: 20, backoffMaxMs: 200 });
    const reconciler = new StoragePolicyReconciler({
      policies: lab.policies,
      rounds: { report: roundOf, restMs: 60_000 },
      announcer: new Announcer({ events: { record: () => undefined }, logger: nullLogger, dryRun: false }),
      accounts: { unrecorded: () => Promise.resolve([]), mark: () => Promise.resolve('all') },
      clock: realClock,
      logger: nullLogger,
    });
    const subscribe = (changed: (name: string) => Promise<void>) => lab.policies.subscribe(changed);
    const options = {
      queue,
      reconciler,
      subscribe,
      workers: 2,
      resyncMs: 60_000,
      clock: realClock,
      logger: nullLogger,
    };
    const running = runController(options, stop.signal);
    try {
      await body();
    } finally {
      stop.abort();
      await running;
    }
  };
  const conditions = async (name: string): Promise<string> => {
    const { status } = (await lab.get(name)) as { status?: { conditions?: { type: string; status: string }[] } };
    return (status?.conditions ?? [])
      .filter(({ type }) => !ofTheRound.includes(type))
      .map((condition) => `${condition.type}=${condition.status}`)
      .join();
  };

  it('writes conditions through conflicts, lost answers and outages, and then is silent', async () => {
    lab.put('archive', { ecPolicyRef: 'rs-4-2' });
    strike('update', { kind: 'status', code: 409 }, 8);
    strike('update', lost, 2);
    strike('update', { kind: 'status', code: 503 }, 7);
    await lab.followUntilSynced();
    await run(async () => {
      await until(async () => (await conditions('a')) === 'Accepted=True', 'a is accepted');
      const expected = 'Accepted=True,ArchiveUnsupported=True';
      await until(async () => (await conditions('archive')) === expected, 'archive is explained');
      await until(
        () => lab.told.includes('updated archive') && lab.told.includes('updated a'),
        'the cache has seen it',
      );
      const { revision } = lab.server.store;
      lab.put('later');
      await until(async () => (await conditions('later')) === 'Accepted=True', 'a later policy is accepted');
      // Its creation and its one status write.
      expect(lab.server.store.revision).toBe(revision + 2);
    });
  });

  it('writes nothing while the API is suspect', async () => {
    await lab.followUntilSynced();
    lab.server.wipe();
    await lab.installDefinitions();
    await until(() => lab.policies.informer.health().state === 'suspect', 'the list is suspect');
    lab.put('a');
    const { revision } = lab.server.store;
    await run(async () => {
      const { listsRefused } = lab.policies.informer.health().counts;
      await until(() => lab.policies.informer.health().counts.listsRefused > listsRefused + 10, 'time has passed');
    });
    expect(lab.server.store.revision).toBe(revision);
  });
});

describe('Events', () => {
  it('are accepted by the API and counted in series', async () => {
    const stop = new AbortController();
    const recorder = new EventRecorder({
      client: lab.client,
      reportingController: 'storage.billyronks.io/control-plane',
      reportingInstance: 'test',
    });
    const running = recorder.run(stop.signal);
    const { uid } = (await lab.get('a')).metadata;
    const regarding = { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', name: 'a', uid };
    const record = () =>
      recorder.record({ regarding, type: 'Normal', reason: 'Accepted', action: 'Accept', note: 'Fine.' });
    const stored = async () => (await lab.admin.list(EVENTS, { namespace: 'default' })).items;
    record();
    await until(async () => (await stored()).length === 1, 'the Event is there');
    for (let time = 0; time < 4; time += 1) record();
    const countOf = async () => ((await stored()).at(0) as { series?: { count: number } } | undefined)?.series?.count;
    await until(async () => (await countOf()) === 5, 'the series is counted');
    expect(await stored()).toHaveLength(1);
    expect(recorder.droppedCount).toBe(0);
    stop.abort();
    await running;
  });
});
