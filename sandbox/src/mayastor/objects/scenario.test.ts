import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { MayastorCluster } from '../cluster.ts';
import { demoCluster, seedCluster, TIERS, VOLUME_KINDS } from './scenario.ts';
import type { ScenarioOptions } from './scenario.ts';

const demo = (options: ScenarioOptions = {}): ReturnType<typeof demoCluster> =>
  demoCluster({ clock: new VirtualClock(), release: '2.10', ...options });

describe('a scenario', () => {
  it('is the same cluster for the same seed, and another for another', () => {
    const [one, same, other] = [{ seed: 5 }, { seed: 5 }, { seed: 6 }].map((options) => demo(options));
    expect(same!.cluster.view()).toEqual(one!.cluster.view());
    expect(same!.scenario).toEqual(one!.scenario);
    expect(other!.scenario.volumes).not.toEqual(one!.scenario.volumes);
  });

  it('spreads nodes over three zones and has pools of three tiers on them', () => {
    const { cluster, scenario } = demo({ nodes: 6, poolsPerTier: 4 });
    const { nodes, pools } = cluster.view();
    expect(nodes).toHaveLength(6);
    expect(new Set(scenario.zones.values()).size).toBe(3);
    for (const tier of TIERS) {
      const ofTier = pools.filter(({ labels }) => labels.tier === tier);
      expect(ofTier).toHaveLength(4);
      expect(new Set(ofTier.map(({ node }) => node)).size).toBe(4);
      expect(ofTier.every(({ rotational }) => rotational === (tier === 'cold'))).toBe(true);
    }
  });

  it('has a volume of every kind among its first', () => {
    const { scenario } = demo({ volumes: VOLUME_KINDS.length });
    expect(scenario.volumes.map(({ kind }) => kind)).toEqual([...VOLUME_KINDS]);
  });

  it('has volumes that are what their kind says', () => {
    const { cluster, scenario } = demo({ volumes: 200 });
    const views = new Map(cluster.view().volumes.map((volume) => [volume.volumeId, volume]));
    for (const { volumeId, kind, claim } of scenario.volumes) {
      const volume = views.get(volumeId)!;
      expect([kind, volume.target === undefined]).toEqual([kind, kind === 'unpublished']);
      expect([kind, volume.snapshotCount > 0]).toEqual([kind, kind === 'snapshots']);
      const pinned = volume.topology?.pool_topology?.labelled?.inclusion.tier !== '';
      expect([kind, pinned, claim.storageClassName === 'mayastor-pinned']).toEqual([
        kind,
        kind === 'pinned',
        kind === 'pinned',
      ]);
    }
  });

  it('puts replicas where the rules would: on different nodes, in one tier, within the space of the pool', () => {
    const { cluster, scenario } = demo({ nodes: 3, poolsPerTier: 5, volumes: 300 });
    const { pools, volumes } = cluster.view();
    const tierOf = new Map(pools.map(({ name, labels }) => [name, labels.tier]));
    for (const [index, { volumeId, replicas, replicaCount, status }] of volumes.entries()) {
      expect([volumeId, status]).toEqual([volumeId, 'Online']);
      expect(replicas).toHaveLength(replicaCount);
      expect(new Set(replicas.map(({ node }) => node)).size).toBe(replicaCount);
      expect([...new Set(replicas.map(({ pool }) => tierOf.get(pool)))]).toEqual([scenario.volumes[index]!.tier]);
    }
    for (const { usedBytes, capacityBytes } of pools) expect(usedBytes).toBeLessThan(capacityBytes);
    expect(new Set(volumes.map(({ replicaCount }) => replicaCount))).toEqual(new Set([1, 2, 3]));
    expect(cluster.violations).toEqual([]);
  });

  it('runs at the rates of its kinds', async () => {
    const clock = new VirtualClock();
    const { cluster, scenario } = demoCluster({ clock, release: '2.10', volumes: 60 });
    await clock.advance(10_000);
    const rates = new Map(
      cluster.view().volumes.map(({ volumeId, target }) => {
        const { readOps = 0, writeOps = 0 } = target?.counters ?? {};
        return [volumeId, (readOps + writeOps) / 10];
      }),
    );
    const ofKind = (wanted: string): number[] =>
      scenario.volumes.filter(({ kind }) => kind === wanted).map(({ volumeId }) => rates.get(volumeId)!);
    expect(Math.min(...ofKind('busy'))).toBeGreaterThan(5000);
    expect(Math.max(...ofKind('idle'))).toBeLessThan(200);
    for (const rate of ofKind('moderate')) expect(rate > 1500 && rate < 5000).toBe(true);
    for (const rate of ofKind('between')) expect(rate > 200 && rate < 1500).toBe(true);
  });

  it('gives every volume a claim of its own, in a class that exists', () => {
    const { scenario } = demo({ volumes: 500 });
    const names = scenario.volumes.map(({ claim }) => `${claim.namespace}/${claim.name}`);
    expect(new Set(names).size).toBe(500);
    const classes = new Set(scenario.storageClasses.map(({ name }) => name));
    expect(scenario.volumes.every(({ claim }) => classes.has(claim.storageClassName))).toBe(true);
  });

  it('grows to thousands of volumes', () => {
    const { cluster } = demo({ volumes: 2000 });
    const { nodes, pools, volumes } = cluster.view();
    expect([nodes.length, pools.length, volumes.length]).toEqual([12, 12, 2000]);
  });

  it.each([{ nodes: 2 }, { poolsPerTier: 1 }])('refuses %j, on which three replicas have no place', (options) => {
    const cluster = new MayastorCluster({ clock: new VirtualClock(), release: '2.10' });
    expect(() => seedCluster(cluster, options)).toThrow(/Three replicas need 3 nodes/);
  });
});
