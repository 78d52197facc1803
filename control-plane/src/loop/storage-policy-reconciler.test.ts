import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, nullLogger, VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from '../adapters/kubernetes/fake-kube-api.ts';
import { isRecord } from '../adapters/kubernetes/kube-object.ts';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { KubernetesStoragePolicies } from '../adapters/kubernetes/kubernetes-storage-policies.ts';
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

function put(name: string, fields: object = {}, extra: object = {}): void {
  const metadata = { name, generation: 3 };
  const typeMeta = { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy' };
  api.put(collection, { ...typeMeta, metadata, spec: { ...spec, ...fields }, ...extra });
}
const status = (name: string): Readonly<Record<string, unknown>> => {
  const stored = api.object(collection, name)?.status;
  return isRecord(stored) ? stored : {};
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
  reconciler = new StoragePolicyReconciler({ policies, clock, logger: nullLogger });
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
    expect(status('plain')).toMatchObject({
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
    expect(status('archive').conditions).toMatchObject([
      { type: 'Accepted' },
      { type: 'ArchiveUnsupported', status: 'True' },
    ]);
    put('archive', {}, { status: status('archive') });
    await clock.advance(0);
    await reconcile('archive');
    expect(status('archive').conditions).toMatchObject([{ type: 'Accepted' }]);
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
    expect(status('bad')).toMatchObject({
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
    expect(status('plain')).toMatchObject({ totals, conditions: [{ type: 'Accepted' }] });
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

  it('shows a lasting failure, and takes it back with the next success', async () => {
    const error = new CoucheStorError('forbidden', 'No right to do it.');
    const reported = reconciler.reportFailure('plain', error, stop.signal);
    await clock.advance(0);
    await reported;
    expect(status('plain').conditions).toMatchObject([{ type: 'Stalled', status: 'True', reason: 'Forbidden' }]);
    await clock.advance(0);
    await reconcile('plain');
    expect(status('plain').conditions).toMatchObject([{ type: 'Accepted', status: 'True' }]);
    await reconciler.reportFailure('none', error, stop.signal);
  });
});
