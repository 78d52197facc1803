/** The greedy planner against one that tries every assignment of volumes to pools, with checks of its own. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { claimOf, NOW_MS, policyInput, readingOf, SETTINGS, volumeId } from '../brain.fixture.ts';
import { decide, type DecideInput } from '../decide.ts';
import { GIB, node, nodeName, pool, storage, volume } from './placement.fixture.ts';

interface Choice {
  readonly replicaId: string;
  readonly pool: string;
}

interface World {
  readonly input: DecideInput;
  readonly limit: number;
  readonly iops: ReadonlyMap<string, number>;
}

type Assigned = readonly (readonly [VolumeFacts, Choice])[];

/** Larger is better, from left to right. */
type Preference = readonly number[];

function wantedOf(world: World, moved: VolumeFacts): 'hot' | 'cold' {
  return world.iops.get(moved.volumeId)! >= 1000 ? 'hot' : 'cold';
}

const tierOfName = (name: string): string => name.split('-')[0]!;

/** Promotions by heat, then split volumes by heat, then demotions by the bytes they free. */
function inBenefitOrder(world: World): readonly VolumeFacts[] {
  const outside = (moved: VolumeFacts): number =>
    moved.replicas.filter(({ pool: on }) => tierOfName(on!) !== wantedOf(world, moved)).length;
  const key = (moved: VolumeFacts): readonly [number, number] => {
    if (outside(moved) < moved.replicas.length) return [1, world.iops.get(moved.volumeId)!];
    return wantedOf(world, moved) === 'hot'
      ? [2, world.iops.get(moved.volumeId)!]
      : [0, outside(moved) * moved.sizeBytes];
  };
  return world.input.snapshot.storage.volumes
    .filter((moved) => outside(moved) > 0)
    .toSorted((a, b) => key(b)[0] - key(a)[0] || key(b)[1] - key(a)[1] || (a.volumeId < b.volumeId ? -1 : 1));
}

function domainOf(world: World, name: string): string {
  return world.input.snapshot.storage.nodes.find((one) => one.node === name)!.failureDomain;
}

function domains(world: World, nodes: readonly string[]): number {
  return new Set(nodes.map((name) => domainOf(world, name))).size;
}

/** How good the choice is after those before it; undefined: it is not allowed. */
function preferenceOf(world: World, moved: VolumeFacts, choice: Choice, before: Assigned): Preference | undefined {
  const { nodes, pools, volumes, capabilities } = world.input.snapshot.storage;
  const to = pools.find((one) => one.pool === choice.pool)!;
  const from = moved.replicas.find((one) => one.replicaId === choice.replicaId)!;
  const source = pools.find((one) => one.pool === from.pool)!;
  const host = nodes.find((one) => one.node === to.node)!;
  const others = moved.replicas.filter((one) => one !== from);
  const isCordoned = (name: string): boolean => nodes.find((one) => one.node === name)!.cordoned;
  const toward = before.filter(([, earlier]) => earlier.pool === to.pool).map(([earlier]) => earlier);
  const free = to.capacityBytes - to.usedBytes - toward.reduce((sum, one) => sum + one.sizeBytes, 0) - moved.sizeBytes;

  if (host.status !== 'Online' || host.cordoned || to.status !== 'Online' || to.cordoned) return undefined;
  if (tierOfName(source.pool) === wantedOf(world, moved) || tierOfName(to.pool) !== wantedOf(world, moved))
    return undefined;
  if (moved.replicas.some((one) => one.node === to.node)) return undefined;
  if (free < to.capacityBytes / 10) return undefined;
  if (source.encrypted && !to.encrypted) return undefined;
  const nodesBefore = moved.replicas.map((one) => one.node!);
  const nodesAfter = [...others.map((one) => one.node!), to.node];
  if (domains(world, nodesAfter) < domains(world, nodesBefore)) return undefined;

  const crowd = volumes.filter((one) => one !== moved && one.affinityGroup === moved.affinityGroup);
  const crowdNodes = crowd.flatMap((one) => [
    ...one.replicas.map((replica) => replica.node),
    ...before.filter(([earlier]) => earlier === one).map(([, { pool: on }]) => pools.find((p) => p.pool === on)!.node),
  ]);
  if (moved.affinityGroup !== undefined && (moved.replicaCount === 1 || crowdNodes.includes(to.node))) return undefined;

  const minor = Number(capabilities.version!.split('.')[1]);
  const roommates = pools.filter((one) => one.node === to.node && one !== to);
  if (minor < 10 && roommates.some((one) => one.capacityBytes - one.usedBytes > moved.sizeBytes)) return undefined;

  const local = moved.target!.node;
  const cordonedOthers = others.filter((one) => minor >= 9 && isCordoned(one.node!));
  const rivals = cordonedOthers.length > 0 ? cordonedOthers : [];
  const steered = rivals.every((one) => one.node === local) && (rivals.length === 0 || from.node !== local);
  const nodesOfAll = [...others.map((one) => one.node), to.node];
  const alone = from.node !== local && nodesOfAll.every((name) => name === local);
  const aheadByCordon = minor >= 9 && isCordoned(from.node!) && steered;
  const byItself = aheadByCordon || (alone && rivals.length === 0);
  if (!byItself && (minor < 9 || !steered)) return undefined;

  return [
    1,
    scoreOf(world, moved, { to, toward, free, adds: domains(world, nodesAfter) > domains(world, nodesBefore) }),
    descending(to.pool),
    domains(world, nodesAfter),
    Number(byItself),
    descending(source.pool),
  ];
}

interface Arrival {
  readonly to: PoolFacts;
  readonly toward: readonly VolumeFacts[];
  readonly free: number;
  readonly adds: boolean;
}

function scoreOf(world: World, moved: VolumeFacts, { to, toward, free, adds }: Arrival): number {
  const there = world.input.snapshot.storage.volumes.filter((one) => one.replicas.some((r) => r.pool === to.pool));
  const all = [...there, ...toward];
  const load = all.reduce((sum, one) => sum + world.iops.get(one.volumeId)!, 0);
  const committed = to.committedBytes! + [...toward, moved].reduce((sum, one) => sum + one.sizeBytes, 0);
  const points =
    (40 * free) / to.capacityBytes +
    15 * Math.max(0, 1 - committed / (2.5 * to.capacityBytes)) +
    (10 * 20) / (20 + all.length) +
    (15 * 5000) / (5000 + load) +
    (adds ? 20 : 0);
  return Math.round(points * 10) / 10;
}

/** Grows as the name comes earlier; for names that differ in their first seven letters. */
function descending(name: string): number {
  return -name
    .padEnd(7)
    .slice(0, 7)
    .split('')
    .reduce((sum, letter) => sum * 128 + letter.charCodeAt(0), 0);
}

function compare(a: readonly Preference[], b: readonly Preference[]): number {
  const [left, right] = [a.flat(), b.flat()];
  for (const [index, value] of left.entries()) {
    const other = right[index];
    if (value === other) continue;
    return other === undefined || value > other ? 1 : -1;
  }
  return 0;
}

/** The best of all assignments. */
function bruteForce(world: World): ReadonlyMap<string, Choice> {
  const order = inBenefitOrder(world);
  const pools = world.input.snapshot.storage.pools;
  let best: { assigned: Assigned; preferences: readonly Preference[] } = { assigned: [], preferences: [] };
  const tryAll = (index: number, assigned: Assigned, preferences: readonly Preference[]): void => {
    const moved = order[index];
    if (moved === undefined) {
      if (compare(preferences, best.preferences) > 0) best = { assigned, preferences };
      return;
    }
    tryAll(index + 1, assigned, [...preferences, STAYS]);
    if (assigned.length >= world.limit) return;
    for (const { replicaId } of moved.replicas) {
      for (const { pool: name } of pools) {
        const choice = { replicaId, pool: name };
        const preference = preferenceOf(world, moved, choice, assigned);
        if (preference !== undefined) tryAll(index + 1, [...assigned, [moved, choice]], [...preferences, preference]);
      }
    }
  };
  tryAll(0, [], []);
  return new Map(best.assigned.map(([{ volumeId: id }, choice]) => [id, choice]));
}

/** As long as a preference, so that the next volume's is compared with the next volume's. */
const STAYS: Preference = [0, 0, 0, 0, 0, 0];

const rarely = fc.integer({ min: 0, max: 9 }).map((value) => value === 0);
const anyWorld: fc.Arbitrary<World> = fc
  .record({
    release: fc.constantFrom('2.7' as const, '2.9' as const, '2.10' as const, '2.10' as const, '2.10' as const),
    limit: fc.integer({ min: 1, max: 3 }),
    domainsOf: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 4, maxLength: 4 }),
    offline: fc.array(rarely, { minLength: 4, maxLength: 4 }),
    cordoned: fc.array(rarely, { minLength: 4, maxLength: 4 }),
    pools: fc.array(
      fc.record({ there: fc.boolean(), usedGib: fc.integer({ min: 0, max: 60 }), encrypted: rarely, cordoned: rarely }),
      { minLength: 8, maxLength: 8 },
    ),
    volumes: fc.array(
      fc.record({
        on: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 3, selector: (at) => at % 4 }),
        sizeGib: fc.integer({ min: 5, max: 40 }),
        iops: fc.constantFrom(0, 50, 2000, 9000),
        target: fc.integer({ min: 0, max: 3 }),
        grouped: rarely,
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map((given) => {
    const names = ['hot', 'cold'].flatMap((tier) => [1, 2, 3, 4].map((at) => `${tier}-n${at}`));
    const used = new Set(given.volumes.flatMap(({ on }) => on));
    const pools = names.flatMap((name, index) => {
      const { there, usedGib, encrypted, cordoned } = given.pools[index]!;
      const usedBytes = usedGib * GIB;
      const changed = { capacityBytes: 100 * GIB, usedBytes, committedBytes: usedBytes, encrypted, cordoned };
      return there || used.has(index) ? [pool(name, changed)] : [];
    });
    const nodes = [1, 2, 3, 4].map((at) =>
      node(`n${at}`, {
        failureDomain: given.domainsOf[at - 1]!,
        status: given.offline[at - 1]! ? 'Offline' : 'Online',
        cordoned: given.cordoned[at - 1]!,
      }),
    );
    const volumes = given.volumes.map(({ on, sizeGib, target, grouped }, index) => {
      const made = volume(on.map((at) => names[at]!));
      return {
        ...made,
        volumeId: volumeId(index),
        sizeBytes: sizeGib * GIB,
        target: { ...made.target!, node: nodeName(`n${target + 1}`) },
        affinityGroup: grouped ? 'g' : undefined,
      };
    });
    const facts = storage({ release: given.release, nodes, pools, volumes });
    const iops = given.volumes.map((one) => one.iops);
    const input: DecideInput = {
      snapshot: {
        takenAtMs: NOW_MS,
        storage: facts,
        claims: volumes.map((_, index) => claimOf(index)),
        migrations: [],
      },
      policies: [policyInput('policy', { maxConcurrentMigrations: given.limit })],
      heat: readingOf(new Map(iops.map((value, index) => [index, value]))),
      settings: { ...SETTINGS, poolReserve: 0.1 },
      nowMs: NOW_MS,
    };
    return {
      input,
      limit: given.limit,
      iops: new Map<string, number>(iops.map((value, index) => [volumeId(index), value])),
    };
  });

describe('the planner', () => {
  it('moves what the best of all assignments moves, and where to', () => {
    let moveCount = 0;
    fc.assert(
      fc.property(anyWorld, (world) => {
        const planned = decide(world.input).flatMap(({ outcome, move, volumeId: id }) =>
          outcome === 'Move' && move !== undefined
            ? [[id, { replicaId: move.source.replicaId, pool: move.target.pool }] as const]
            : [],
        );
        moveCount += planned.length;
        expect(new Map(planned)).toEqual(bruteForce(world));
      }),
      { numRuns: 500 },
    );
    expect(moveCount).toBeGreaterThan(30);
  });
});
