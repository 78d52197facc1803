/**
 * The space that rows span, grown row by row, which remembers how each of its vectors comes from the rows that were given:
 * Gaussian elimination that answers "is it in there, and how is it made?". Decodability, plans and inverses are this one
 * question.
 */
import { inverse, product } from './galois.ts';

interface Reduced {
  /** Has a 1 at its pivot, and 0 at the pivots of all reduced rows before it. */
  readonly vector: Uint8Array;
  readonly pivot: number;
  /** The sum of given rows that it is; one coefficient for each row of the basis up to its own. */
  readonly combination: Uint8Array;
}

export class RowSpace {
  readonly #width: number;
  readonly #reduced: Reduced[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  get rank(): number {
    return this.#reduced.length;
  }

  /** Whether the row was new; then it is the next of the basis. The row is copied. */
  add(row: Uint8Array): boolean {
    const vector = row.slice();
    const combination = new Uint8Array(this.rank + 1);
    this.#reduce(vector, combination);
    const pivot = vector.findIndex((value) => value !== 0);
    if (pivot < 0) return false;
    combination[this.rank] = 1;
    const factor = inverse(vector[pivot]!);
    scale(vector, factor);
    scale(combination, factor);
    this.#reduced.push({ vector, pivot, combination });
    return true;
  }

  /** The coefficient of each row of the basis, in the order they were added, of which the row is the sum; or undefined. */
  express(row: Uint8Array): Uint8Array | undefined {
    const rest = row.slice();
    const combination = new Uint8Array(this.rank);
    this.#reduce(rest, combination);
    return rest.some((value) => value !== 0) ? undefined : combination;
  }

  /** Takes away what the space explains; what was taken is added to the combination. */
  #reduce(vector: Uint8Array, combination: Uint8Array): void {
    for (const reduced of this.#reduced) {
      const factor = vector[reduced.pivot]!;
      if (factor === 0) continue;
      addScaled(vector, reduced.vector, factor, this.#width);
      addScaled(combination, reduced.combination, factor, reduced.combination.length);
    }
  }
}

function scale(vector: Uint8Array, factor: number): void {
  for (let index = 0; index < vector.length; index += 1) vector[index] = product(vector[index]!, factor);
}

function addScaled(target: Uint8Array, source: Uint8Array, factor: number, length: number): void {
  for (let index = 0; index < length; index += 1) target[index]! ^= product(source[index]!, factor);
}
