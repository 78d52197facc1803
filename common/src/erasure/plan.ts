/**
 * Which shards to read, and with which coefficients, to get the shards that are wanted: from whole local groups, from the
 * cheapest independent shards, or some this way and some that, whichever costs least in all; never more than k.
 */
import { rowOf, type Matrix } from './matrix.ts';
import { RowSpace } from './row-space.ts';
import type { ErasureScheme } from './scheme.ts';

export interface PlanRequest {
  /** Shards that can be read, in any order. One that is wanted as well is not read. */
  readonly available: Iterable<number>;
  /** Shards to compute, data or parity; each once. */
  readonly wanted: readonly number[];
  /** What reading a shard costs, relative to others; above 0. All cost the same when left out. */
  readonly cost?: (shard: number) => number;
}

export interface ReconstructionPlan {
  readonly kind: 'plan';
  /** The shards to read, in the order of the columns. */
  readonly sources: readonly number[];
  /** The shards that come out, in the order of the rows. */
  readonly wanted: readonly number[];
  readonly matrix: Matrix;
}

export interface Undecodable {
  readonly kind: 'undecodable';
  /** Those of the wanted that cannot be had; never empty. */
  readonly undecodable: readonly number[];
  readonly available: readonly number[];
}

/** How a wanted shard comes from others: coefficients by source. */
type Combination = ReadonlyMap<number, number>;

/** Shard numbers must be those of the scheme. */
export function planReconstruction(scheme: ErasureScheme, request: PlanRequest): ReconstructionPlan | Undecodable {
  const { wanted, cost = () => 1 } = request;
  const available = new Set(request.available);
  for (const shard of wanted) available.delete(shard);

  const general = new GeneralPlan(scheme, available, cost);
  const combinations: Combination[] = [];
  const undecodable: number[] = [];
  for (const shard of wanted) {
    const combination = cheaper(localCombination(scheme, available, shard), request.cost, () => general.combine(shard));
    if (combination === undefined) undecodable.push(shard);
    else combinations.push(combination);
  }
  if (undecodable.length > 0) {
    return { kind: 'undecodable', undecodable, available: [...available].sort((left, right) => left - right) };
  }
  const isOneChoice = wanted.length === 1 || scheme.localGroups.length === 0;
  return planOf(wanted, isOneChoice ? combinations : cheapestTogether(scheme, { wanted, combinations, general, cost }));
}

/** What is cheapest for each may not be for all: several may share shards, and some of these give others. */
function cheapestTogether(
  scheme: ErasureScheme,
  {
    wanted,
    combinations,
    general,
    cost,
  }: {
    readonly wanted: readonly number[];
    /** Of each wanted shard by itself. */
    readonly combinations: readonly Combination[];
    readonly general: GeneralPlan;
    readonly cost: (shard: number) => number;
  },
): readonly Combination[] {
  const lean = new GeneralPlan(scheme, new Set(sourcesOf(combinations)), cost);
  const [fromGroups, common] = [lean, general].map((plan) => wanted.map((shard) => plan.combine(shard)!)) as [
    Combination[],
    Combination[],
  ];
  return total(common, cost) < total(fromGroups, cost) ? common : fromGroups;
}

/** Without costs a group is always cheaper than the whole; with costs a slow member of it may not be. */
function cheaper(
  local: Combination | undefined,
  cost: PlanRequest['cost'],
  general: () => Combination | undefined,
): Combination | undefined {
  if (local === undefined) return general();
  if (cost === undefined) return local;
  const other = general();
  return other !== undefined && total([other], cost) < total([local], cost) ? other : local;
}

function total(combinations: readonly Combination[], cost: (shard: number) => number): number {
  return sourcesOf(combinations).reduce((sum, shard) => sum + cost(shard), 0);
}

function sourcesOf(combinations: readonly Combination[]): number[] {
  return [...new Set(combinations.flatMap((combination) => [...combination.keys()]))].sort(
    (left, right) => left - right,
  );
}

/** The exclusive or of the others of its group, when all of them are there. */
function localCombination(
  { localGroups }: ErasureScheme,
  available: ReadonlySet<number>,
  shard: number,
): Combination | undefined {
  for (const { firstDataShard, dataShards, parityShard } of localGroups) {
    const members = [...Array.from({ length: dataShards }, (_, index) => firstDataShard + index), parityShard];
    if (!members.includes(shard)) continue;
    const others = members.filter((member) => member !== shard);
    return others.every((member) => available.has(member)) ? new Map(others.map((member) => [member, 1])) : undefined;
  }
  return undefined;
}

/** Sums of a basis among the available rows of the generator, chosen by cost, at equal cost in the order of the shards. */
class GeneralPlan {
  readonly #scheme: ErasureScheme;
  readonly #ordered: readonly number[];
  #basis: { readonly space: RowSpace; readonly shards: readonly number[] } | undefined;

  constructor(scheme: ErasureScheme, available: ReadonlySet<number>, cost: (shard: number) => number) {
    this.#scheme = scheme;
    this.#ordered = [...available].sort((left, right) => cost(left) - cost(right) || left - right);
  }

  combine(shard: number): Combination | undefined {
    const { space, shards } = (this.#basis ??= this.#chooseBasis());
    const coefficients = space.express(rowOf(this.#scheme.generator, shard));
    if (coefficients === undefined) return undefined;
    return new Map(
      shards.map((source, index) => [source, coefficients[index]!] as const).filter(([, value]) => value !== 0),
    );
  }

  #chooseBasis(): { readonly space: RowSpace; readonly shards: readonly number[] } {
    const { generator, dataShards } = this.#scheme;
    const space = new RowSpace(dataShards);
    const shards: number[] = [];
    for (const shard of this.#ordered) {
      if (space.rank === dataShards) break;
      if (space.add(rowOf(generator, shard))) shards.push(shard);
    }
    return { space, shards };
  }
}

function planOf(wanted: readonly number[], combinations: readonly Combination[]): ReconstructionPlan {
  const sources = sourcesOf(combinations);
  const coefficients = new Uint8Array(wanted.length * sources.length);
  combinations.forEach((combination, row) =>
    sources.forEach((source, column) => (coefficients[row * sources.length + column] = combination.get(source) ?? 0)),
  );
  return {
    kind: 'plan',
    sources,
    wanted: [...wanted],
    matrix: { rows: wanted.length, columns: sources.length, coefficients },
  };
}
