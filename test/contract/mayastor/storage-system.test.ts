import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { RELEASES } from '@couchestor/sandbox/mayastor';
import { addVolume, fakeLaboratory, furnish, GIB, restLaboratory, sorted, type Laboratory } from './laboratory.ts';
import { truthOf } from './truth.ts';

const laboratories = [
  ['the fake', () => fakeLaboratory('2.10')] as const,
  ...RELEASES.map((release) => [`Mayastor ${release}`, () => restLaboratory(release)] as const),
];

describe.each(laboratories)('a storage system: %s', (_, start) => {
  let laboratory: Laboratory;

  beforeEach(async () => {
    laboratory = await start();
    furnish(laboratory);
  });

  afterEach(async () => {
    await laboratory.stop();
    expect(laboratory.clock.pendingTimerCount).toBe(0);
  });

  it('shows an empty cluster as one without volumes', async () => {
    const { volumes, pools, nodes } = await laboratory.observe();
    expect([volumes.length, pools.length, nodes.length]).toEqual([0, 3, 3]);
  });

  it('shows all there is, as it is', async () => {
    addVolume(laboratory);
    addVolume(laboratory, { letters: ['b', 'c'], thin: true, affinityGroup: 'sts' });
    addVolume(laboratory, { letters: ['c'], published: false });
    const labelled = { inclusion: { tier: 'cold' }, exclusion: {} };
    addVolume(laboratory, { letters: ['b', 'c'], topology: { pool_topology: { labelled } } });
    const explicit = { allowed_nodes: ['node-a', 'node-b'], preferred_nodes: [] };
    addVolume(laboratory, { topology: { node_topology: { explicit } } });
    expect(sorted(await laboratory.observe())).toEqual(sorted(truthOf(laboratory.cluster)));
  });

  it('shows a rebuild under way, and when it is done', async () => {
    const id = addVolume(laboratory);
    laboratory.cluster.setReplicaCount(id, 3);
    await laboratory.clock.advance(50_000);
    const [rebuilding] = (await laboratory.observe()).volumes;
    expect(rebuilding).toMatchObject({ replicaCount: 3, target: { rebuildCount: 1, childCount: 3 } });
    const replica = rebuilding?.replicas.find(({ pool }) => pool === 'pool-c');
    expect(replica).toMatchObject({ status: 'Online', childStatus: 'Degraded' });
    expect(replica?.rebuildPercent).toBeGreaterThan(0);
    await laboratory.clock.advance(200_000);
    const [done] = (await laboratory.observe()).volumes;
    expect(done).toMatchObject({ status: 'Online', target: { rebuildCount: 0, status: 'Online' } });
    expect(done?.replicas.map(({ rebuildPercent }) => rebuildPercent)).toEqual([undefined, undefined, undefined]);
  });

  it('shows what is not published as having no target and no children', async () => {
    const id = addVolume(laboratory);
    laboratory.cluster.unpublish(id);
    const [volume] = (await laboratory.observe()).volumes;
    expect(volume?.target).toBeUndefined();
    expect(volume?.replicas.map(({ childStatus }) => childStatus)).toEqual([undefined, undefined]);
  });

  it('shows neither a node that is away, nor what is on it, as healthy', async () => {
    addVolume(laboratory);
    laboratory.cluster.setNodeStatus('node-b', 'Offline');
    const { volumes, pools, nodes } = await laboratory.observe();
    expect(nodes.find(({ node }) => node === 'node-b')?.status).toBe('Offline');
    expect(pools.find(({ pool }) => pool === 'pool-b')?.status).not.toBe('Online');
    expect(volumes[0]?.status).not.toBe('Online');
    expect(volumes[0]?.replicas.find(({ node }) => node === 'node-b')).not.toMatchObject({
      status: 'Online',
      childStatus: 'Online',
    });
  });

  it('shows a volume whose target is away as published on a target in no good state', async () => {
    addVolume(laboratory);
    laboratory.cluster.setNodeStatus('node-a', 'Offline');
    const [volume] = (await laboratory.observe()).volumes;
    expect(volume?.target?.node).toBe('node-a');
    expect(volume?.status).not.toBe('Online');
  });

  it('does not show a pool that is faulted as healthy', async () => {
    laboratory.cluster.setPoolStatus('pool-a', 'Faulted');
    const { pools } = await laboratory.observe();
    expect(pools.map(({ pool, status }) => `${pool} ${status}`).sort()).toEqual([
      'pool-a Faulted',
      'pool-b Online',
      'pool-c Online',
    ]);
  });

  it('shows that a node is cordoned', async () => {
    const { cluster } = laboratory;
    cluster.request('cordon', () => cluster.infrastructure.cordonNode('node-a', 'maintenance'));
    const { nodes } = await laboratory.observe();
    expect(nodes.filter(({ cordoned }) => cordoned).map(({ node }) => node)).toEqual(['node-a']);
  });

  it('shows volumes that come and go', async () => {
    const id = addVolume(laboratory, { sizeBytes: GIB });
    expect((await laboratory.observe()).volumes.map(({ volumeId }) => volumeId)).toEqual([id]);
    laboratory.cluster.unpublish(id);
    laboratory.cluster.deleteVolume(id);
    expect((await laboratory.observe()).volumes).toEqual([]);
  });

  it('shows a moment: what was observed does not change afterwards', async () => {
    const id = addVolume(laboratory);
    const before = await laboratory.observe();
    const copy = structuredClone(before);
    laboratory.cluster.unpublish(id);
    laboratory.cluster.setNodeStatus('node-c', 'Offline');
    await laboratory.observe();
    expect(before).toEqual(copy);
  });

  it('fails as a whole, and is as good as before the next time', async () => {
    addVolume(laboratory);
    laboratory.disturb('failure');
    const failure = await laboratory.observe().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CoucheStorError);
    expect(failure).toMatchObject({ code: 'unavailable', retryable: true });
    expect((await laboratory.observe()).volumes).toHaveLength(1);
  });

  it('does not keep waiting once nobody waits any more', async () => {
    laboratory.disturb('hang');
    const caller = new AbortController();
    const observed = laboratory.observe(caller.signal).catch((error: unknown) => error);
    caller.abort();
    expect(await observed).toMatchObject({ code: 'cancelled' });
    const over = laboratory.observe(caller.signal);
    await expect(over).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe.each(RELEASES)('Mayastor %s behind its REST API', (release) => {
  let laboratory: Laboratory;

  beforeEach(async () => {
    laboratory = await restLaboratory(release, 2);
    furnish(laboratory);
  });

  afterEach(() => laboratory.stop());

  it('is read in full over several pages', async () => {
    const ids = Array.from({ length: 7 }, () =>
      addVolume(laboratory, { letters: ['c'], published: false, sizeBytes: GIB }),
    );
    const { volumes } = await laboratory.observe();
    expect(volumes.map(({ volumeId }) => volumeId).sort()).toEqual(ids.sort());
  });

  it('shows that a volume is busy, and its snapshots where there are any', async () => {
    const id = addVolume(laboratory);
    laboratory.cluster.setOperation(id, 'Resize');
    if (laboratory.cluster.features.snapshots) laboratory.cluster.createSnapshot(id);
    const [volume] = (await laboratory.observe()).volumes;
    expect(volume).toMatchObject({ busy: true, snapshotCount: laboratory.cluster.features.snapshots ? 1 : 0 });
  });
});
