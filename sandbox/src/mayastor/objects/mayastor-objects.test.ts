import { VirtualClock } from '@couchestor/common/base';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Api } from '../../kube/api.fixture.ts';
import type { KubeObject } from '../../kube/index.ts';
import { MayastorCluster } from '../cluster.ts';
import type { Release } from '../types.ts';
import { DISK_POOL_VERSIONS } from './disk-pool-definition.ts';
import { diskPoolVersionOf, MayastorObjects } from './mayastor-objects.ts';
import type { MayastorObjectsOptions } from './mayastor-objects.ts';

const GIB = 1024 ** 3;
const volumeId = '9d1ee1a2-4f0c-4f2d-9a0e-6a1c2b3d4e5f';
const claim = {
  namespace: 'shop',
  name: 'orders',
  storageClassName: 'mayastor-2',
  labels: { app: 'orders' },
  annotations: { note: 'kept' },
};

interface Setting {
  clock: VirtualClock;
  cluster: MayastorCluster;
  objects: MayastorObjects;
  /** The object at a path, as a client reads it. */
  get: (path: string) => Promise<KubeObject & { spec: Record<string, unknown>; status: Record<string, unknown> }>;
  api: Api;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function setUp(options: Partial<MayastorObjectsOptions> = {}, release: Release = '2.10'): Promise<Setting> {
  const clock = new VirtualClock();
  const cluster = new MayastorCluster({ clock, release });
  for (const name of ['a', 'b', 'c']) {
    cluster.addNode({ name });
    cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 10 * GIB, labels: { tier: 'hot' } });
  }
  cluster.createVolume({ volumeId, sizeBytes: GIB, replicaCount: 2, pools: ['pool-a', 'pool-b'] });
  cluster.publish(volumeId, 'a');
  const api = await Api.start();
  const zones = new Map([['a', 'zone-1']]);
  const objects = new MayastorObjects({ cluster, kube: api.server, zones, ...options });
  ends.push(async () => {
    objects.stop();
    await api.stop();
  });
  objects.start();
  objects.addStorageClass({ name: 'mayastor-2', replicaCount: 2, thin: false });
  objects.addClaims(new Map([[volumeId, claim]]));
  const get: Setting['get'] = async (path) => {
    const { code, body } = await api.call('GET', path);
    expect([path, code]).toEqual([path, 200]);
    return body as never;
  };
  return { clock, cluster, objects, api, get };
}

const pools = (version: string): string => `/apis/openebs.io/${version}/namespaces/openebs/diskpools`;
const custom = (plural: string): string => `/apis/openebs.io/v1alpha1/namespaces/openebs/${plural}`;
const claimPath = '/api/v1/namespaces/shop/persistentvolumeclaims/orders';
const volumePath = `/api/v1/persistentvolumes/pvc-${volumeId}`;

describe('the objects of a cluster with Mayastor', () => {
  it('have a claim, a volume and storage under one identifier', async () => {
    const { get } = await setUp();
    const volume = await get(volumePath);
    expect(volume.spec).toMatchObject({
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'shop', name: 'orders', uid: volumeId },
      csi: { driver: 'io.openebs.csi-mayastor', volumeHandle: volumeId },
      storageClassName: 'mayastor-2',
    });
    const bound = await get(claimPath);
    expect(bound.metadata).toMatchObject({ uid: volumeId, labels: claim.labels });
    expect(bound.metadata.annotations).toMatchObject(claim.annotations);
    expect([bound.spec.volumeName, bound.status.phase, volume.status.phase]).toEqual([
      `pvc-${volumeId}`,
      'Bound',
      'Bound',
    ]);
    const storageClass = await get('/apis/storage.k8s.io/v1/storageclasses/mayastor-2');
    expect(storageClass).toMatchObject({ provisioner: 'io.openebs.csi-mayastor', parameters: { repl: '2' } });
  });

  it('are such as the API itself would accept', async () => {
    const { api, get } = await setUp();
    const paths = [claimPath, volumePath, '/api/v1/nodes/a', `${pools('v1beta3')}/pool-a`];
    for (const path of [...paths, '/apis/apps/v1/namespaces/openebs/deployments/mayastor-api-rest']) {
      const object = await get(path);
      for (const part of ['', '/status']) {
        expect([path, part, (await api.call('PUT', `${path}${part}`, object)).code]).toEqual([path, part, 200]);
      }
      expect((await get(path)).metadata.resourceVersion).toBe(object.metadata.resourceVersion);
    }
  });

  it('name the zone of a node, and say when it is not ready', async () => {
    const { get, cluster, objects } = await setUp();
    expect((await get('/api/v1/nodes/a')).metadata.labels).toMatchObject({ 'topology.kubernetes.io/zone': 'zone-1' });
    cluster.setNodeStatus('a', 'Offline');
    objects.sync();
    expect((await get('/api/v1/nodes/a')).status.conditions).toMatchObject([{ type: 'Ready', status: 'Unknown' }]);
    expect((await get('/api/v1/nodes/b')).status.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
  });

  it.each([
    ['2.7', '2.7.1'],
    ['2.10', '2.10.0'],
  ] as const)('tell the release %s by the labels of the REST Deployment', async (release, version) => {
    const { get } = await setUp({}, release);
    const { metadata } = await get('/apis/apps/v1/namespaces/openebs/deployments/mayastor-api-rest');
    expect(metadata.labels).toEqual({
      app: 'api-rest',
      'openebs.io/release': 'mayastor',
      'openebs.io/version': version,
    });
  });

  it('go when the storage of a volume goes', async () => {
    const { api, cluster, clock } = await setUp();
    cluster.deleteVolume(volumeId);
    await clock.advance(1000);
    for (const path of [claimPath, volumePath]) expect((await api.call('GET', path)).code).toBe(404);
  });

  it('leave nothing running', async () => {
    const { clock, objects } = await setUp();
    objects.stop();
    expect(clock.pendingTimerCount).toBe(0);
  });
});

describe('DiskPools', () => {
  it('are served in the version of the release', () => {
    expect((['2.0', '2.5', '2.7', '2.8', '2.9', '2.10'] as const).map(diskPoolVersionOf)).toEqual([
      'v1alpha1',
      'v1beta1',
      'v1beta2',
      'v1beta2',
      'v1beta3',
      'v1beta3',
    ]);
  });

  it.each(DISK_POOL_VERSIONS)('have what %s has, and no other version is served', async (version) => {
    const { api, get } = await setUp({ diskPoolVersion: version });
    const pool = await get(`${pools(version)}/pool-a`);
    expect(pool.spec).toMatchObject({ node: 'a', disks: ['/dev/disk/by-id/nvme-pool-a'] });
    const labelled = version === 'v1beta2' || version === 'v1beta3';
    expect(pool.spec.topology).toEqual(labelled ? { labelled: { tier: 'hot' } } : undefined);
    expect(pool.status).toMatchObject({ capacity: 10 * GIB, used: GIB, available: 9 * GIB });
    const words = [pool.status.state, pool.status.cr_state, pool.status.pool_status, pool.status.status];
    expect(words).toEqual(
      {
        v1alpha1: ['Online', undefined, undefined, undefined],
        v1beta1: [undefined, 'Created', 'Online', undefined],
        v1beta2: [undefined, 'Created', 'Online', undefined],
        v1beta3: [undefined, 'Created', 'Online', 'Online'],
      }[version],
    );
    for (const other of DISK_POOL_VERSIONS.filter((one) => one !== version)) {
      expect((await api.call('GET', pools(other))).code).toBe(404);
    }
  });

  it.each(DISK_POOL_VERSIONS)('survive a client that writes them back as %s', async (version) => {
    const { api, get } = await setUp({ diskPoolVersion: version });
    const path = `${pools(version)}/pool-a`;
    const { status } = await get(path);
    for (const part of ['', '/status'])
      expect((await api.call('PUT', `${path}${part}`, await get(path))).code).toBe(200);
    expect((await get(path)).status).toEqual(status);
  });

  it('follow their pools in time', async () => {
    const { get, cluster, clock } = await setUp();
    const path = `${pools('v1beta3')}/pool-c`;
    const readyAt = async (): Promise<unknown> => (await get(path)).status.conditions;
    const before = await readyAt();
    cluster.createVolume({ sizeBytes: 2 * GIB, replicaCount: 1, pools: ['pool-c'] });
    await clock.advance(1000);
    expect((await get(path)).status).toMatchObject({ used: 2 * GIB, used_q: '2 GiB', available: 8 * GIB });
    expect(await readyAt()).toEqual(before);
    cluster.setPoolStatus('pool-c', 'Suspected');
    await clock.advance(1000);
    expect((await get(path)).status).toMatchObject({
      status: 'Suspected',
      pool_status: 'Unknown',
      conditions: [{ type: 'PoolReady', status: 'False', reason: 'PoolSuspected' }],
    });
    expect(await readyAt()).not.toEqual(before);
  });

  it('are written only when something changed', async () => {
    const { api, clock } = await setUp();
    // The namespaces get their service accounts first.
    await clock.advance(1000);
    const { revision } = api.server.store;
    await clock.advance(10_000);
    expect(api.server.store.revision).toBe(revision);
  });

  it('appear with a new pool, and do not come back when a user deletes one', async () => {
    const { api, cluster, objects } = await setUp();
    await api.call('DELETE', `${pools('v1beta3')}/pool-a`);
    cluster.addPool({ name: 'pool-new', node: 'c', capacityBytes: GIB });
    objects.sync();
    const names = (await api.call('GET', pools('v1beta3'))).body.items.map(({ metadata }) => metadata.name);
    expect(names).toEqual(['pool-b', 'pool-c', 'pool-new']);
  });
});

describe('the custom resources before 1.0', () => {
  const path = `${custom('mayastorvolumes')}/${volumeId}`;
  const setReplicaCount = ({ api }: Setting, replicaCount: number): Promise<{ code: number }> =>
    api.call('PATCH', path, { spec: { replicaCount } }, { 'content-type': 'application/merge-patch+json' });

  it('tell of volumes, pools and nodes, and there is no REST', async () => {
    const { api, get } = await setUp({ customResourcesOnly: true });
    expect(await get(path)).toMatchObject({
      spec: { replicaCount: 2, requiredBytes: GIB },
      status: {
        size: GIB,
        state: 'healthy',
        targetNodes: ['a'],
        nexus: { node: 'a', state: 'NEXUS_ONLINE', children: [{ state: 'CHILD_ONLINE' }, { state: 'CHILD_ONLINE' }] },
        replicas: [
          { node: 'a', pool: 'pool-a', offline: false },
          { node: 'b', pool: 'pool-b', offline: false },
        ],
      },
    });
    const pool = await get(`${custom('mayastorpools')}/pool-a`);
    expect(pool.status).toMatchObject({ state: 'online', capacity: 10 * GIB, used: GIB });
    expect((await get(`${custom('mayastornodes')}/a`)).status).toBe('online');
    expect((await api.call('GET', pools('v1beta3'))).code).toBe(404);
    expect((await api.call('GET', '/apis/apps/v1/namespaces/openebs/deployments')).body.items).toEqual([]);
  });

  it('name a replica in the target as in the list of replicas', async () => {
    const { get } = await setUp({ customResourcesOnly: true });
    type Status = Record<'replicas' | 'children', { uri: string }[]> & { nexus: Status };
    const { nexus, replicas } = (await get(path)).status as unknown as Status;
    expect(nexus.children.map(({ uri }) => uri)).toEqual(replicas.map(({ uri }) => uri));
  });

  it('act upon a changed replica count, one replica at a time', async () => {
    const setting = await setUp({ customResourcesOnly: true });
    const { cluster, clock, get } = setting;
    const replicaCount = (): number => cluster.view().volumes[0]!.replicaCount;
    expect((await setReplicaCount(setting, 3)).code).toBe(200);
    await clock.advance(1000);
    expect(replicaCount()).toBe(3);
    await clock.advance(600_000);
    expect((await get(path)).status).toMatchObject({ state: 'healthy', replicas: [{}, {}, {}] });
    await setReplicaCount(setting, 1);
    await clock.advance(1000);
    expect(replicaCount()).toBe(2);
    await clock.advance(1000);
    expect(replicaCount()).toBe(1);
    expect((await get(path)).spec.replicaCount).toBe(1);
  });

  it('say why a replica count cannot be had, and keep what was asked for', async () => {
    const setting = await setUp({ customResourcesOnly: true });
    const { cluster, clock, get } = setting;
    await setReplicaCount(setting, 4);
    await clock.advance(600_000);
    const { spec, status } = await get(path);
    expect(cluster.view().volumes[0]!.replicaCount).toBe(3);
    expect([spec.replicaCount, status.reason]).toEqual([4, expect.stringContaining('insufficient resources')]);
  });

  it('are refused by the API without what they need', async () => {
    const { api } = await setUp({ customResourcesOnly: true });
    const object = { apiVersion: 'openebs.io/v1alpha1', kind: 'MayastorVolume', metadata: { name: 'x' }, spec: {} };
    expect((await api.call('POST', custom('mayastorvolumes'), object)).code).toBe(422);
  });
});
