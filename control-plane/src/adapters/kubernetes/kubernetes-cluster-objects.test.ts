import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock, type CoucheStorError } from '@couchestor/common/base';
import type { ClusterObjectsSnapshot } from '../../ports/cluster-objects.ts';
import { FakeKubeApi } from './fake-kube-api.ts';
import { KubeClient } from './kube-client.ts';
import { KubernetesClusterObjects } from './kubernetes-cluster-objects.ts';
import { KubernetesStoragePolicies } from './kubernetes-storage-policies.ts';

const VOLUMES = '/api/v1/persistentvolumes';
const CLAIMS = '/api/v1/persistentvolumeclaims';
const NODES = '/api/v1/nodes';
const MIGRATIONS = '/apis/storage.billyronks.io/v1/volumemigrations';
const POLICIES = '/apis/storage.billyronks.io/v1/storagepolicies';
const ID = '4be37dbd-4b60-44f3-b807-08f6693522ac';

let api: FakeKubeApi;
let clock: VirtualClock;
let objects: KubernetesClusterObjects;
let running: Promise<unknown>;
const stop = { controller: new AbortController() };

beforeEach(async () => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  stop.controller = new AbortController();
  const client = new KubeClient({ transport: api, clock, requestsPerSecond: 1_000, burst: 1_000 });
  const options = { client, random: () => 0.5 };
  const policies = new KubernetesStoragePolicies(options);
  objects = new KubernetesClusterObjects({ ...options, policies: policies.informer });
  const { signal } = stop.controller;
  running = Promise.all([...objects.informers, policies.informer].map((informer) => informer.run(signal)));
  await clock.advance(0);
});

afterEach(async () => {
  stop.controller.abort();
  await clock.advance(0);
  await running;
  expect(clock.pendingTimerCount).toBe(0);
});

function putVolume({
  name = 'pvc-1',
  phase = 'Bound',
  driver = 'io.openebs.csi-mayastor',
  uid = 'claim-1',
} = {}): void {
  const claimRef = { kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data', uid };
  const csi = { driver, volumeHandle: ID, volumeAttributes: { repl: '2' } };
  api.put(VOLUMES, {
    metadata: { name },
    spec: { csi, claimRef, storageClassName: 'tiered', capacity: { storage: '1Gi' } },
    status: { phase },
  });
}

function putClaim({ uid = 'claim-1', annotations = {}, status = {} }: Record<string, unknown> = {}): void {
  const metadata = { name: 'data', namespace: 'shop', uid, labels: { app: 'db' }, annotations };
  api.put(CLAIMS, { metadata, spec: { volumeName: 'pvc-1' }, status });
}

function migration(name: string, spec = {}, status?: unknown): Record<string, unknown> {
  return {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name },
    spec: {
      policyRef: { name: 'gold' },
      volumeId: ID,
      source: { tier: 'Cold', pool: 'pool-a', node: 'node-a' },
      target: { tier: 'Hot', pool: 'pool-b', node: 'node-b' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 },
      reason: { code: 'HeatAtOrAboveHigh', message: 'Hot.' },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  };
}

async function snapshot(): Promise<Extract<ClusterObjectsSnapshot, { kind: 'ok' }>> {
  await clock.advance(0);
  const taken = objects.snapshot();
  if (taken.kind !== 'ok') throw new Error(taken.message);
  return taken;
}

describe('claims', () => {
  it('are those of the volumes of Mayastor, with labels and the annotations that decisions read', async () => {
    putVolume();
    putVolume({ name: 'pvc-other', driver: 'ebs.csi.aws.com' });
    putVolume({ name: 'pvc-new', phase: 'Pending' });
    const annotations = {
      'storage.billyronks.io/pin': 'hot',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    putClaim({ annotations });
    const claim = {
      namespace: 'shop',
      name: 'data',
      uid: 'claim-1',
      labels: { app: 'db' },
      annotations: { 'storage.billyronks.io/pin': 'hot' },
    };
    expect((await snapshot()).claims).toEqual([
      { volumeId: ID, volumeName: 'pvc-1', storageClassName: 'tiered', claim },
    ]);
  });

  it('have no claim once the volume was released', async () => {
    putVolume({ phase: 'Released' });
    putClaim();
    expect((await snapshot()).claims).toMatchObject([{ volumeName: 'pvc-1', claim: undefined }]);
  });

  it.each([
    ['is not there', undefined],
    ['was deleted and made anew', 'claim-2'],
  ])('leave out a bound volume whose claim %s', async (_, uid) => {
    putVolume();
    if (uid !== undefined) putClaim({ uid });
    expect((await snapshot()).claims).toEqual([]);
  });

  it('leave out a volume whose handle is no identifier', async () => {
    const csi = { driver: 'io.openebs.csi-mayastor', volumeHandle: '../etc' };
    api.put(VOLUMES, { metadata: { name: 'odd' }, spec: { csi }, status: { phase: 'Released' } });
    expect((await snapshot()).claims).toEqual([]);
  });

  it('keep no more of an object in memory than its facts and its identity', async () => {
    putVolume();
    await clock.advance(0);
    const found = objects.volumes.lookup('pvc-1');
    expect(found).toMatchObject({ kind: 'found' });
    if (found.kind === 'found') expect(Object.keys(found.entry.raw)).toEqual(['metadata']);
  });
});

describe('nodes', () => {
  it('show their labels', async () => {
    api.put(NODES, { metadata: { name: 'node-a', labels: { 'topology.kubernetes.io/zone': 'z1' } } });
    expect((await snapshot()).nodeLabels).toEqual(new Map([['node-a', { 'topology.kubernetes.io/zone': 'z1' }]]));
  });
});

describe('migrations', () => {
  it('are pending until the operator saw them', async () => {
    api.put(MIGRATIONS, migration('m-1'));
    expect((await snapshot()).migrations).toEqual([
      {
        name: 'm-1',
        volumeId: ID,
        policy: 'gold',
        phase: 'Pending',
        from: 'Cold',
        to: 'Hot',
        targetPool: 'pool-b',
        startedAtMs: undefined,
        completedAtMs: undefined,
        extraReplica: false,
      },
    ]);
  });

  it('say when they ended and what they left', async () => {
    const extraReplica = { replicaId: 'r-1', pool: 'pool-b', node: 'node-b', recordedTime: '2025-01-01T00:00:00Z' };
    const completionTime = '2025-01-01T01:00:00Z';
    api.put(MIGRATIONS, migration('aborted', {}, { phase: 'Aborted', completionTime, extraReplica }));
    const cleaned = { ...extraReplica, removedTime: completionTime };
    api.put(MIGRATIONS, migration('cleaned', {}, { phase: 'Aborted', completionTime, extraReplica: cleaned }));
    const preserving = {
      preservationMode: true,
      plan: { steps: ['Add', 'Sync', 'Verify'], replicaCount: 2 },
    };
    api.put(MIGRATIONS, migration('preserved', preserving, { phase: 'Completed', completionTime }));
    expect((await snapshot()).migrations).toMatchObject([
      { name: 'aborted', completedAtMs: Date.parse(completionTime), extraReplica: true },
      { name: 'cleaned', extraReplica: false },
      { name: 'preserved', phase: 'Completed', extraReplica: true },
    ]);
  });

  it('say of an extra replica what a later move has to know', async () => {
    const completionTime = '2025-01-01T01:00:00Z';
    const place = { pool: 'pool-b', node: 'node-b' };
    const [newReplica, oldReplica] = [
      { replicaId: 'r-new', ...place },
      { replicaId: 'r-old', pool: 'pool-a', node: 'node-a' },
    ];
    const extra = { ...newReplica, recordedTime: completionTime };
    const put = (name: string, spec: object, status: object, metadata: object = {}): void => {
      const ended = { phase: 'Aborted', completionTime, newReplica, oldReplica, extraReplica: extra, ...status };
      const object = migration(name, spec, ended);
      api.put(MIGRATIONS, { ...object, metadata: { name, ...metadata } });
    };
    const preserving = { preservationMode: true, plan: { steps: ['Add', 'Sync', 'Verify'], replicaCount: 2 } };
    put('aborted', {}, {});
    put('cleaning', { cleanup: true }, {});
    put('lending', {}, { extraReplica: { ...extra, adoptedBy: 'later' } });
    put('preserving', preserving, {
      phase: 'Completed',
      extraReplica: { ...oldReplica, recordedTime: completionTime },
    });
    put('removing', {}, { cordons: [{ kind: 'Node', name: 'n', setTime: completionTime }] });
    put('settled', {}, { extraReplica: { ...extra, adoptedBy: 'later', removedTime: completionTime } });
    put('going', {}, {}, { deletionTimestamp: completionTime, finalizers: ['storage.billyronks.io/migration'] });
    const facts = (await snapshot()).migrations.map(({ name, leftReplica, extraReplica }) => [
      name,
      { extraReplica, leftReplica },
    ]);
    const left = {
      replicaId: 'r-new',
      pool: 'pool-b',
      otherReplicaId: 'r-old',
      replicaCount: 2,
      isPreserved: false,
      isFree: true,
    };
    const given = { extraReplica: true, leftReplica: { ...left, isFree: false } };
    const kept = { ...left, replicaId: 'r-old', pool: 'pool-a', otherReplicaId: 'r-new', isPreserved: true };
    expect(Object.fromEntries(facts)).toEqual({
      aborted: { extraReplica: true, leftReplica: left },
      cleaning: given,
      going: given,
      lending: given,
      preserving: { extraReplica: true, leftReplica: kept },
      removing: given,
      settled: { extraReplica: false, leftReplica: undefined },
    });
  });

  it('name the cordons that may stand, also those of a later release and of one that has ended', async () => {
    const setTime = '2025-01-01T00:00:00Z';
    const pool = { kind: 'Pool', name: 'pool-b', setTime };
    const node = { kind: 'Node', name: 'node-b', label: 'couchestor-1', setTime };
    api.put(MIGRATIONS, migration('ended', {}, { phase: 'Aborted', completionTime: setTime, cordons: [node] }));
    const odd = [node, { kind: 'Rack', name: 'r' }, { kind: 'Pool' }, 7, { kind: 'Node', name: 'n', label: 7 }];
    api.put(MIGRATIONS, migration('later', { plan: 'later' }, { phase: 'Adding', cordons: odd }));
    api.put(MIGRATIONS, migration('lifted', {}, { phase: 'Syncing' }));
    api.put(MIGRATIONS, migration('steers', {}, { phase: 'Adding', cordons: [pool] }));
    expect((await snapshot()).migrations.map(({ name, cordons }) => [name, cordons])).toEqual([
      ['ended', [node]],
      ['later', [node, { kind: 'Node', name: 'n', label: '', setTime: '' }]],
      ['lifted', undefined],
      ['steers', [pool]],
    ]);
  });

  it('say when they began: their first step, or else when they were made; never, if cancelled before', async () => {
    const [made, began, ended] = ['2025-01-01T00:00:00Z', '2025-01-01T00:30:00Z', '2025-01-01T01:00:00Z'] as const;
    const put = (name: string, spec: object, status?: object): void => {
      const object = migration(name, spec, status);
      api.put(MIGRATIONS, { ...object, metadata: { name, creationTimestamp: made } });
    };
    put('began', {}, { phase: 'Syncing', startTime: began });
    put('cancelled-before', {}, { phase: 'Cancelled', completionTime: ended });
    put('cancelled-later', {}, { phase: 'Cancelled', startTime: began, completionTime: ended });
    put('failed-before', {}, { phase: 'Failed', completionTime: ended });
    put('later-release', { plan: 'later' }, { phase: 'Rewinding', startTime: began });
    put('made', {});
    const record = { volumeId: ID, from: 'Cold', to: 'Hot', completionTime: ended };
    const history = [
      { ...record, migration: 'past', outcome: 'Completed', startTime: began },
      { ...record, migration: 'past-cancelled', outcome: 'Cancelled' },
      { ...record, migration: 'past-failed', outcome: 'Failed' },
    ];
    api.put(POLICIES, { metadata: { name: 'gold' }, spec: {}, status: { history } });
    const starts = (await snapshot()).migrations.map(({ name, startedAtMs }) => [name, startedAtMs]);
    expect(Object.fromEntries(starts)).toEqual({
      began: Date.parse(began),
      'cancelled-before': undefined,
      'cancelled-later': Date.parse(began),
      'failed-before': Date.parse(made),
      'later-release': Date.parse(began),
      made: Date.parse(made),
      past: Date.parse(began),
      'past-cancelled': undefined,
      'past-failed': Date.parse(ended),
    });
  });

  it('say that they are parked while they wait for something else than their turn', async () => {
    const put = (name: string, phase: string, reason: string): void => {
      const condition = {
        type: 'Admitted',
        status: 'False',
        reason,
        message: '',
        lastTransitionTime: '2025-01-01T00:00:00Z',
      };
      api.put(MIGRATIONS, migration(name, {}, { phase, conditions: [condition] }));
    };
    put('window', 'Pending', 'OutsideWindow');
    put('limit', 'Pending', 'OperatorLimit');
    put('awaiting', 'AwaitingApproval', 'OutsideWindow');
    const parked = (await snapshot()).migrations.filter(({ isParked }) => isParked === true);
    expect(parked.map(({ name }) => name)).toEqual(['window']);
  });

  it('are not those that only rehearse', async () => {
    api.put(MIGRATIONS, migration('m-1', { dryRun: true }));
    expect((await snapshot()).migrations).toEqual([]);
  });

  it('count although this release cannot read all of them', async () => {
    api.put(MIGRATIONS, migration('m-1', { plan: 'later' }, { phase: 'Rewinding' }));
    expect((await snapshot()).migrations).toMatchObject([{ name: 'm-1', volumeId: ID, phase: 'Pending', to: 'Hot' }]);
  });

  it('without a volume are a reason to decide nothing', async () => {
    api.put(MIGRATIONS, migration('m-1', { volumeId: '../etc' }));
    await clock.advance(0);
    expect(objects.snapshot()).toEqual({ kind: 'refused', message: expect.stringContaining('VolumeMigration m-1') });
  });

  it('are found in the history of a policy when their object is gone, and not twice', async () => {
    const record = {
      volumeId: ID,
      from: 'Cold',
      to: 'Hot',
      outcome: 'Completed',
      completionTime: '2025-01-01T00:00:00Z',
    };
    const history = [{ ...record, migration: 'm-1' }, { ...record, migration: 'm-2' }, { migration: 'odd' }, 'odd'];
    api.put(POLICIES, { metadata: { name: 'gold' }, spec: 'of a later release', status: { history } });
    api.put(MIGRATIONS, migration('m-2'));
    expect((await snapshot()).migrations).toMatchObject([
      { name: 'm-2', phase: 'Pending' },
      { name: 'm-1', policy: 'gold', phase: 'Completed', to: 'Hot', completedAtMs: Date.parse('2025-01-01T00:00:00Z') },
    ]);
  });
});

describe('a snapshot', () => {
  it.each([VOLUMES, CLAIMS, NODES, MIGRATIONS, POLICIES])('is refused while %s may not be relied on', async (path) => {
    putVolume();
    for (const watch of api.watches) if (watch.path === path) watch.end();
    api.fault({ kind: 'status', code: 500 }, { path: new RegExp(`${path}$`), times: 1_000 });
    await clock.advance(6 * 60_000);
    expect(objects.snapshot()).toEqual({ kind: 'refused', message: expect.stringContaining('Nothing was heard') });
  });
});

describe('a subscriber', () => {
  it('is told of what a snapshot shows, and of nothing else', async () => {
    let calls = 0;
    const end = objects.subscribe(() => void (calls += 1));
    const callsAfter = async (change: () => void): Promise<number> => {
      calls = 0;
      change();
      await clock.advance(0);
      return calls;
    };
    expect(await callsAfter(() => putVolume())).toBe(1);
    expect(await callsAfter(() => putClaim())).toBe(1);
    expect(await callsAfter(() => putClaim({ status: { capacity: '2Gi' } }))).toBe(0);
    expect(await callsAfter(() => putClaim({ annotations: { 'storage.billyronks.io/opt-out': 'true' } }))).toBe(1);
    const node = { metadata: { name: 'node-a', labels: { zone: 'z1' } } };
    expect(await callsAfter(() => void api.put(NODES, node))).toBe(1);
    expect(await callsAfter(() => void api.put(NODES, { ...node, status: { heartbeat: 2 } }))).toBe(0);
    expect(await callsAfter(() => void api.put(MIGRATIONS, migration('m-1')))).toBe(1);
    const progressed = { ...migration('m-1'), status: { message: 'half of it is copied' } };
    expect(await callsAfter(() => void api.put(MIGRATIONS, progressed))).toBe(0);
    expect(await callsAfter(() => api.remove(VOLUMES, 'pvc-1'))).toBe(1);
    end();
    expect(await callsAfter(() => putVolume())).toBe(0);
  });
});

describe('its health', () => {
  it('is that of its informers', async () => {
    api.fault({ kind: 'status', code: 403, reason: 'Forbidden' }, { path: /persistentvolumes$/, times: 1_000 });
    for (const watch of api.watches) if (watch.path === VOLUMES) watch.send('ERROR', { code: 410 });
    await clock.advance(1_000);
    const failures = objects.informers.map((informer) => informer.health().failure);
    expect(failures.map((failure: CoucheStorError | undefined) => failure?.code)).toEqual([
      'forbidden',
      undefined,
      undefined,
      undefined,
    ]);
  });
});
