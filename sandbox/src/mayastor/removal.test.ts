import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GIB, TestCluster } from './cluster.fixture.ts';
import { RELEASES } from './types.ts';

/** The node whose replica a scale-down by one takes. */
function removed(test: TestCluster, volumeId: string): string | undefined {
  const before = test.nodesOf(volumeId);
  test.scale(volumeId, test.view(volumeId).replicaCount - 1);
  const after = test.nodesOf(volumeId);
  return before.find((node) => !after.includes(node));
}

/** A volume whose application and target are on `hot`, and that was scaled up to `cold`. */
async function scaledUp(release: (typeof RELEASES)[number]): Promise<{ test: TestCluster; volumeId: string }> {
  const test = new TestCluster({ release });
  test.node('hot', { labels: { tier: 'hot' } });
  test.node('cold', { labels: { tier: 'cold' } });
  const volumeId = test.volume(['hot']);
  test.scale(volumeId, 2);
  await test.clock.advance(150_000);
  return { test, volumeId };
}

describe('a scale-down takes', () => {
  it('the replica that is being rebuilt first, wherever the target is', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const volumeId = test.volume(['a', 'b']);
    test.scale(volumeId, 3);
    await test.clock.advance(99_000);
    expect(test.replicaOn(volumeId, 'c').rebuildPercent).toBe(99);
    expect(removed(test, volumeId)).toBe('c');
    expect(test.cluster.violations).toEqual([]);
  });

  it('the replica that cannot be reached before one that can', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    const volumeId = test.volume(['a', 'b', 'c']);
    test.cluster.setNodeStatus('b', 'Offline');
    expect(removed(test, volumeId)).toBe('b');
  });

  const seeds = Array.from({ length: 8 }, (_, index) => index + 1);

  it.each(seeds)('of two that are being rebuilt, the one that is less far (identifiers of seed %i)', async (seed) => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd'], { seed, rebuildBytesPerSecond: GIB / 100 });
    const volumeId = test.volume(['a', 'b', 'c', 'd']);
    test.cluster.setNodeStatus('c', 'Offline');
    test.cluster.setNodeStatus('c', 'Online');
    await test.clock.advance(12_000);
    test.cluster.setNodeStatus('d', 'Offline');
    test.cluster.setNodeStatus('d', 'Online');
    await test.clock.advance(12_000);
    expect([test.replicaOn(volumeId, 'c'), test.replicaOn(volumeId, 'd')]).toMatchObject([
      { rebuildPercent: 28 },
      { rebuildPercent: 4 },
    ]);
    expect(removed(test, volumeId)).toBe('d');
  });

  it.each(seeds)('a faulted child before one whose rebuild has just begun (identifiers of seed %i)', async (seed) => {
    const test = TestCluster.withNodes(['a', 'b', 'c'], { seed });
    const volumeId = test.volume(['a', 'b', 'c']);
    test.cluster.setNodeStatus('c', 'Offline');
    test.cluster.setNodeStatus('c', 'Online');
    await test.clock.advance(10_000);
    expect(test.replicaOn(volumeId, 'c').rebuildPercent).toBe(0);
    test.cluster.setNodeStatus('b', 'Offline');
    test.cluster.setNodeStatus('b', 'Online');
    expect(test.replicaOn(volumeId, 'b').childStatus).toBe('Faulted');
    expect(removed(test, volumeId)).toBe('b');
  });

  it.each(['2.0', '2.5', '2.7'] as const)(
    'the new cold replica before 2.8, as here in %s: locality decides',
    async (release) => {
      const { test, volumeId } = await scaledUp(release);
      test.cluster.infrastructure.cordonNode('hot', 'steer');
      expect(removed(test, volumeId)).toBe('cold');
    },
  );

  it('from 2.9 on, the replica on a cordoned node, although it is local to the target', async () => {
    for (const release of ['2.9', '2.10'] as const) {
      const { test, volumeId } = await scaledUp(release);
      test.cluster.infrastructure.cordonNode('hot', 'steer');
      expect(removed(test, volumeId)).toBe('hot');
      expect(test.cluster.violations).toEqual([]);
    }
  });

  it('in 2.8 not the one on a cordoned node', async () => {
    const { test, volumeId } = await scaledUp('2.8');
    test.cluster.infrastructure.cordonNode('hot', 'steer');
    expect(removed(test, volumeId)).toBe('cold');
  });

  it('regardless of cordons of pools', async () => {
    const { test, volumeId } = await scaledUp('2.10');
    test.cluster.infrastructure.cordonPool('pool-hot', { replicas: true });
    expect(removed(test, volumeId)).toBe('cold');
  });

  it.each([
    ['2.7', 'b'],
    ['2.8', 'a'],
    ['2.9', 'a'],
  ] as const)(
    'from 2.8 on, the replica whose pool no longer matches the topology: in %s the one on %s',
    (release, node) => {
      const test = new TestCluster({ release });
      test.node('a', { labels: { tier: 'hot' } });
      test.node('b', { labels: { tier: 'hot' } });
      const labelled = { inclusion: { tier: 'hot' }, exclusion: {} };
      const volumeId = test.volume(['a', 'b'], { topology: { pool_topology: { labelled } } });
      test.cluster.infrastructure.labelPool('pool-a', { key: 'tier', value: 'cold', overwrite: true });
      expect(removed(test, volumeId)).toBe(node);
    },
  );

  it('a replica away from the target before the local one, if nothing else tells them apart', () => {
    for (const release of RELEASES) {
      for (const local of ['a', 'b', 'c']) {
        const test = TestCluster.withNodes(['a', 'b', 'c'], { release });
        const volumeId = test.volume(['a', 'b', 'c'], { unpublished: true });
        test.cluster.publish(volumeId, local);
        expect(removed(test, volumeId)).not.toBe(local);
      }
    }
  });

  it('the replica on the pool with more replicas of its affinity group', () => {
    const test = TestCluster.withNodes(['a', 'b', 'c']);
    test.volume(['a', 'b'], { affinityGroup: 'database' });
    const volumeId = test.volume(['a', 'b', 'c'], { affinityGroup: 'database' });
    expect(removed(test, volumeId)).toBe('b');
  });

  it('between equals, now one and now another: identifiers decide', () => {
    const taken = new Set<string | undefined>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const test = TestCluster.withNodes(['a', 'b', 'c'], { seed });
      taken.add(removed(test, test.volume(['a', 'b', 'c'])));
    }
    expect(taken).toEqual(new Set(['b', 'c']));
  });

  it('nothing, when that would cost a copy that is missing elsewhere: only the count changes', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b'], { unpublished: true });
    test.cluster.setNodeStatus('b', 'Offline');
    test.scale(volumeId, 1);
    expect(test.view(volumeId)).toMatchObject({ replicaCount: 1, status: 'Online' });
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
    test.cluster.publish(volumeId, 'a');
    expect(test.nodesOf(volumeId)).toEqual(['a']);
  });
});

describe('whatever is scaled, and whenever', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('scale' as const), up: fc.boolean() }),
    fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ kind: fc.constant('node' as const), name: fc.constantFrom('a', 'b', 'c', 'd'), online: fc.boolean() }),
    fc.record({ kind: fc.constant('cordon' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('publish' as const), name: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({ kind: fc.constant('fail' as const) }),
  );

  it('one replica is on a node, one copy is good, and a scale-down by one takes a good copy only if enough are left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...RELEASES), fc.array(step, { maxLength: 25 }), async (release, steps) => {
        const test = TestCluster.withNodes(['a', 'b', 'c', 'd'], { release, rebuildBytesPerSecond: GIB / 5 });
        const volumeId = test.volume(['a', 'b']);
        for (const next of steps) {
          const before = test.view(volumeId);
          const syncedBefore = before.replicas.filter(({ synced }) => synced).length;
          const asked = before.replicaCount + (next.kind === 'scale' && next.up ? 1 : -1);
          try {
            if (next.kind === 'scale') test.scale(volumeId, asked);
            if (next.kind === 'wait') await test.clock.advance(next.seconds * 1000);
            if (next.kind === 'node') test.cluster.setNodeStatus(next.name, next.online ? 'Online' : 'Offline');
            if (next.kind === 'cordon') test.cluster.infrastructure.cordonNode(next.name, 'x');
            if (next.kind === 'publish') test.cluster.volumes.publish(volumeId, { node: next.name, republish: true });
            if (next.kind === 'fail') test.cluster.failRebuild(volumeId);
          } catch (error) {
            expect(error).toHaveProperty('kind');
          }
          const { replicas } = test.view(volumeId);
          const synced = replicas.filter((replica) => replica.synced).length;
          expect(new Set(replicas.map(({ node }) => node)).size).toBe(replicas.length);
          expect(synced).toBeGreaterThanOrEqual(1);
          if (next.kind === 'scale' && synced < syncedBefore) expect(synced).toBeGreaterThanOrEqual(asked);
        }
      }),
      { numRuns: 150 },
    );
  });
});
