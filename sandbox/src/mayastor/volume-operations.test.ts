import { describe, expect, it } from '@jest/globals';
import { GIB, refusal, TestCluster } from './cluster.fixture.ts';

describe('a replica count', () => {
  it.each([
    ['the same', 2, "Replica count of Volume 'ID' is already '2'"],
    ['two more', 4, 'Replica count only allowed to change by a maximum of one at a time'],
    ['none', 0, "Cannot remove the last replica '' of volume 'ID'"],
  ])('of %s is refused with 412', (_, count, message) => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd']);
    const volumeId = test.volume(['a', 'b']);
    const expected = { status: 412, kind: 'FailedPrecondition', message: message.replace('ID', volumeId) };
    expect(refusal(() => test.scale(volumeId, count))).toEqual(expected);
  });

  it('never goes below two in an affinity group', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b'], { affinityGroup: 'database' });
    expect(refusal(() => test.scale(volumeId, 1))).toMatchObject({ status: 412 });
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
  });

  it('goes up only while the volume is Online, and down at any time', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd']);
    const volumeId = test.volume(['a', 'b']);
    test.scale(volumeId, 3);
    expect(test.view(volumeId).status).toBe('Degraded');
    expect(refusal(() => test.scale(volumeId, 4))).toMatchObject({
      status: 412,
      message: `Unable to increase replica count due to volume '${volumeId}' in state 'Degraded'`,
    });
    test.scale(volumeId, 2);
    expect(test.view(volumeId).status).toBe('Online');
    test.scale(volumeId, 3);
    await test.clock.advance(100_000);
    expect(test.view(volumeId).status).toBe('Online');
    test.scale(volumeId, 4);
    expect(test.nodesOf(volumeId)).toHaveLength(4);
  });

  it('stays as it was when no pool takes the replica: 507', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    const refused = refusal(() => test.scale(volumeId, 3));
    expect(refused).toMatchObject({ status: 507, message: 'Operation failed due to insufficient resources' });
    expect(test.view(volumeId)).toMatchObject({ replicaCount: 2, status: 'Online' });
  });

  it('stays as it was when there are rebuilds enough: 507 as well, with another text', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { maxRebuilds: 1 });
    const [first, second] = [test.volume(['a', 'b']), test.volume(['b', 'a'])];
    test.scale(first, 3);
    expect(refusal(() => test.scale(second, 3))).toMatchObject({
      status: 507,
      kind: 'ResourceExhausted',
      message: 'Unable to start rebuild. Maximum number of rebuilds permitted is 1',
    });
    expect(test.view(second)).toMatchObject({ replicaCount: 2, status: 'Online' });
    await test.clock.advance(100_000);
    test.scale(second, 3);
    expect(test.view(second).rebuilds).toHaveLength(1);
  });

  it('cannot change while an operation is under way: 409', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.setOperation(volumeId, 'Publish');
    expect(refusal(() => test.scale(volumeId, 2))).toMatchObject({ status: 409, kind: 'Conflict' });
    test.cluster.setOperation(volumeId, undefined);
    test.cluster.setSpecStatus(volumeId, 'Deleting');
    expect(refusal(() => test.scale(volumeId, 2))).toMatchObject({ status: 409, kind: 'Deleting' });
    test.cluster.setSpecStatus(volumeId, 'Creating');
    expect(refusal(() => test.scale(volumeId, 2))).toMatchObject({ status: 412 });
  });

  it('cannot change while the target does not answer: 503', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.setNodeStatus('a', 'Offline');
    expect(test.view(volumeId).status).toBe('Unknown');
    expect(refusal(() => test.scale(volumeId, 2))).toMatchObject({ status: 503, kind: 'Unavailable' });
  });
});

describe('an unpublished volume', () => {
  it('that held data gets an empty replica that says Online and never rebuilds', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.unpublish(volumeId);
    test.scale(volumeId, 2);
    await test.clock.advance(24 * 3_600_000);
    expect(test.view(volumeId)).toMatchObject({ status: 'Online', target: undefined, rebuilds: [] });
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ status: 'Online', childStatus: undefined, synced: false });
  });

  it('loses the empty replica first', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.unpublish(volumeId);
    test.scale(volumeId, 2);
    test.scale(volumeId, 1);
    expect(test.nodesOf(volumeId)).toEqual(['a']);
    expect(test.cluster.violations).toEqual([]);
  });

  it('is rebuilt once it is published again', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.unpublish(volumeId);
    test.scale(volumeId, 2);
    test.cluster.publish(volumeId, 'b');
    expect(test.view(volumeId).status).toBe('Degraded');
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ childStatus: undefined, synced: false });
    await test.clock.advance(10_000);
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ childStatus: 'Degraded', rebuildPercent: 0 });
    await test.clock.advance(100_000);
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ childStatus: 'Online', synced: true });
    expect(test.view(volumeId).status).toBe('Online');
  });

  it('that nothing was ever written to takes every replica for good', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a'], { unpublished: true });
    test.scale(volumeId, 2);
    test.cluster.publish(volumeId, 'a');
    expect(test.view(volumeId)).toMatchObject({ status: 'Online', rebuilds: [] });
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ childStatus: 'Online', synced: true });
  });
});

describe('a target', () => {
  it('is not created twice, and not removed when there is none', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    expect(refusal(() => test.cluster.publish(volumeId, 'b'))).toMatchObject({ status: 412, kind: 'AlreadyPublished' });
    test.cluster.unpublish(volumeId);
    expect(refusal(() => test.cluster.unpublish(volumeId))).toMatchObject({ status: 412, kind: 'NotPublished' });
  });

  it('needs a node that answers and a copy that is good', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a'], { unpublished: true });
    expect(refusal(() => test.cluster.publish(volumeId, 'nowhere')).status).toBe(404);
    test.cluster.setNodeStatus('a', 'Offline');
    expect(refusal(() => test.cluster.publish(volumeId, 'a'))).toMatchObject({ status: 412 });
    expect(refusal(() => test.cluster.publish(volumeId, 'b')).message).toMatch(/No healthy replicas/);
  });

  it('leaves a copy behind that was away when it was created', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.unpublish(volumeId);
    test.cluster.setNodeStatus('b', 'Offline');
    test.cluster.publish(volumeId, 'a');
    test.cluster.setNodeStatus('b', 'Online');
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ status: 'Online', childStatus: undefined, synced: false });
    await test.clock.advance(200_000);
    expect(test.view(volumeId)).toMatchObject({ status: 'Online', rebuilds: [{ state: 'Completed' }] });
  });

  it('is not created on a cordoned node', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b'], { unpublished: true });
    test.cluster.infrastructure.cordonNode('a', 'steer');
    const refused = refusal(() => test.cluster.publish(volumeId, 'a'));
    expect(refused).toMatchObject({ status: 412, message: 'Node a is cordoned' });
    test.cluster.publish(volumeId, 'b');
    expect(test.view(volumeId).target?.node).toBe('b');
  });

  it('goes to the node with the fewest targets when none is named', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.volume(['a']);
    test.volume(['b']);
    const volumeId = test.volume(['a', 'b'], { unpublished: true });
    test.cluster.volumes.publish(volumeId, {});
    expect(test.view(volumeId).target?.node).toBe('c');
  });

  it('that is away is removed only by force', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setNodeStatus('a', 'Offline');
    expect(refusal(() => test.cluster.volumes.unpublish(volumeId)).status).toBe(412);
    test.cluster.volumes.unpublish(volumeId, true);
    expect(test.view(volumeId).target).toBeUndefined();
  });

  it('that is recreated has lost its history of rebuilds', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.scale(volumeId, 2);
    await test.clock.advance(100_000);
    expect(test.view(volumeId).rebuilds).toMatchObject([{ state: 'Completed', partial: false }]);
    const { target } = test.view(volumeId);
    test.cluster.volumes.publish(volumeId, { node: 'b', republish: true });
    expect(test.view(volumeId).rebuilds).toEqual([]);
    expect(test.view(volumeId).target?.nexusId).not.toBe(target?.nexusId);
  });
});

describe('a size', () => {
  it('only grows, and only where there is room', () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { capacityBytes: 15 * GIB });
    const volumeId = test.volume(['a', 'b']);
    const { volumes } = test.cluster;
    expect(refusal(() => volumes.resize(volumeId, 10 * GIB))).toMatchObject({ status: 406, kind: 'NotAcceptable' });
    expect(refusal(() => volumes.resize(volumeId, 16 * GIB))).toMatchObject({ status: 507 });
    volumes.resize(volumeId, 14 * GIB);
    expect(test.view(volumeId).sizeBytes).toBe(14 * GIB);
    expect(test.cluster.view().pools[1]?.usedBytes).toBe(14 * GIB);
  });
});

describe('a snapshot', () => {
  it('stays on the pool when the replica goes, so that no space is freed', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.cluster.createSnapshot(volumeId);
    test.scale(volumeId, 2);
    await test.clock.advance(100_000);
    test.cluster.unpublish(volumeId);
    test.cluster.publish(volumeId, 'b');
    test.scale(volumeId, 1);
    expect(test.nodesOf(volumeId)).toEqual(['b']);
    expect(test.cluster.view().pools.map(({ usedBytes }) => usedBytes)).toEqual([10 * GIB, 10 * GIB]);
  });

  it('gives its blocks back to the replica when it is deleted', () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a'], { thin: true, dataBytes: GIB });
    const snapshotId = test.cluster.createSnapshot(volumeId);
    expect(test.view(volumeId)).toMatchObject({ snapshotCount: 1, replicas: [{ allocatedBytes: 0 }] });
    test.cluster.deleteSnapshot(volumeId, snapshotId);
    expect(test.view(volumeId)).toMatchObject({ snapshotCount: 0, replicas: [{ allocatedBytes: GIB }] });
  });
});

describe('a volume', () => {
  it('is not created where there is no room for all its replicas', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const { volumes } = test.cluster;
    expect(refusal(() => volumes.create({ sizeBytes: GIB, replicaCount: 3 })).status).toBe(507);
    expect(refusal(() => volumes.create({ sizeBytes: GIB, replicaCount: 0 })).status).toBe(400);
    expect(test.cluster.view().pools.map(({ usedBytes }) => usedBytes)).toEqual([0, 0]);
  });

  it('is created once', () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a']);
    const again = (): unknown => test.cluster.createVolume({ volumeId, sizeBytes: GIB, replicaCount: 1 });
    expect(refusal(again)).toMatchObject({ status: 422, kind: 'AlreadyExists' });
  });

  it('leaves nothing behind when it is deleted', () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a']);
    test.cluster.deleteVolume(volumeId);
    expect(test.cluster.view()).toMatchObject({ volumes: [], pools: [{ usedBytes: 0 }] });
    expect(refusal(() => test.cluster.deleteVolume(volumeId)).status).toBe(404);
  });
});

describe('a child that is taken out of the target by hand', () => {
  it('is attached again and rebuilt in full', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    const record = test.cluster.volumes.find(volumeId).replicas[1];
    if (record === undefined) throw new Error('no replica');
    test.cluster.request('DELETE child', () => test.cluster.volumes.removeChild(volumeId, record));
    expect(test.cluster.violations).toHaveLength(1);
    expect(test.view(volumeId).status).toBe('Degraded');
    await test.clock.advance(10_000);
    expect(test.view(volumeId).rebuilds).toMatchObject([{ state: 'Rebuilding', partial: false }]);
    await test.clock.advance(100_000);
    expect(test.view(volumeId).status).toBe('Online');
  });

  it('may not be the last good one', () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a']);
    const [record] = test.cluster.volumes.find(volumeId).replicas;
    if (record === undefined) throw new Error('no replica');
    expect(refusal(() => test.cluster.volumes.removeChild(volumeId, record)).status).toBe(412);
  });
});
