import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { multiplyMatrices, rank, rowOf, selectRows } from './matrix.ts';
import { planReconstruction, type ReconstructionPlan } from './plan.ts';
import type { ErasureScheme } from './scheme.ts';
import { schemeNamed, subsetsOf } from './schemes.fixture.ts';

const shardsOf = (scheme: ErasureScheme): number[] => [...Array(scheme.totalShards).keys()];
const without = (scheme: ErasureScheme, lost: readonly number[]): number[] =>
  shardsOf(scheme).filter((shard) => !lost.includes(shard));

function plan(scheme: ErasureScheme, lost: readonly number[], wanted = lost): ReconstructionPlan {
  const outcome = planReconstruction(scheme, { available: without(scheme, lost), wanted });
  if (outcome.kind !== 'plan') throw new Error(`${scheme.name} without ${lost.join()}: ${outcome.kind}`);
  return outcome;
}

/** What a plan makes of its sources is what the generator says the wanted shards are. */
function expectRight(scheme: ErasureScheme, { matrix, sources, wanted }: ReconstructionPlan): void {
  expect(multiplyMatrices(matrix, selectRows(scheme.generator, sources))).toEqual(selectRows(scheme.generator, wanted));
}

describe('a plan for Reed-Solomon', () => {
  it('reads k shards, data before parity', () => {
    const scheme = schemeNamed('4+2');
    expect(plan(scheme, [1]).sources).toEqual([0, 2, 3, 4]);
    expect(plan(scheme, [1, 5]).sources).toEqual([0, 2, 3, 4]);
    expect(plan(scheme, [5]).sources).toEqual([0, 1, 2, 3]);
    expect(plan(scheme, [0, 4], [4]).sources).toEqual([1, 2, 3, 5]);
  });

  it('reads the cheapest', () => {
    const scheme = schemeNamed('4+2');
    const costs = [1, 1, 9, 1, 2, 3];
    const request = { available: without(scheme, [0]), wanted: [0], cost: (shard: number) => costs[shard]! };
    expect(planReconstruction(scheme, request)).toMatchObject({ kind: 'plan', sources: [1, 3, 4, 5] });
  });

  it('never reads what it computes', () => {
    const scheme = schemeNamed('3+2');
    expect(plan(scheme, [], [1]).sources).toEqual([0, 2, 3]);
  });

  it('says what cannot be had, and computes the rest', () => {
    const scheme = schemeNamed('3+2');
    expect(planReconstruction(scheme, { available: [4, 1], wanted: [0, 2] })).toEqual({
      kind: 'undecodable',
      undecodable: [0, 2],
      available: [1, 4],
    });
  });
});

describe('a plan with local groups', () => {
  const scheme = schemeNamed('LRC 12+2+2');

  it('reads only the group of a single loss, whichever it is', () => {
    for (const { firstDataShard, dataShards, parityShard } of scheme.localGroups) {
      const group = [...shardsOf(scheme).slice(firstDataShard, firstDataShard + dataShards), parityShard];
      for (const lost of group) {
        expect(plan(scheme, [lost]).sources).toEqual(group.filter((shard) => shard !== lost));
      }
    }
  });

  it('reads two groups for a loss in each', () => {
    expect(plan(scheme, [0, 7]).sources).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13]);
    expectRight(scheme, plan(scheme, [0, 7]));
  });

  it('takes a group although other groups are beyond repair', () => {
    const outcome = planReconstruction(scheme, { available: without(scheme, [0, 6, 7, 8, 9, 10, 15]), wanted: [0, 6] });
    expect(outcome).toMatchObject({ kind: 'undecodable', undecodable: [6] });
    expect(plan(scheme, [0, 6, 7, 8, 9, 10, 15], [0]).sources).toEqual([1, 2, 3, 4, 5, 12]);
  });

  it('goes past a member of the group that costs too much', () => {
    const slow = (shard: number): number => (shard === 3 ? 100 : 1);
    const available = without(scheme, [0]);
    const outcome = planReconstruction(scheme, { available, wanted: [0], cost: slow });
    if (outcome.kind !== 'plan') throw new Error(outcome.kind);
    expect(outcome.sources).not.toContain(3);
    expectRight(scheme, outcome);
    const mild = planReconstruction(scheme, { available, wanted: [0], cost: (shard) => (shard === 3 ? 5 : 1) });
    expect(mild).toMatchObject({ sources: [1, 2, 3, 4, 5, 12] });
  });

  it('reads k shards at most for two losses in one group', () => {
    const { sources } = plan(scheme, [0, 1]);
    expect(sources.length).toBe(12);
    expectRight(scheme, plan(scheme, [0, 1]));
  });
});

describe('the shards of a plan', () => {
  /** By trying every set of at most k. */
  function leastCost(
    scheme: ErasureScheme,
    available: readonly number[],
    wanted: readonly number[],
    costs: readonly number[],
  ): number {
    let least = Infinity;
    const visit = (space: readonly number[], from: number, cost: number): void => {
      if (cost >= least) return;
      const rows = rank(selectRows(scheme.generator, space));
      if (rank(selectRows(scheme.generator, [...space, ...wanted])) === rows) least = cost;
      else if (rows === space.length) {
        for (let index = from; index < available.length; index += 1) {
          visit([...space, available[index]!], index + 1, cost + costs[available[index]!]!);
        }
      }
    };
    visit([], 0, 0);
    return least;
  }

  it.each(['LRC 4+2+1', 'LRC 4+2+2', 'LRC 6+3+1', 'LRC 6+2+2', '4+3'])(
    'of %s are the cheapest, and at most k',
    (name) => {
      const scheme = schemeNamed(name);
      const { totalShards, dataShards, guaranteedLosses } = scheme;
      const shards = fc.shuffledSubarray(shardsOf(scheme), { minLength: 1, maxLength: guaranteedLosses + 1 });
      const costs = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: totalShards, maxLength: totalShards });
      fc.assert(
        fc.property(shards, fc.nat(), costs, fc.boolean(), (lost, some, dear, isPriced) => {
          const wanted = lost.slice(0, 1 + (some % lost.length));
          const available = without(scheme, lost);
          const cost = isPriced ? dear : dear.map(() => 1);
          const request = { available, wanted, ...(isPriced ? { cost: (shard: number) => dear[shard]! } : {}) };
          const outcome = planReconstruction(scheme, request);
          if (outcome.kind === 'undecodable') return;
          expectRight(scheme, outcome);
          const paid = outcome.sources.reduce((sum, shard) => sum + cost[shard]!, 0);
          expect({ paid, least: leastCost(scheme, available, wanted, cost) }).toEqual({ paid, least: paid });
          expect(outcome.sources.length).toBeLessThanOrEqual(dataShards);
        }),
        { numRuns: 40 },
      );
    },
  );

  it('are at most k where whole groups and others would be more', () => {
    const scheme = schemeNamed('LRC 4+2+2');
    const costs = [4, 6, 8, 8, 9, 4, 7, 2];
    const request = { available: without(scheme, [2, 6]), wanted: [2, 6], cost: (shard: number) => costs[shard]! };
    expect(planReconstruction(scheme, request)).toMatchObject({ kind: 'plan', sources: [0, 1, 5, 7] });
  });

  it('are two whole groups where a cheap shard of all would need all', () => {
    const scheme = schemeNamed('LRC 6+3+1');
    // Data 2, local parities 3, and 1 for the global one.
    const cost = (shard: number): number => (shard < 6 ? 2 : shard < 9 ? 3 : 1);
    const request = { available: without(scheme, [0, 2]), wanted: [0, 2], cost };
    expect(planReconstruction(scheme, request)).toMatchObject({ kind: 'plan', sources: [1, 3, 6, 7] });
  });
});

describe('any plan', () => {
  it.each(['LRC 4+2+2', 'LRC 6+2+2', 'LRC 5+2+1', 'LRC 6+3+1', '5+3'])(
    'of %s exists exactly where the rank of what is left allows, and gives the rows of the generator',
    (name) => {
      const scheme = schemeNamed(name);
      for (let losses = 1; losses <= scheme.parityShards + 1; losses += 1) {
        for (const lost of subsetsOf(scheme.totalShards, losses)) {
          const available = without(scheme, lost);
          const isDecodable = rank(selectRows(scheme.generator, available)) === scheme.dataShards;
          const data = lost.filter((shard) => shard < scheme.dataShards);
          const outcome = planReconstruction(scheme, { available, wanted: data });
          if (outcome.kind === 'plan') {
            const made = multiplyMatrices(outcome.matrix, selectRows(scheme.generator, outcome.sources));
            if (Buffer.compare(made.coefficients, selectRows(scheme.generator, data).coefficients) !== 0) {
              throw new Error(`wrong plan without ${lost.join()}`);
            }
          }
          if ((outcome.kind === 'plan') !== isDecodable) throw new Error(`${outcome.kind} without ${lost.join()}`);
        }
      }
    },
  );

  it('reads available shards only, each with a use, whatever the costs', () => {
    const names = ['10+4', 'LRC 12+2+2', 'LRC 11+3+2', 'LRC 10+2+3', '20+12'];
    const costs = fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.nat(1000)), costs, (name, random, cost) => {
        const scheme = schemeNamed(name);
        const shards = shardsOf(scheme);
        const lost: number[] = [];
        for (let loss = 0; loss < scheme.guaranteedLosses; loss += 1) {
          lost.push(...shards.splice((random.next().value as number) % shards.length, 1));
        }
        const outcome = planReconstruction(scheme, { available: shards, wanted: lost, cost: (shard) => cost[shard]! });
        if (outcome.kind !== 'plan') throw new Error(outcome.kind);
        expectRight(scheme, outcome);
        expect(outcome.sources.filter((shard) => !shards.includes(shard))).toEqual([]);
        outcome.sources.forEach((_, column) =>
          expect(lost.some((_, row) => rowOf(outcome.matrix, row)[column] !== 0)).toBe(true),
        );
      }),
      { numRuns: 60 },
    );
  });
});
