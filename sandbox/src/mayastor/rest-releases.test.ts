/** What each release has over REST, and what it does not say yet. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { GIB } from './cluster.fixture.ts';
import { keysOf, pick, startsRest } from './rest.fixture.ts';
import { RELEASES, type Release } from './types.ts';

const start = startsRest(afterEach);

describe('what a release does not have is not found, with an empty body', () => {
  const flags = { replicas: true, snapshots: true, restores: true, import: true };
  const calls: readonly [name: string, since: Release, request: { method: string; path: string; body?: unknown }][] = [
    ['rebuild history', '2.5', { method: 'GET', path: '/volumes/ID/rebuild-history' }],
    ['labels of nodes', '2.7', { method: 'PUT', path: '/nodes/a/label/rack=1' }],
    ['properties', '2.7', { method: 'PUT', path: '/volumes/ID/property', body: { max_snapshots: 1 } }],
    ['resizing', '2.7', { method: 'PUT', path: '/volumes/ID/size', body: { size: 20 * GIB } }],
    ['labels of pools', '2.7', { method: 'PUT', path: '/pools/pool-a/label/tier=hot' }],
    ['cordons of pools', '2.10', { method: 'PUT', path: '/pools/pool-a/cordon', body: flags }],
  ];
  it.each(calls)('%s before %s', async (_, since, { method, path, body }) => {
    for (const release of RELEASES) {
      const api = await start(['a'], { release });
      const volumeId = api.test.volume(['a']);
      const reply = await api.call(method, path.replace('ID', volumeId), { body });
      if (RELEASES.indexOf(release) >= RELEASES.indexOf(since)) expect(reply.status).toBe(200);
      else expect(reply).toEqual({ status: 404, body: '' });
    }
  });

  it('drains and cordons of nodes are in every release', async () => {
    for (const release of RELEASES) {
      const api = await start(['a'], { release });
      expect((await api.call('PUT', '/nodes/a/drain/x')).status).toBe(200);
      expect((await api.call('PUT', '/nodes/a/cordon/y')).status).toBe(200);
    }
  });
});

/** A volume that has all that a volume can have, on a node and a pool that have it too. */
async function everything(release: Release): Promise<{ volume: unknown; node: unknown; pool: unknown; disk: unknown }> {
  const api = await start([], { release });
  const { cluster } = api.test;
  for (const name of ['a', 'b']) {
    cluster.addNode({ name, labels: { rack: '1' } });
    cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 100 * GIB, labels: { tier: 'hot' } });
  }
  const labelled = { inclusion: { tier: 'hot' }, exclusion: {}, affinity_key: ['tier'] };
  const explicit = { allowed_nodes: ['a', 'b'], preferred_nodes: [] };
  const volumeId = api.test.volume(['a', 'b'], {
    affinityGroup: 'g',
    maxSnapshots: 3,
    labels: { app: 'x' },
    topology: { pool_topology: { labelled }, node_topology: { explicit } },
  });
  cluster.createSnapshot(volumeId);
  cluster.setOperation(volumeId, 'Publish');
  cluster.setNodeStatus('b', 'Offline');
  cluster.setNodeStatus('b', 'Online');
  await api.test.clock.advance(11_000);
  const get = async (path: string): Promise<unknown> => (await api.call('GET', path)).body;
  return {
    volume: await get(`/volumes/${volumeId}`),
    node: await get('/nodes/a'),
    pool: await get('/pools/pool-a'),
    disk: pick(await get('/nodes/a/block_devices?all=true'), 1),
  };
}

describe.each(RELEASES)('the keys of %s are those of its specification', (release) => {
  const since = (first: Release, ...keys: string[]): string[] =>
    RELEASES.indexOf(release) >= RELEASES.indexOf(first) ? keys : [];

  it('of volumes', async () => {
    const { volume } = await everything(release);
    const spec = [
      'uuid',
      'size',
      'num_replicas',
      'status',
      'target',
      'topology',
      'policy',
      'thin',
      'labels',
      'operation',
    ];
    expect(keysOf(volume, 'spec').sort()).toEqual(
      [...spec, ...since('2.5', 'affinity_group', 'as_thin', 'num_snapshots'), ...since('2.7', 'max_snapshots')].sort(),
    );
    expect(keysOf(volume, 'spec', 'target')).toEqual(['node', 'protocol', ...since('2.5', 'frontend_nodes')]);
    expect(keysOf(volume, 'spec', 'topology', 'pool_topology', 'labelled')).toEqual([
      'inclusion',
      'exclusion',
      ...since('2.8', 'affinity_key'),
    ]);
    expect(pick(volume, 'spec', 'topology', 'node_topology', 'explicit', 'allowed_nodes')).toEqual(['a', 'b']);
    expect(keysOf(volume, 'state').sort()).toEqual(
      [
        ...['uuid', 'size', 'status', 'target', 'replica_topology'],
        ...since('2.5', 'usage'),
        ...since('2.9', 'health'),
      ].sort(),
    );
  });

  it('of what replicas are to their target', async () => {
    const { volume } = await everything(release);
    const replicas = Object.values(pick(volume, 'state', 'replica_topology') as object) as unknown[];
    expect(keysOf(replicas, 0).sort()).toEqual(
      ['node', 'pool', 'state', ...since('2.5', 'child-status', 'usage')].sort(),
    );
    expect(keysOf(replicas, 1).sort()).toEqual(
      ['node', 'pool', 'state', ...since('2.5', 'child-status', 'rebuild-progress', 'usage')].sort(),
    );
    expect(keysOf(volume, 'state', 'target').sort()).toEqual(
      ['uuid', 'node', 'deviceUri', 'protocol', 'rebuilds', 'size', 'state', 'children'].sort(),
    );
    expect(pick(volume, 'state', 'target', 'children', 1)).toEqual({
      uri: expect.any(String),
      state: 'Degraded',
      rebuildProgress: expect.any(Number),
    });
  });

  it('of nodes, pools and disks', async () => {
    const { node, pool, disk } = await everything(release);
    expect(keysOf(node, 'spec')).toEqual([...['id', 'grpcEndpoint', 'node_nqn'], ...since('2.7', 'version', 'labels')]);
    expect(keysOf(pool, 'spec')).toEqual([
      ...['id', 'node', 'disks', 'labels', 'status'],
      ...since('2.9', 'encrypted'),
    ]);
    expect(keysOf(pool, 'state')).toEqual([
      ...['id', 'node', 'disks', 'capacity', 'used'],
      ...since('2.5', 'committed'),
      'status',
      ...since('2.9', 'encrypted'),
    ]);
    expect(Object.hasOwn(disk as object, 'is_rotational')).toBe(since('2.7', 'x').length > 0);
    expect(Object.hasOwn(disk as object, 'connection_type')).toBe(since('2.7', 'x').length > 0);
  });
});
