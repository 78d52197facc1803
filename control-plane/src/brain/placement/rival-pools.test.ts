import { describe, expect, it } from '@jest/globals';
import { MAX_CORDONS } from '@couchestor/common/api';
import fc from 'fast-check';
import type { NodeFacts, PoolFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { MoveRequest } from './move-request.ts';
import { carriedOut, node, NO_TOPOLOGY, pool, request, storage, volume, type Release } from './placement.fixture.ts';
import { planMove, planWithRemedies } from './plan-move.ts';
import { RivalPools } from './rival-pools.ts';

const TARGET = pool('cold-n2');

/** A volume on n1 that is to move to cold-n2, beside n3 with two pools. */
function cordons(
  changed: Partial<PoolFacts> = {},
  rest: { on?: Partial<NodeFacts>; volume?: Partial<VolumeFacts>; release?: Release } = {},
): string {
  const facts = storage({
    release: rest.release ?? '2.10',
    nodes: [node('n1'), node('n2'), node('n3', rest.on)],
    pools: [pool('hot-n1'), pool('hot-n2'), TARGET, pool('hot-n3'), pool('cold-n3', changed)],
  });
  return new RivalPools(volume(['hot-n1'], rest.volume), facts)
    .cordons(TARGET)
    .map(({ name }) => name)
    .join(' ');
}

describe('what is cordoned, so that a new replica goes nowhere but to the target', () => {
  it('is every other pool, but none on a node that holds a replica; before 2.10, every other node', () => {
    expect(cordons()).toBe('cold-n3 hot-n2 hot-n3');
    expect(cordons({}, { release: '2.9' })).toBe('n3');
  });

  it.each([
    ['is cordoned', { cordoned: true }],
    ['is faulted', { status: 'Faulted' }],
    ['is smaller than the volume', { capacityBytes: 10 * 1024 ** 3 }],
  ] as const)('leaves out a pool that %s', (_, changed) => {
    expect(cordons(changed)).toBe('hot-n2 hot-n3');
  });

  it.each([
    ['is full now', { usedBytes: 1000 * 1024 ** 3 }],
    ['is in a state that is not known', { status: 'Unknown' }],
  ] as const)('does not leave out a pool that %s: a moment later it may be chosen', (_, changed) => {
    expect(cordons(changed)).toBe('cold-n3 hot-n2 hot-n3');
  });

  it('leaves out the pools of a node that is cordoned or offline, and not of one in a state that is not known', () => {
    for (const on of [{ cordoned: true }, { status: 'Offline' }] as const) expect(cordons({}, { on })).toBe('hot-n2');
    expect(cordons({}, { on: { status: 'Unknown' } })).toBe('cold-n3 hot-n2 hot-n3');
  });

  it('leaves out what the topology excludes, by what Mayastor knows', () => {
    const topology = { ...NO_TOPOLOGY, poolInclusion: { tier: '' } };
    expect(cordons({ topologyLabels: {} }, { volume: { topology } })).toBe('hot-n2 hot-n3');
    const racks = { ...NO_TOPOLOGY, nodeExclusion: { rack: '' } };
    expect(cordons({}, { volume: { topology: racks }, on: { labels: { rack: 'a' }, topologyLabels: {} } })).toBe('');
    expect(cordons({}, { volume: { topology: racks }, on: { labels: { rack: 'a' } } })).toBe('cold-n3 hot-n3');
  });
});

/** A hot pool with a volume on n1, and one cold pool on each of so many other nodes, with as many further pools each. */
function large({ others, perNode = 1, release = '2.10' }: Record<'others', number> & LargeOptions): StorageFacts {
  const names = Array.from({ length: others }, (_, index) => `n${index + 2}`);
  const spare = Array.from({ length: perNode - 1 }, (_, index) => `spare${index}`);
  return storage({
    release,
    nodes: ['n1', ...names].map((name) => node(name)),
    pools: [pool('hot-n1'), ...names.flatMap((name) => ['cold', ...spare].map((kind) => pool(`${kind}-${name}`)))],
    volumes: [volume(['hot-n1'])],
  });
}

interface LargeOptions {
  readonly perNode?: number;
  readonly release?: Release;
}

function expectRemediesToWork(before: MoveRequest): void {
  const plan = planWithRemedies(before);
  for (const remedy of plan.kind === 'possible' ? [] : plan.remedies) {
    expect([remedy, planMove(remedy.reduce(carriedOut, before)).kind]).toEqual([remedy, 'possible']);
  }
}

describe('a cluster in which steering takes more cordons than a migration can hold', () => {
  const most = MAX_CORDONS + 1;

  it.each(['2.9', '2.10'] as const)('is refused with %s, and moves again once some are cordoned', (release) => {
    expect(planMove(request(large({ others: most, release }))).kind).toBe('possible');
    const before = request(large({ others: most + 3, release }));
    const plan = planMove(before);
    if (plan.kind === 'possible') throw new Error('it would be planned, and fail');
    expect(plan.code).toBe('NoPool');
    expect(plan.candidates[0]?.verdict).toEqual({
      kind: 'rejected',
      code: 'TooManyCordons',
      reason: 'To keep the new replica from going elsewhere would take 259 cordons, and a migration holds at most 256.',
    });
    expect(plan.remedies[0]).toBe('Cordon 3 more of the nodes that new replicas need not go to.');
    expectRemediesToWork(before);
  });

  it('may take few cordons of nodes where it takes many of pools: then nodes are cordoned, but for that of the target', () => {
    const facts = large({ others: 100, perNode: 3 });
    const plan = planMove(request(facts));
    expect(plan).toMatchObject({ kind: 'possible', move: { target: { pool: 'cold-n10' } } });
    const target = facts.pools.find((one) => one.pool === 'cold-n10')!;
    const cordons = new RivalPools(volume(['hot-n1']), facts).cordons(target);
    const pools = cordons.filter(({ kind }) => kind === 'Pool').map(({ name }) => name);
    expect([cordons.length, pools]).toEqual([101, ['spare0-n10', 'spare1-n10']]);
  });

  it('has cordons of one kind, however many of them are set already', () => {
    const facts = large({ others: 100, perNode: 3 });
    const target = facts.pools.find((one) => one.pool === 'cold-n10')!;
    const cordonsIn = (some: StorageFacts): readonly string[] =>
      new RivalPools(volume(['hot-n1']), some).cordons(target).map(({ kind, name }) => `${kind} ${name}`);
    const all = cordonsIn(facts);
    const set = new Set(all.slice(0, 90));
    const half = {
      ...facts,
      nodes: facts.nodes.map((one) => ({ ...one, cordoned: set.has(`Node ${one.node}`) })),
      pools: facts.pools.map((one) => ({ ...one, cordoned: set.has(`Pool ${one.pool}`) })),
    };
    expect(cordonsIn(half)).toEqual(all.slice(90));
  });

  it('would be too large after an upgrade as well, if that is what else it needs', () => {
    const before = request(large({ others: most + 3, perNode: 2, release: '2.9' }));
    const plan = planMove(before);
    expect(plan.candidates[0]?.verdict).toMatchObject({ code: 'PlacementNotSteerable' });
    expectRemediesToWork(before);
    expect(plan.kind === 'possible' ? [] : plan.remedies).toContain(
      'Upgrade Mayastor to 2.10 or later, and cordon 4 more of the nodes that new replicas need not go to.',
    );
  });

  it('is counted as it would be cordoned', () => {
    const facts = fc.record({
      poolCordons: fc.boolean(),
      cordonedNodes: fc.array(fc.nat(280), { maxLength: 30 }),
      cordonedPools: fc.array(fc.nat(560), { maxLength: 60 }),
      at: fc.nat(280),
    });
    const base = large({ others: 280, perNode: 2 });
    fc.assert(
      fc.property(facts, ({ poolCordons, cordonedNodes, cordonedPools, at }) => {
        const changed: StorageFacts = {
          ...base,
          capabilities: { ...base.capabilities, poolCordons },
          nodes: base.nodes.map((one, index) => ({ ...one, cordoned: cordonedNodes.includes(index) })),
          pools: base.pools.map((one, index) => ({ ...one, cordoned: cordonedPools.includes(index) })),
        };
        const target = changed.pools[at]!;
        const rivals = new RivalPools(volume(['hot-n1']), changed);
        const count = rivals.cordons(target).length;
        expect(rivals.excess(target)).toBe(Math.max(0, count - MAX_CORDONS));
      }),
      { numRuns: 50 },
    );
  });
});
