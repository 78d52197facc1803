/**
 * How many patterns of losses a scheme decodes, counted and not estimated: a pattern is decodable if and only if the columns
 * that the parity-check matrix has for the lost shards are independent. The search adds one lost shard after the other and
 * never looks below a dependent set, all of whose supersets are dependent.
 */
import { binomial } from './combinations.ts';
import { inverse, product } from './galois.ts';
import { at } from './matrix.ts';
import type { ErasureScheme } from './scheme.ts';

/** Patterns that one table counts, in all of its rows; enough for every row of 16+4+4 and of all policies up to 24 shards. */
export const MAX_COUNTED_PATTERNS = 2_000_000;

export interface LossRow {
  readonly losses: number;
  /** Decodable patterns divided by patterns, or undefined where they are too many to count: never an estimate. */
  readonly share: number | undefined;
  /** Where patterns were counted one by one. */
  readonly counted?: {
    readonly patterns: number;
    readonly decodable: number;
    /** What the best code with the same groups decodes; equal to `decodable` in all rows of a maximally recoverable scheme. */
    readonly possible: number;
  };
}

export type CountedCode = Pick<ErasureScheme, 'dataShards' | 'parity' | 'localGroups' | 'guaranteedLosses'>;

/** One row for each number of losses from 1 to the number of parity shards; more are never decodable. */
export function lossTable(scheme: CountedCode): LossRow[] {
  const { parity, dataShards, localGroups, guaranteedLosses } = scheme;
  const total = dataShards + parity.rows;
  if (localGroups.length === 0)
    return Array.from({ length: parity.rows }, (_, index) => ({ losses: index + 1, share: 1 }));
  const counted = countedLosses(total, parity.rows);
  const decodable = new IndependentSets(scheme, counted).count();
  const possible = possiblePatterns(scheme, counted);
  return Array.from({ length: parity.rows }, (_, index) => {
    const losses = index + 1;
    if (losses > counted) return { losses, share: losses <= guaranteedLosses ? 1 : undefined };
    const row = { patterns: binomial(total, losses), decodable: decodable[losses]!, possible: possible[losses]! };
    return { losses, share: row.decodable / row.patterns, counted: row };
  });
}

function countedLosses(total: number, most: number): number {
  let losses = 0;
  for (let patterns = 0; losses < most; losses += 1) {
    patterns += binomial(total, losses + 1);
    if (patterns > MAX_COUNTED_PATTERNS) break;
  }
  return losses;
}

/** Independent sets of columns of [parity | identity], by their size. */
class IndependentSets {
  readonly #columns: readonly Uint8Array[];
  readonly #largest: number;
  readonly #counts: number[];
  /** The reduced vectors of the set that is looked at, and where each has its 1. */
  readonly #basis: readonly Uint8Array[];
  readonly #pivots: Uint8Array;

  constructor({ parity, dataShards }: CountedCode, largest: number) {
    this.#columns = Array.from({ length: dataShards + parity.rows }, (_, shard) =>
      Uint8Array.from({ length: parity.rows }, (_, row) =>
        shard < dataShards ? at(parity, row, shard) : Number(shard - dataShards === row),
      ),
    );
    this.#largest = largest;
    this.#counts = new Array<number>(largest + 1).fill(0);
    this.#basis = Array.from({ length: largest }, () => new Uint8Array(parity.rows));
    this.#pivots = new Uint8Array(largest);
  }

  count(): readonly number[] {
    this.#extend(0, 0);
    return this.#counts;
  }

  #extend(size: number, first: number): void {
    if (size === this.#largest) return;
    const vector = this.#basis[size]!;
    for (let shard = first; shard < this.#columns.length; shard += 1) {
      vector.set(this.#columns[shard]!);
      for (let index = 0; index < size; index += 1) eliminate(vector, this.#basis[index]!, this.#pivots[index]!);
      const pivot = pivotOf(vector);
      if (pivot < 0) continue;
      this.#counts[size + 1]! += 1;
      if (size + 1 === this.#largest) continue;
      const factor = inverse(vector[pivot]!);
      for (let row = 0; row < vector.length; row += 1) vector[row] = product(vector[row]!, factor);
      this.#pivots[size] = pivot;
      this.#extend(size + 1, shard + 1);
    }
  }
}

function eliminate(vector: Uint8Array, reduced: Uint8Array, pivot: number): void {
  const factor = vector[pivot]!;
  if (factor === 0) return;
  for (let row = 0; row < vector.length; row += 1) vector[row]! ^= product(reduced[row]!, factor);
}

function pivotOf(vector: Uint8Array): number {
  for (let row = 0; row < vector.length; row += 1) {
    if (vector[row] !== 0) return row;
  }
  return -1;
}

/**
 * Patterns in which the losses of each group beyond one, and those of global parities, are together at most g, by the number
 * of losses: the product of one polynomial a group, in which x counts losses and y what global parities have to bear.
 */
function possiblePatterns({ parity, localGroups }: CountedCode, largest: number): readonly number[] {
  const globals = parity.rows - localGroups.length;
  /** ways[borne][losses]. */
  let ways = Array.from({ length: globals + 1 }, (_, borne) =>
    Array.from({ length: largest + 1 }, (_, losses) => (borne === losses ? binomial(globals, losses) : 0)),
  );
  for (const { dataShards } of localGroups) {
    const next = ways.map((row) => row.map(() => 0));
    for (let lost = 0; lost <= dataShards + 1; lost += 1) {
      const bears = Math.max(0, lost - 1);
      for (let borne = 0; borne + bears <= globals; borne += 1) {
        for (let losses = 0; losses + lost <= largest; losses += 1) {
          next[borne + bears]![losses + lost]! += ways[borne]![losses]! * binomial(dataShards + 1, lost);
        }
      }
    }
    ways = next;
  }
  return Array.from({ length: largest + 1 }, (_, losses) => ways.reduce((sum, row) => sum + row[losses]!, 0));
}
