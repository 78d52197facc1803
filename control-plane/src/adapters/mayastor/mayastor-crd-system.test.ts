import { describe, expect, it } from '@jest/globals';
import { chooseStorageSystem } from './choose-storage-system.ts';
import { FakeStorageSystem } from './fake-storage-system.ts';
import { FakeOpenEbsObjects, objectsListed, VOLUME_ID, type Json } from './mayastor.fixture.ts';
import { MayastorCrdSystem } from './mayastor-crd-system.ts';

const { signal } = new AbortController();

const volume = {
  name: VOLUME_ID,
  spec: { replicaCount: 2, requiredBytes: 1000, requiredNodes: ['node-a', 'node-b'] },
  status: {
    size: 1024,
    state: 'healthy',
    targetNodes: ['node-a'],
    nexus: {
      node: 'node-a',
      state: 'NEXUS_ONLINE',
      children: [
        { uri: 'bdev:///r1', state: 'CHILD_ONLINE' },
        { uri: 'nvmf://b/r2', state: 'CHILD_DEGRADED' },
      ],
    },
    replicas: [
      { node: 'node-a', pool: 'pool-a', uri: 'bdev:///r1', offline: false },
      { node: 'node-b', pool: 'pool-b', uri: 'nvmf://b/r2', offline: true },
    ],
  },
};
const pool = { name: 'pool-a', labels: { tier: 'hot' }, spec: { node: 'node-a' } };

function system(volumes: Json = volume): MayastorCrdSystem {
  const objects = new FakeOpenEbsObjects({
    mayastorvolumes: objectsListed(volumes),
    mayastorpools: objectsListed({ ...pool, status: { state: 'online', capacity: 5000, used: 10 } }, { name: 'odd' }),
    mayastornodes: objectsListed({ name: 'node-a', status: 'online' }, { name: 'node-b', status: 'gone' }),
  });
  return new MayastorCrdSystem({ objects });
}

describe('the Mayastor before 1.0', () => {
  it('shows its volumes, pools and nodes, and can move nothing', async () => {
    const { capabilities, volumes, pools, nodes } = await system().observe(signal);
    expect(capabilities).toMatchObject({ kind: 'MayastorVolumeCrd', canMoveReplicas: false });
    expect(volumes).toMatchObject([
      {
        volumeId: VOLUME_ID,
        sizeBytes: 1024,
        replicaCount: 2,
        status: 'Online',
        target: { node: 'node-a', status: 'Online', childCount: 2, rebuildCount: 1 },
        replicas: [
          { replicaId: 'pool-a', pool: 'pool-a', node: 'node-a', status: 'Online', childStatus: 'Online' },
          { replicaId: 'pool-b', status: 'Unknown', childStatus: 'Degraded' },
        ],
        topology: { allowedNodes: ['node-a', 'node-b'] },
      },
    ]);
    expect(pools).toMatchObject([{ pool: 'pool-a', status: 'Online', capacityBytes: 5000, labels: { tier: 'hot' } }]);
    expect(nodes).toMatchObject([{ status: 'Online' }, { node: 'node-b', status: 'Unknown' }]);
  });

  it.each([
    ['pending', 'Creating', 'Unknown'],
    ['degraded', 'Created', 'Degraded'],
    ['faulted', 'Created', 'Faulted'],
    ['offline', 'Created', 'Unknown'],
    ['destroyed', 'Deleted', 'Unknown'],
  ])('calls a volume %s', async (state, specStatus, status) => {
    const { volumes } = await system({ ...volume, status: { state } }).observe(signal);
    expect(volumes).toMatchObject([{ specStatus, status, sizeBytes: 1000, target: undefined, replicas: [] }]);
  });

  it.each([
    ['unsupported', { ...volume, spec: { requiredBytes: 1 } }],
    ['unsupported', { ...volume, spec: { replicaCount: 2 }, status: {} }],
    ['invalid', { ...volume, name: '../etc' }],
  ])('is %s with %#', async (code, odd) => {
    await expect(system(odd).observe(signal)).rejects.toMatchObject({ code });
  });

  it.each([
    [{ kind: 'notServed' } as const, 'unsupported'],
    [{ kind: 'forbidden', message: 'may not' } as const, 'forbidden'],
  ])('cannot be observed when its resources are %j', async (mayastorvolumes, code) => {
    const objects = new FakeOpenEbsObjects({ mayastorvolumes });
    await expect(new MayastorCrdSystem({ objects }).observe(signal)).rejects.toMatchObject({ code });
  });
});

describe('the storage system of a cluster', () => {
  const absent = new MayastorCrdSystem({ objects: new FakeOpenEbsObjects() });

  it('is the configured one, whatever is served', async () => {
    const rest = new FakeStorageSystem();
    expect(await chooseStorageSystem({ rest, crd: system() }, signal)).toBe(rest);
  });

  it('is the custom resource where nothing is configured and it is served', async () => {
    const crd = system();
    expect(await chooseStorageSystem({ rest: undefined, crd }, signal)).toBe(crd);
  });

  it('has to be one of the two', async () => {
    await expect(chooseStorageSystem({ rest: undefined, crd: absent }, signal)).rejects.toMatchObject({
      code: 'invalid',
      fields: { remedy: expect.stringContaining('URL') },
    });
  });
});
