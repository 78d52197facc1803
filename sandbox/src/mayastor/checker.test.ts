import { describe, expect, it } from '@jest/globals';
import { GIB, TestCluster } from './cluster.fixture.ts';

describe('a request is a violation', () => {
  it('when it leaves fewer good copies than the user asked for, whatever the count says meanwhile', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.scale(volumeId, 1);
    expect(test.cluster.violations).toEqual([
      {
        atMs: test.clock.now(),
        volumeId,
        request: 'scale to 1',
        message: 'synced replicas went from 2 to 1, and 2 are asked for',
      },
    ]);
  });

  it('when the copy it removed was good and the one that stays is not', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const volumeId = test.volume(['a', 'b']);
    test.scale(volumeId, 3);
    await test.clock.advance(50_000);
    test.cluster.setNodeStatus('b', 'Offline');
    test.scale(volumeId, 2);
    expect(test.cluster.violations).toEqual([]);
    const [good] = test.cluster.volumes.find(volumeId).replicas;
    test.cluster.request('a bug', () => {
      if (good !== undefined) good.synced = false;
    });
    expect(test.cluster.violations).toHaveLength(1);
  });

  it('also when it was refused half-way', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    const run = (): void =>
      test.cluster.request('half', () => {
        test.cluster.volumes.find(volumeId).replicas.pop();
        throw new Error('refused');
      });
    expect(run).toThrow('refused');
    expect(test.cluster.violations).toHaveLength(1);
  });

  it('when two replicas are on one node, or a pool holds more than it can', () => {
    const test = TestCluster.withNodes(['a']);
    test.cluster.addPool({ name: 'small', node: 'a', capacityBytes: 20 * GIB });
    test.volume(['a'], { pools: ['small', 'pool-a'], unpublished: true, replicaCount: 2 });
    test.cluster.request('look', () => undefined);
    expect(test.cluster.violations.map(({ message }) => message)).toContain('two replicas are on one node');
    for (const replica of test.cluster.volumes.find(test.cluster.view().volumes[0]?.volumeId ?? '').replicas) {
      replica.allocatedBytes = 30 * GIB;
    }
    test.cluster.request('look', () => undefined);
    expect(test.cluster.violations.map(({ message }) => message)).toContain('pool small holds more than it can');
  });
});

describe('no violation is', () => {
  it('what the user asked for', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setReplicaCount(volumeId, 1);
    expect(test.view(volumeId)).toMatchObject({ askedReplicaCount: 1, replicaCount: 1 });
    expect(test.cluster.violations).toEqual([]);
  });

  it('what a fault of the cluster does', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    test.volume(['a', 'b']);
    test.cluster.setNodeStatus('b', 'Offline');
    test.cluster.request('look', () => undefined);
    expect(test.cluster.violations).toEqual([]);
  });

  it('a move: one up, in sync, one down', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { release: '2.9' });
    const volumeId = test.volume(['a', 'b']);
    test.scale(volumeId, 3);
    await test.clock.advance(130_000);
    test.cluster.infrastructure.cordonNode('a', 'steer');
    test.scale(volumeId, 2);
    expect(test.nodesOf(volumeId)).toEqual(['b', 'c']);
    expect(test.cluster.violations).toEqual([]);
  });
});
