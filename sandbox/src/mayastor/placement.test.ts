import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GIB, refusal, TestCluster } from './cluster.fixture.ts';
import type { Topology } from './types.ts';

const labelled = (inclusion: Record<string, string>): Topology => ({
  pool_topology: { labelled: { inclusion, exclusion: {} } },
});

/** Where a replica of a volume on node `a` goes when it is scaled up. */
function placed(test: TestCluster, options: Parameters<TestCluster['volume']>[1] = {}): string | undefined {
  const volumeId = test.volume(['a'], options);
  test.scale(volumeId, 2);
  return test.nodesOf(volumeId)[1];
}

describe('nodes that a replica may go to', () => {
  it('are never those that hold a replica of the volume already', () => {
    const test = TestCluster.withNodes(['a']);
    test.cluster.addPool({ name: 'second', node: 'a', capacityBytes: 1000 * GIB });
    const volumeId = test.volume(['a']);
    expect(refusal(() => test.scale(volumeId, 2))).toMatchObject({ status: 507, kind: 'ResourceExhausted' });
  });

  it('are online', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.cluster.setNodeStatus('b', 'Offline');
    expect(placed(test)).toBe('c');
  });

  it('are not cordoned', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.cluster.infrastructure.cordonNode('b', 'keep-out');
    expect(placed(test)).toBe('c');
  });

  it('are not being drained', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.cluster.infrastructure.drainNode('b', 'service');
    expect(placed(test)).toBe('c');
  });

  it('are among the allowed ones, if there are such', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const explicit = { allowed_nodes: ['a', 'c'], preferred_nodes: [] };
    expect(placed(test, { topology: { node_topology: { explicit } } })).toBe('c');
  });

  it('carry the labels of the node topology', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    test.cluster.addNode({ name: 'c', labels: { zone: 'west' } });
    test.cluster.addPool({ name: 'pool-c', node: 'c', capacityBytes: 50 * GIB });
    const labels = { inclusion: { zone: 'west' }, exclusion: {} };
    expect(placed(test, { topology: { node_topology: { labelled: labels } } })).toBe('c');
  });

  it('differ in the value of an excluded key', () => {
    const test = new TestCluster();
    for (const [name, zone] of Object.entries({ a: 'east', b: 'east', c: 'west' })) {
      test.cluster.addNode({ name, labels: { zone } });
      test.cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: (name === 'b' ? 900 : 50) * GIB });
    }
    const labels = { inclusion: {}, exclusion: { zone: '' } };
    expect(placed(test, { topology: { node_topology: { labelled: labels } } })).toBe('c');
  });
});

describe('pools that a replica may go to', () => {
  it.each(['Faulted', 'Unknown', 'Suspected'] as const)('are not %s', (status) => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.cluster.setPoolStatus('pool-b', status);
    expect(placed(test)).toBe('c');
  });

  it('may be Degraded, but only when there is no Online one', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.cluster.setPoolStatus('pool-b', 'Degraded');
    expect(placed(test)).toBe('c');
    test.cluster.setPoolStatus('pool-c', 'Faulted');
    expect(placed(test)).toBe('b');
  });

  it('have more free than a thick volume is large', () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { capacityBytes: 20 * GIB });
    test.volume(['b']);
    const volumeId = test.volume(['a']);
    expect(refusal(() => test.scale(volumeId, 2)).message).toMatch(/insufficient resources/);
  });

  it('have room for what a thin volume holds and 40 % of its size', () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { capacityBytes: 20 * GIB });
    test.volume(['b'], { sizeBytes: 14 * GIB });
    // 6 GiB are free.
    expect(placed(test, { thin: true, dataBytes: 1.9 * GIB })).toBe('b');
    const volumeId = test.volume(['a'], { thin: true, dataBytes: 2.1 * GIB });
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
  });

  it('take no more thin volumes than 250 % of their capacity', () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { capacityBytes: 12 * GIB });
    for (let count = 0; count < 2; count += 1) test.volume(['b'], { thin: true, dataBytes: 0 });
    const volumeId = test.volume(['a'], { thin: true, dataBytes: 0 });
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
    test.cluster.deleteVolume(test.volume(['a'], { thin: true }));
    expect(placed(test, { thin: true, dataBytes: 0, sizeBytes: 9 * GIB })).toBe('b');
  });

  it('are larger than the volume, thin or not', () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { capacityBytes: 10 * GIB });
    const volumeId = test.volume(['a'], { thin: true, dataBytes: 0 });
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
  });

  it('carry the labels of the pool topology, where an empty value stands for any', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    test.node('c', { labels: { tier: 'cold' }, capacityBytes: 50 * GIB });
    expect(placed(test, { topology: labelled({ tier: '' }) })).toBe('c');
    const volumeId = test.volume(['a'], { topology: labelled({ tier: 'hot' }) });
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
  });

  it.each([
    ['2.7', 'b'],
    ['2.8', 'c'],
  ] as const)(
    'have, since 2.8, the same value of an affinity key as those that hold a replica: %s',
    (release, node) => {
      const test = new TestCluster({ release });
      test.node('a', { labels: { rack: '1' } });
      test.node('b', { labels: { rack: '2' }, capacityBytes: 500 * GIB });
      test.node('c', { labels: { rack: '1' } });
      const labels = { inclusion: {}, exclusion: {}, affinity_key: ['rack'] };
      expect(placed(test, { topology: { pool_topology: { labelled: labels } } })).toBe(node);
    },
  );

  it('are not cordoned for replicas; a cordon of something else does not matter', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { release: '2.10' });
    test.cluster.infrastructure.cordonPool('pool-b', { replicas: true });
    expect(placed(test)).toBe('c');
    test.cluster.infrastructure.cordonPool('pool-c', { snapshots: true });
    expect(placed(test)).toBe('c');
    test.cluster.infrastructure.uncordonPool('pool-b', { replicas: true });
    expect(placed(test)).toBe('b');
  });
});

describe('among the pools that are left', () => {
  it('the one with more free space wins', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    test.node('c', { capacityBytes: 200 * GIB });
    expect(placed(test)).toBe('c');
  });

  it('the one with fewer replicas wins when the free space is alike', () => {
    const test = TestCluster.withNodes(['a', 'c']);
    test.node('b', { capacityBytes: 130 * GIB });
    for (let count = 0; count < 3; count += 1) test.volume(['b']);
    expect(placed(test)).toBe('c');
  });

  it('much free space outweighs replicas', () => {
    const test = TestCluster.withNodes(['a', 'c']);
    test.node('b', { capacityBytes: 9000 * GIB });
    for (let count = 0; count < 3; count += 1) test.volume(['b']);
    for (let count = 0; count < 2; count += 1) test.volume(['c']);
    expect(placed(test)).toBe('b');
  });

  it('an over-committed one loses', () => {
    const test = TestCluster.withNodes(['a', 'c']);
    test.node('b', { capacityBytes: 110 * GIB });
    test.volume(['b'], { thin: true, sizeBytes: 105 * GIB, dataBytes: 0 });
    test.volume(['b'], { thin: true, sizeBytes: 100 * GIB, dataBytes: 0 });
    for (let count = 0; count < 2; count += 1) test.volume(['c'], { thin: true, dataBytes: 0 });
    expect(placed(test, { thin: true, dataBytes: 0 })).toBe('c');
  });
});

describe('volumes of one affinity group', () => {
  it('of one replica each keep off the nodes of the others', () => {
    const test = TestCluster.withNodes(['a', 'c']);
    test.node('b', { capacityBytes: 900 * GIB });
    test.volume(['b'], { affinityGroup: 'database' });
    expect(placed(test, { affinityGroup: 'database' })).toBe('c');
  });

  it('of more replicas prefer pools with fewer replicas of the group', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd']);
    test.volume(['b', 'd'], { affinityGroup: 'database' });
    test.volume(['c']);
    const volumeId = test.volume(['a', 'd'], { affinityGroup: 'database' });
    test.scale(volumeId, 3);
    expect(test.nodesOf(volumeId)[2]).toBe('c');
  });
});

const node = fc.record({
  online: fc.boolean(),
  cordoned: fc.boolean(),
  cold: fc.boolean(),
  capacityGiB: fc.integer({ min: 1, max: 40 }),
  volumes: fc.integer({ min: 0, max: 3 }),
});

describe('wherever a replica is put', () => {
  it('all filters hold, and it is refused only when no pool passes them', () => {
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 6 }), fc.boolean(), (nodes, thin) => {
        const test = TestCluster.withNodes(['a']);
        nodes.forEach(({ cold, capacityGiB, volumes }, index) => {
          test.node(`n${index}`, { capacityBytes: capacityGiB * GIB, labels: { tier: cold ? 'cold' : 'hot' } });
          for (let count = 0; count < Math.min(volumes, capacityGiB); count += 1) {
            test.volume([`n${index}`], { sizeBytes: GIB });
          }
        });
        nodes.forEach(({ online, cordoned }, index) => {
          if (cordoned) test.cluster.infrastructure.cordonNode(`n${index}`, 'x');
          if (!online) test.cluster.setNodeStatus(`n${index}`, 'Offline');
        });
        const sizeBytes = 4 * GIB;
        const volumeId = test.volume(['a'], { sizeBytes, thin, dataBytes: GIB, topology: labelled({ tier: 'cold' }) });
        const fits = nodes.map(({ online, cordoned, cold, capacityGiB, volumes }) => {
          const freeGiB = capacityGiB - Math.min(volumes, capacityGiB);
          return online && !cordoned && cold && capacityGiB > 4 && freeGiB > (thin ? 2.6 : 4);
        });
        if (!fits.includes(true)) expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
        else {
          test.scale(volumeId, 2);
          const [, second] = test.nodesOf(volumeId);
          expect(fits[Number(second?.slice(1))]).toBe(true);
        }
        expect(test.cluster.violations).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});
