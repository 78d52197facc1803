/** What the adapters read of Mayastor in Kubernetes, on an API server with the objects of each release. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { VirtualClock } from '@couchestor/common/base';
import {
  HttpTransport,
  KubeClient,
  KubernetesClusterObjects,
  KubernetesOpenEbsObjects,
  KubernetesStoragePolicies,
} from '@couchestor/control-plane/adapters/kubernetes';
import {
  chooseStorageSystem,
  MayastorCrdSystem,
  MayastorRestSystem,
} from '@couchestor/control-plane/adapters/mayastor';
import { KubeApiServer } from '@couchestor/sandbox/kube';
import {
  DISK_POOL_VERSIONS,
  diskPoolVersionOf,
  MayastorCluster,
  MayastorObjects,
  MayastorRest,
  RELEASES,
  type MayastorObjectsOptions,
  type Release,
} from '@couchestor/sandbox/mayastor';
import { Lab } from '../../fault/kube-adapter/lab.ts';
import { VERSION_OF } from './truth.ts';

const GIB = 1024 ** 3;
const VOLUME = '9d1ee1a2-4f0c-4f2d-9a0e-6a1c2b3d4e5f';
const { signal } = new AbortController();
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Site {
  readonly cluster: MayastorCluster;
  readonly server: KubeApiServer;
  readonly client: KubeClient;
  readonly objects: MayastorObjects;
}

function clientOf(server: KubeApiServer, user?: { username: string; groups: string[] }): KubeClient {
  const config = new KubeConfig();
  config.loadFromString(server.kubeconfig(user));
  const transport = new HttpTransport({ config });
  ends.push(() => transport.close());
  return new KubeClient({ transport });
}

/** Two nodes in two zones, and a volume that is claimed. */
async function site(release: Release, options: Partial<MayastorObjectsOptions> = {}): Promise<Site> {
  const server = await KubeApiServer.start();
  ends.push(() => server.stop());
  const cluster = new MayastorCluster({ clock: new VirtualClock(), release, stalenessMs: 0 });
  for (const letter of ['a', 'b']) {
    cluster.addNode({ name: `node-${letter}` });
    const labels = { tier: letter === 'a' ? 'hot' : 'cold' };
    cluster.addPool({ name: `pool-${letter}`, node: `node-${letter}`, capacityBytes: 10 * GIB, labels });
  }
  cluster.createVolume({ volumeId: VOLUME, sizeBytes: GIB, replicaCount: 2, pools: ['pool-a', 'pool-b'] });
  cluster.publish(VOLUME, 'node-a');
  const zones = new Map([['node-a', 'zone-1']]);
  const objects = new MayastorObjects({ cluster, kube: server, zones, ...options });
  objects.start();
  ends.push(() => objects.stop());
  return { cluster, server, client: clientOf(server), objects };
}

describe('DiskPools', () => {
  it.each(DISK_POOL_VERSIONS)('are found where %s is served', async (diskPoolVersion) => {
    const { client } = await site('2.7', { diskPoolVersion });
    const listing = await new KubernetesOpenEbsObjects({ client, namespace: 'openebs' }).list('diskpools', signal);
    expect(listing).toMatchObject({ kind: 'listed', objects: [{ name: 'pool-a' }, { name: 'pool-b' }] });
  });

  it('may be hidden from this process', async () => {
    const { server } = await site('2.9');
    const client = clientOf(server, { username: 'nobody', groups: ['system:authenticated'] });
    const listing = await new KubernetesOpenEbsObjects({ client }).list('diskpools', signal);
    expect(listing).toMatchObject({ kind: 'forbidden', message: expect.stringContaining('diskpools.openebs.io') });
  });
});

describe.each(RELEASES)('Mayastor %s', (release) => {
  it('is known by the version of its Deployments', async () => {
    const { client, cluster } = await site(release, { diskPoolVersion: diskPoolVersionOf(release) });
    const server = await MayastorRest.start({ cluster });
    const objects = new KubernetesOpenEbsObjects({ client, namespace: 'openebs' });
    const system = new MayastorRestSystem({ url: server.url, clock: new VirtualClock(), attempts: 1, objects });
    ends.push(() => server.stop());
    ends.push(() => system.close());
    const { capabilities, pools } = await system.observe(signal);
    expect(capabilities.version?.split('.').slice(0, 2)).toEqual(VERSION_OF[release].split('.').slice(0, 2));
    expect(capabilities.poolCordons).toBe(cluster.features.poolCordons);
    expect(capabilities.removalKnowsCordons).toBe(cluster.features.removalKnowsCordons);
    expect(pools.map(({ labels }) => labels.tier)).toEqual(['hot', 'cold']);
    expect(pools.map(({ topologyLabels }) => topologyLabels.tier)).toEqual(['hot', 'cold']);
  });
});

it('a label that was taken from a pool is gone, although its DiskPool still names it', async () => {
  const { client, cluster } = await site('2.7');
  const server = await MayastorRest.start({ cluster });
  const objects = new KubernetesOpenEbsObjects({ client, namespace: 'openebs' });
  const system = new MayastorRestSystem({ url: server.url, clock: new VirtualClock(), attempts: 1, objects });
  ends.push(() => server.stop());
  ends.push(() => system.close());
  cluster.infrastructure.unlabelPool('pool-a', 'tier');
  const listing = await objects.list('diskpools', signal);
  expect(listing).toMatchObject({ objects: [{ spec: { topology: { labelled: { tier: 'hot' } } } }, {}] });
  expect((await system.observe(signal)).pools.map(({ labels }) => labels.tier)).toEqual([undefined, 'cold']);
});

describe('the Mayastor before 1.0', () => {
  it('is observed through its custom resources, where no REST API is configured', async () => {
    const { client, cluster, objects } = await site('2.0', { customResourcesOnly: true });
    const crd = new MayastorCrdSystem({ objects: new KubernetesOpenEbsObjects({ client }) });
    const system = await chooseStorageSystem({ rest: undefined, crd }, signal);
    const { capabilities, volumes, pools, nodes } = await system.observe(signal);
    expect(capabilities).toMatchObject({ kind: 'MayastorVolumeCrd', canMoveReplicas: false });
    expect(volumes).toMatchObject([
      {
        volumeId: VOLUME,
        sizeBytes: GIB,
        replicaCount: 2,
        status: 'Online',
        target: { node: 'node-a', status: 'Online', rebuildCount: 0, childCount: 2 },
        replicas: [
          { pool: 'pool-a', node: 'node-a', status: 'Online', childStatus: 'Online' },
          { pool: 'pool-b', node: 'node-b', status: 'Online', childStatus: 'Online' },
        ],
      },
    ]);
    expect(pools).toMatchObject([
      { pool: 'pool-a', node: 'node-a', status: 'Online', capacityBytes: 10 * GIB, labels: { tier: 'hot' } },
      { pool: 'pool-b', node: 'node-b', status: 'Online', labels: { tier: 'cold' } },
    ]);
    expect(nodes.map(({ node, status }) => `${node} ${status}`)).toEqual(['node-a Online', 'node-b Online']);
    cluster.setNodeStatus('node-b', 'Offline');
    objects.sync();
    const after = await system.observe(signal);
    expect(after.volumes).toMatchObject([{ status: 'Degraded' }]);
    expect(after.nodes).toMatchObject([{ status: 'Online' }, { status: 'Offline' }]);
  });
});

describe('the objects of the cluster', () => {
  it('are claims with their volumes, and nodes with their labels', async () => {
    const lab = await Lab.open();
    ends.push(() => lab.close());
    const { server } = lab;
    const cluster = new MayastorCluster({ clock: new VirtualClock(), release: '2.7' });
    cluster.addNode({ name: 'node-a' });
    cluster.addPool({ name: 'pool-a', node: 'node-a', capacityBytes: 10 * GIB });
    cluster.createVolume({ volumeId: VOLUME, sizeBytes: GIB, replicaCount: 1 });
    const stand = new MayastorObjects({ cluster, kube: server, zones: new Map([['node-a', 'zone-1']]) });
    stand.start();
    ends.push(() => stand.stop());
    const annotations = { 'storage.billyronks.io/pin': 'hot' };
    const claim = { namespace: 'shop', name: 'orders', storageClassName: 'tiered', labels: { app: 'db' }, annotations };
    stand.addClaims(new Map([[VOLUME, claim]]));

    const policies = new KubernetesStoragePolicies({ client: lab.client });
    const objects = new KubernetesClusterObjects({ client: lab.client, policies: policies.informer });
    expect(objects.snapshot().kind).toBe('refused');
    const stop = new AbortController();
    const informers = [...objects.informers, policies.informer];
    const running = informers.map((informer) => informer.run(stop.signal));
    ends.push(async () => {
      stop.abort();
      await Promise.all(running);
    });
    await Promise.all(informers.map((informer) => informer.waitForSync(stop.signal)));

    expect(objects.snapshot()).toEqual({
      kind: 'ok',
      claims: [
        {
          volumeId: VOLUME,
          volumeName: `pvc-${VOLUME}`,
          storageClassName: 'tiered',
          claim: { namespace: 'shop', name: 'orders', uid: VOLUME, labels: { app: 'db' }, annotations },
        },
      ],
      nodeLabels: new Map([['node-a', expect.objectContaining({ 'topology.kubernetes.io/zone': 'zone-1' })]]),
      migrations: [],
    });
  });
});

describe('https', () => {
  it('is spoken to a server whose authority is trusted, and to no other', async () => {
    // Any server with a certificate of its own will do; this one has no Mayastor behind it, and says so.
    const { server } = await site('2.9');
    const authority = /certificate-authority-data: "?([\w+/=]+)/.exec(server.kubeconfig())?.[1] ?? '';
    const common = { url: server.url, clock: new VirtualClock(), attempts: 1 };
    const trusting = new MayastorRestSystem({ ...common, caPem: Buffer.from(authority, 'base64').toString() });
    const wary = new MayastorRestSystem(common);
    ends.push(() => trusting.close());
    ends.push(() => wary.close());
    await expect(trusting.observe(signal)).rejects.toMatchObject({ fields: { status: expect.any(Number) } });
    const refused = await wary.observe(signal).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/certificate/) });
  });
});
