/** REST v0 over real HTTP: paths, shapes, casing and codes. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { GIB } from './cluster.fixture.ts';
import { items, keysOf, pick, startsRest } from './rest.fixture.ts';

const start = startsRest(afterEach);

const creation = { policy: { self_heal: true }, replicas: 1, size: GIB, thin: false };
const uuid = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;

describe('volumes', () => {
  it('are listed only with max_entries, where 0 stands for all', async () => {
    const api = await start(['a']);
    const ids = [1, 2, 3].map(() => api.test.volume(['a']));
    expect(await api.call('GET', '/volumes')).toEqual({
      status: 400,
      body: { details: 'Query deserialize error: missing field `max_entries`', message: '', kind: 'Deserialize' },
    });
    const { body } = await api.call('GET', '/volumes?max_entries=0');
    expect(items(body, 'entries').map((entry) => pick(entry, 'spec', 'uuid'))).toEqual(ids);
    expect(body).not.toHaveProperty('next_token');
  });

  it('are listed in pages, and a token leads from one to the next', async () => {
    const api = await start(['a']);
    const ids = [1, 2, 3].map(() => api.test.volume(['a']));
    const seen: unknown[] = [];
    const tokens: unknown[] = [];
    for (let token: unknown = 0; token !== undefined;) {
      const { body } = await api.call('GET', `/volumes?max_entries=2&starting_token=${JSON.stringify(token)}`);
      seen.push(...items(body, 'entries').map((entry) => pick(entry, 'spec', 'uuid')));
      token = pick(body, 'next_token');
      tokens.push(token);
    }
    expect(seen).toEqual(ids);
    expect(tokens).toEqual([2, undefined]);
  });

  it('may be asked for one that is not there, without an error', async () => {
    const api = await start(['a']);
    const { status, body } = await api.call('GET', `/volumes?max_entries=0&volume_id=${uuid(1)}`);
    expect({ status, body }).toEqual({ status: 200, body: { entries: [] } });
    expect((await api.call('GET', `/volumes/${uuid(1)}`)).status).toBe(404);
  });

  it('have the keys of the real ones, in their casing, and leave out what is not there', async () => {
    const api = await start(['a', 'b']);
    const volumeId = api.test.volume(['a'], { sizeBytes: 10 * GIB, maxSnapshots: 3, affinityGroup: 'g' });
    api.test.cluster.unpublish(volumeId);
    const plain = await api.call('GET', `/volumes/${volumeId}`);
    expect(keysOf(plain.body, 'spec').sort()).toEqual(
      [
        'affinity_group',
        'max_snapshots',
        'num_replicas',
        'num_snapshots',
        'policy',
        'size',
        'status',
        'thin',
        'uuid',
      ].sort(),
    );
    expect(keysOf(plain.body, 'state').sort()).toEqual(['replica_topology', 'size', 'status', 'usage', 'uuid']);
    api.test.cluster.publish(volumeId, 'a');
    const scaled = await api.call('PUT', `/volumes/${volumeId}/replica_count/2`);
    await api.test.clock.advance(42_000);
    const { body } = await api.call('GET', `/volumes/${volumeId}`);
    const replicaId = api.test.replicaOn(volumeId, 'b').replicaId;
    expect(scaled.status).toBe(200);
    expect(pick(body, 'spec')).toMatchObject({ num_replicas: 2, target: { node: 'a', protocol: 'nvmf' } });
    expect(pick(body, 'state', 'status')).toBe('Degraded');
    expect(pick(body, 'state', 'replica_topology', replicaId)).toEqual({
      node: 'b',
      pool: 'pool-b',
      state: 'Online',
      'child-status': 'Degraded',
      'rebuild-progress': 42,
      usage: expect.objectContaining({ capacity: 10 * GIB, allocated: 10 * GIB }),
    });
    expect(pick(body, 'state', 'target')).toMatchObject({
      node: 'a',
      rebuilds: 1,
      state: 'Degraded',
      protocol: 'nvmf',
    });
    expect(pick(body, 'state', 'target', 'children', 1)).toEqual({
      uri: expect.stringContaining(`?uuid=${replicaId}`),
      state: 'Degraded',
      rebuildProgress: 42,
    });
  });

  it('are created, published, unpublished and deleted', async () => {
    const api = await start(['a', 'b']);
    const path = `/volumes/${uuid(1)}`;
    const topology = { pool_topology: { labelled: { inclusion: { tier: '' }, exclusion: {} } } };
    expect((await api.call('PUT', path, { body: { ...creation, topology } })).status).toBe(507);
    const created = await api.call('PUT', path, { body: { ...creation, labels: { app: 'x' }, topology: null } });
    expect(created).toMatchObject({ status: 200, body: { spec: { status: 'Created', labels: { app: 'x' } } } });
    expect(await api.call('PUT', path, { body: creation })).toMatchObject({
      status: 422,
      body: { kind: 'AlreadyExists' },
    });
    const publish = { publish_context: {}, protocol: 'nvmf', node: 'b', frontend_node: 'app-1' };
    const published = await api.call('PUT', `${path}/target`, { body: publish });
    expect(pick(published.body, 'spec', 'target')).toMatchObject({ node: 'b', frontend_nodes: [{ name: 'app-1' }] });
    expect(await api.call('PUT', `${path}/target`, { body: publish })).toMatchObject({
      status: 412,
      body: { kind: 'AlreadyPublished' },
    });
    expect(pick((await api.call('DELETE', `${path}/target`)).body, 'spec')).not.toHaveProperty('target');
    expect(await api.call('DELETE', `${path}/target`)).toMatchObject({ status: 412, body: { kind: 'NotPublished' } });
    expect(await api.call('DELETE', path)).toEqual({ status: 204, body: '' });
    expect(await api.call('GET', path)).toMatchObject({
      status: 404,
      body: { kind: 'NotFound', message: `Volume '${uuid(1)}' not found` },
    });
  });

  it('cannot have their topology changed', async () => {
    const api = await start(['a'], { release: '2.10' });
    const topology = { pool_topology: { labelled: { inclusion: {}, exclusion: { tier: '' } } } };
    const volumeId = api.test.volume(['a'], { topology });
    const { status } = await api.call('PUT', `/volumes/${volumeId}/property`, { body: { topology: {} } });
    expect(status).toBe(400);
    const max = await api.call('PUT', `/volumes/${volumeId}/property`, { body: { max_snapshots: 5 } });
    expect(pick(max.body, 'spec')).toMatchObject({ max_snapshots: 5, topology });
  });

  it('grow', async () => {
    const api = await start(['a']);
    const volumeId = api.test.volume(['a']);
    const larger = await api.call('PUT', `/volumes/${volumeId}/size`, { body: { size: 11 * GIB } });
    expect(pick(larger.body, 'spec', 'size')).toBe(11 * GIB);
    expect((await api.call('PUT', `/volumes/${volumeId}/size`, { body: { size: 1 } })).status).toBe(406);
  });

  it('tell the history of their rebuilds, but only while they are published', async () => {
    const api = await start(['a', 'b']);
    const volumeId = api.test.volume(['a']);
    await api.call('PUT', `/volumes/${volumeId}/replica_count/2`);
    await api.test.clock.advance(100_000);
    const { body } = await api.call('GET', `/volumes/${volumeId}/rebuild-history`);
    expect(pick(body, 'targetUuid')).toBe(api.test.view(volumeId).target?.nexusId);
    expect(pick(body, 'records')).toEqual([
      {
        childUri: expect.stringContaining(api.test.replicaOn(volumeId, 'b').replicaId),
        srcUri: expect.stringContaining(api.test.replicaOn(volumeId, 'a').replicaId),
        rebuildJobState: 'Completed',
        blocksTotal: (10 * GIB) / 512,
        blocksRecovered: (10 * GIB) / 512,
        blocksTransferred: (10 * GIB) / 512,
        blocksRemaining: 0,
        blockSize: 512,
        isPartial: false,
        startTime: '2025-01-01T00:00:00.000Z',
        endTime: '2025-01-01T00:01:40.000Z',
      },
    ]);
    api.test.cluster.unpublish(volumeId);
    expect(await api.call('GET', `/volumes/${volumeId}/rebuild-history`)).toMatchObject({
      status: 412,
      body: { kind: 'NotPublished' },
    });
  });
});

describe('nodes and pools', () => {
  it('show their cordons in the words of the release', async () => {
    const api = await start(['a', 'b'], { release: '2.10' });
    const cordoned = await api.call('PUT', '/nodes/a/cordon/mine');
    expect(pick(cordoned.body, 'spec', 'cordondrainstate')).toEqual({ cordonedstate: { cordonlabels: ['mine'] } });
    expect((await api.call('PUT', '/nodes/a/cordon/mine')).status).toBe(412);
    const drained = await api.call('PUT', '/nodes/a/drain/theirs');
    expect(pick(drained.body, 'spec', 'cordondrainstate')).toEqual({
      drainedstate: { cordonlabels: ['mine'], drainlabels: ['theirs'] },
    });
    for (const label of ['mine', 'theirs']) await api.call('DELETE', `/nodes/a/cordon/${label}`);
    expect(pick((await api.call('GET', '/nodes/a')).body, 'spec')).not.toHaveProperty('cordondrainstate');
    const flags = { replicas: true, snapshots: false, restores: false, import: false };
    const pool = await api.call('PUT', '/pools/pool-a/cordon', { body: flags });
    expect(pick(pool.body, 'spec', 'cordonDrain')).toEqual({ cordoned: flags });
    expect(pick((await api.call('DELETE', '/pools/pool-a/cordon', { body: flags })).body, 'spec')).not.toHaveProperty(
      'cordonDrain',
    );
    expect((await api.call('PUT', '/pools/pool-a/cordon', { body: { replicas: true } })).status).toBe(400);
  });

  it('take labels whose keys are written as they are or escaped', async () => {
    const api = await start(['a']);
    const labelled = await api.call('PUT', '/pools/pool-a/label/openebs.io%2Ftier=cold');
    expect(pick(labelled.body, 'spec', 'labels')).toEqual({ 'openebs.io/tier': 'cold' });
    expect((await api.call('PUT', '/pools/pool-a/label/openebs.io%2Ftier=hot')).status).toBe(412);
    const changed = await api.call('PUT', '/pools/pool-a/label/openebs.io%2Ftier=hot?overwrite=true');
    expect(pick(changed.body, 'spec', 'labels')).toEqual({ 'openebs.io/tier': 'hot' });
    expect(pick((await api.call('DELETE', '/pools/pool-a/label/openebs.io%2Ftier')).body, 'spec')).not.toHaveProperty(
      'labels',
    );
    expect(pick((await api.call('PUT', '/nodes/a/label/zone=west')).body, 'spec', 'labels')).toEqual({ zone: 'west' });
    expect((await api.call('PUT', '/nodes/a/label/zone=')).status).toBe(404);
  });

  it('say how full they are', async () => {
    const api = await start(['a']);
    api.test.volume(['a'], { thin: true, dataBytes: GIB });
    expect(pick((await api.call('GET', '/pools/pool-a')).body, 'state')).toEqual({
      id: 'pool-a',
      node: 'a',
      disks: ['aio:///dev/disk/by-id/nvme-pool-a'],
      capacity: 100 * GIB,
      used: GIB,
      committed: 10 * GIB,
      status: 'Online',
    });
  });

  it.each([
    ['2.7', undefined],
    ['2.9', 'Offline'],
  ] as const)('whose node is silent have no state before 2.9: in %s it is %s', async (release, status) => {
    const api = await start(['a'], { release });
    api.test.cluster.setNodeStatus('a', 'Offline');
    const { body } = await api.call('GET', '/pools');
    expect(pick(body, 0, 'state', 'status')).toBe(status);
    expect((await api.call('GET', '/replicas')).body).toEqual([]);
  });

  it('list their disks, of which none is free', async () => {
    const api = await start([]);
    api.test.node('a', { rotational: true });
    const { body } = await api.call('GET', '/nodes/a/block_devices?all=true');
    expect(body).toHaveLength(2);
    expect(pick(body, 1)).toMatchObject({
      is_rotational: true,
      connection_type: 'ata',
      devlinks: ['/dev/disk/by-id/ata-pool-a'],
    });
    expect((await api.call('GET', '/nodes/a/block_devices')).body).toEqual([]);
  });
});

describe('the data path', () => {
  it('is shown from replica to child, and owned replicas cannot be deleted', async () => {
    const api = await start(['a', 'b']);
    const volumeId = api.test.volume(['a', 'b']);
    const replicas = items((await api.call('GET', '/replicas')).body);
    const [nexus] = items((await api.call('GET', '/nexuses')).body);
    expect(replicas).toHaveLength(2);
    expect(items(nexus, 'children').map((child) => pick(child, 'uri'))).toEqual(
      replicas.map((replica) => pick(replica, 'uri')),
    );
    const [replicaId, uri, nexusId] = [
      pick(replicas[1], 'uuid'),
      pick(replicas[1], 'uri'),
      pick(nexus, 'uuid'),
    ] as string[];
    expect(await api.call('DELETE', `/pools/pool-b/replicas/${replicaId}`)).toMatchObject({
      status: 409,
      body: { kind: 'InUse' },
    });
    const child = `/nexuses/${nexusId}/children/${encodeURIComponent(uri ?? '')}`;
    expect((await api.call('GET', child)).body).toEqual({ uri, state: 'Online' });
    expect((await api.call('DELETE', child)).status).toBe(204);
    expect((await api.call('GET', `/nexuses/${nexusId}/children`)).body).toHaveLength(1);
    expect(api.test.cluster.violations).toMatchObject([{ volumeId, request: `DELETE /v0${child}` }]);
    await api.test.clock.advance(200_000);
    expect((await api.call('GET', `/replicas/${replicaId}`)).body).toMatchObject({ state: 'Online', kind: 'Regular' });
    expect((await api.call('GET', child)).body).toEqual({ uri, state: 'Online' });
  });

  it('is in the specifications as well', async () => {
    const api = await start(['a']);
    const volumeId = api.test.volume(['a']);
    const { body } = await api.call('GET', '/specs');
    expect(body).toMatchObject({
      volumes: [{ uuid: volumeId }],
      nexuses: [{ owner: volumeId, managed: true }],
      replicas: [{ owners: { volume: volumeId } }],
      pools: [{ id: 'pool-a' }],
    });
  });
});

describe('a bearer token', () => {
  it('is asked for only when one is configured', async () => {
    const open = await start(['a']);
    expect((await open.call('GET', '/nodes')).status).toBe(200);
    const closed = await start(['a'], { bearerToken: 'a.b.c' });
    expect(await closed.call('GET', '/nodes')).toMatchObject({ status: 401, body: { kind: 'Unauthorized' } });
    const wrong = await closed.call('GET', '/nodes', { headers: { authorization: 'Bearer a.b.d' } });
    expect(wrong).toMatchObject({ status: 401, body: { details: expect.stringContaining('Invalid Bearer Token') } });
    expect((await closed.call('GET', '/nodes', { headers: { authorization: 'Bearer a.b.c' } })).status).toBe(200);
  });
});
