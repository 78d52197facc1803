import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GIB, TestCluster } from './cluster.fixture.ts';

describe('a rebuild', () => {
  it('advances with the clock, and the replica says Online all the while', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.scale(volumeId, 2);
    for (const percent of [0, 25, 50, 75]) {
      const { status, childStatus, rebuildPercent, synced } = test.replicaOn(volumeId, 'b');
      expect({ status, childStatus, rebuildPercent, synced }).toEqual({
        status: 'Online',
        childStatus: 'Degraded',
        rebuildPercent: percent,
        synced: false,
      });
      await test.clock.advance(25_000);
    }
    const { childStatus, rebuildPercent, synced } = test.replicaOn(volumeId, 'b');
    expect({ childStatus, rebuildPercent, synced }).toEqual({ childStatus: 'Online', synced: true });
    expect(test.view(volumeId)).toMatchObject({ status: 'Online', rebuilds: [{ state: 'Completed' }] });
  });

  it('copies only what a thin volume holds, and fills the new replica on the way', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a'], { thin: true, dataBytes: 5 * GIB });
    test.scale(volumeId, 2);
    expect(test.replicaOn(volumeId, 'b').allocatedBytes).toBe(0);
    await test.clock.advance(25_000);
    expect(test.replicaOn(volumeId, 'b').allocatedBytes).toBe(2.5 * GIB);
    await test.clock.advance(25_000);
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ allocatedBytes: 5 * GIB, synced: true });
  });

  it('that failed is begun anew elsewhere, under a new identifier', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.scale(volumeId, 2);
    const { replicaId } = test.replicaOn(volumeId, 'b');
    test.node('c');
    await test.clock.advance(30_000);
    test.cluster.failRebuild(volumeId);
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ childStatus: 'Faulted', synced: false });
    expect(test.view(volumeId).rebuilds).toMatchObject([{ replicaId, state: 'Failed' }]);
    await test.clock.advance(10_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'c']);
    expect(test.replicaOn(volumeId, 'c').replicaId).not.toBe(replicaId);
    await test.clock.advance(100_000);
    expect(test.view(volumeId).status).toBe('Online');
    expect(test.view(volumeId).rebuilds.map(({ state }) => state)).toEqual(['Failed', 'Completed']);
  });

  it('that failed is tried again in full where it was, if no other pool takes the replica', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.scale(volumeId, 2);
    test.cluster.failRebuild(volumeId);
    await test.clock.advance(10_000);
    expect(test.view(volumeId).rebuilds[0]).toMatchObject({ state: 'Rebuilding', partial: false });
    await test.clock.advance(100_000);
    expect(test.replicaOn(volumeId, 'b').synced).toBe(true);
  });

  it('fails when the node it reads from goes, but the target and one copy stay', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.volumes.publish(volumeId, { node: 'd', republish: true });
    test.scale(volumeId, 3);
    await test.clock.advance(50_000);
    test.cluster.setNodeStatus('a', 'Offline');
    expect(test.replicaOn(volumeId, 'c')).toMatchObject({ childStatus: 'Faulted', synced: false });
    await test.clock.advance(20_000);
    expect(test.view(volumeId).rebuilds[0]).toMatchObject({ state: 'Rebuilding', partial: false });
    await test.clock.advance(100_000);
    expect(test.replicaOn(volumeId, 'c').synced).toBe(true);
  });
});

describe('a node that goes', () => {
  it('and comes back in time has its replica caught up', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setNodeStatus('b', 'Offline');
    expect(test.view(volumeId).status).toBe('Degraded');
    expect(test.replicaOn(volumeId, 'b')).toMatchObject({ status: 'Unknown', childStatus: 'Faulted', synced: false });
    await test.clock.advance(300_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
    test.cluster.setNodeStatus('b', 'Online');
    await test.clock.advance(10_000);
    expect(test.view(volumeId).rebuilds[0]).toMatchObject({ state: 'Rebuilding', partial: true });
    await test.clock.advance(10_000);
    expect(test.view(volumeId).status).toBe('Online');
  });

  it('for longer has its replica replaced', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { faultedChildWaitMs: 60_000 });
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setNodeStatus('b', 'Offline');
    await test.clock.advance(50_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
    await test.clock.advance(200_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'c']);
    expect(test.view(volumeId).status).toBe('Online');
  });

  it('with the last good copy takes the volume down, and brings it back unharmed', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a'], { unpublished: true });
    test.cluster.publish(volumeId, 'b');
    test.cluster.setNodeStatus('a', 'Offline');
    expect(test.view(volumeId).status).toBe('Faulted');
    expect(test.replicaOn(volumeId, 'a').synced).toBe(true);
    test.cluster.setNodeStatus('a', 'Online');
    await test.clock.advance(10_000);
    expect(test.view(volumeId)).toMatchObject({ status: 'Online', rebuilds: [] });
  });

  it('with the target leaves the copies as good as they were', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const volumeId = test.volume(['a', 'b'], { unpublished: true });
    test.cluster.publish(volumeId, 'c');
    test.cluster.setNodeStatus('c', 'Offline');
    expect(test.view(volumeId)).toMatchObject({ status: 'Unknown', replicas: [{ synced: true }, { synced: true }] });
    test.cluster.setNodeStatus('c', 'Online');
    expect(test.view(volumeId).status).toBe('Online');
  });
});

describe('a volume that nothing can be done for', () => {
  it('is looked at again and again, and healed within an hour once a pool is there', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { faultedChildWaitMs: 1000 });
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setNodeStatus('b', 'Offline');
    await test.clock.advance(7 * 24 * 3_600_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
    test.node('c');
    await test.clock.advance(3_600_000 + 100_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'c']);
    expect(test.view(volumeId).status).toBe('Online');
  });
});

describe('a volume without self-heal', () => {
  it('stays as it is', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { faultedChildWaitMs: 1000 });
    const volumeId = test.volume(['a', 'b'], { selfHeal: false });
    test.cluster.setNodeStatus('b', 'Offline');
    await test.clock.advance(3_600_000);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
  });
});

describe('the number of rebuilds', () => {
  it('is limited for self-heal too', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { maxRebuilds: 1 });
    const ids = [1, 2, 3].map(() => test.volume(['a', 'b'], { sizeBytes: 30 * GIB }));
    test.cluster.setNodeStatus('b', 'Offline');
    test.cluster.setNodeStatus('b', 'Online');
    await test.clock.advance(10_000);
    const running = (): number =>
      ids.flatMap((id) => test.view(id).rebuilds).filter(({ state }) => state === 'Rebuilding').length;
    expect(running()).toBe(1);
    await test.clock.advance(600_000);
    expect(ids.map((id) => test.view(id).status)).toEqual(['Online', 'Online', 'Online']);
  });
});

describe('one long wait', () => {
  it('leaves the same behind as many short looks', async () => {
    const look = fc.integer({ min: 1, max: 60_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(look, { minLength: 1, maxLength: 15 }), async (looks) => {
        const build = (): { test: TestCluster; volumeId: string } => {
          const test = TestCluster.withNodes(['a', 'b', 'c'], { faultedChildWaitMs: 60_000 });
          const volumeId = test.volume(['a', 'b']);
          test.cluster.setWorkload(volumeId, { readOps: 100, writeOps: 50 });
          test.cluster.setNodeStatus('b', 'Offline');
          return { test, volumeId };
        };
        const [often, once] = [build(), build()];
        for (const ms of looks) {
          await often.test.clock.advance(ms);
          often.test.cluster.view();
        }
        await once.test.clock.advance(looks.reduce((sum, ms) => sum + ms, 0));
        const [a, b] = [often, once].map(({ test, volumeId }) => test.view(volumeId));
        expect(a?.rebuilds).toEqual(b?.rebuilds);
        expect(a?.replicas.map(({ node, synced }) => [node, synced])).toEqual(
          b?.replicas.map(({ node, synced }) => [node, synced]),
        );
        const [ops, opsOnce] = [a?.target?.counters.readOps ?? 0, b?.target?.counters.readOps ?? 0];
        expect(Math.abs(ops - opsOnce)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });
});
