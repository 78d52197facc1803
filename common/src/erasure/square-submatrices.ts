/**
 * Whether every square submatrix of a parity block can be inverted, which is what "any k of the k + m shards suffice" means:
 * losing some data shards leaves the submatrix of their columns and of the surviving parity rows. Decided by computing every
 * minor, so that a matrix is trusted for what it is and not for where it comes from: parity blocks of the kind 1, 2ⁱ, 4ⁱ, …
 * pass for many sizes and fail for some.
 */
import { assertInvariant } from '../base/errors.ts';
import { binomial, firstSubset, nextSubset } from './combinations.ts';
import { product } from './galois.ts';
import type { Matrix } from './matrix.ts';

/** More than a parity block of k + m ≤ 20 has. */
export const MAX_CHECKED_SUBMATRICES = 200_000;

export type SubmatrixCheck =
  | { readonly kind: 'regular'; readonly submatrices: number }
  | { readonly kind: 'singular'; readonly rows: readonly number[]; readonly columns: readonly number[] }
  /** Nothing was checked. */
  | { readonly kind: 'tooMany'; readonly submatrices: number };

export function countSquareSubmatrices({ rows, columns }: Pick<Matrix, 'rows' | 'columns'>): number {
  return binomial(rows + columns, rows) - 1;
}

export function checkSquareSubmatrices(parity: Matrix): SubmatrixCheck {
  const submatrices = countSquareSubmatrices(parity);
  if (submatrices > MAX_CHECKED_SUBMATRICES) return { kind: 'tooMany', submatrices };
  const search = new MinorSearch(parity);
  const columns = search.findSingular(0, Uint8Array.of(1));
  return columns === undefined
    ? { kind: 'regular', submatrices }
    : { kind: 'singular', rows: [...search.rows], columns };
}

/**
 * Chooses rows one after the other; the minors of the chosen rows follow from those of one row less by expansion along the
 * last.
 */
class MinorSearch {
  readonly #parity: Matrix;
  readonly rows: number[] = [];
  /** choose[size][column] = C(column, size). */
  readonly #choose: readonly Uint32Array[];

  constructor(parity: Matrix) {
    this.#parity = parity;
    this.#choose = Array.from({ length: parity.rows + 1 }, (_, size) =>
      Uint32Array.from({ length: parity.columns }, (_, column) => binomial(column, size)),
    );
  }

  /**
   * @param minors - of the rows chosen so far, by the number of the column subset. @returns the columns of a minor that is zero.
   */
  findSingular(firstRow: number, minors: Uint8Array): readonly number[] | undefined {
    if (this.rows.length === this.#parity.columns) return undefined;
    for (let row = firstRow; row < this.#parity.rows; row += 1) {
      this.rows.push(row);
      const size = this.rows.length;
      const next = new Uint8Array(binomial(this.#parity.columns, size));
      const columns = firstSubset(size);
      let number = 0;
      do {
        const minor = this.#expand(row, columns, minors);
        if (minor === 0) return [...columns];
        next[number] = minor;
        number += 1;
      } while (nextSubset(columns, this.#parity.columns));
      assertInvariant(number === next.length, 'every subset of columns has been seen');
      const found = this.findSingular(row + 1, next);
      if (found !== undefined) return found;
      this.rows.pop();
    }
    return undefined;
  }

  /** Signs do not matter where −1 is 1. */
  #expand(row: number, columns: Uint8Array, minors: Uint8Array): number {
    const { coefficients, columns: width } = this.#parity;
    const base = row * width;
    /** The number of the subset without its last member; then without each one before. */
    let number = 0;
    let left = columns.length - 1;
    for (let index = 0; index < left; index += 1) number += this.#choose[index + 1]![columns[index]!]!;
    let minor = product(coefficients[base + columns[left]!]!, minors[number]!);
    for (; left > 0; left -= 1) {
      const choose = this.#choose[left]!;
      number += choose[columns[left]!]! - choose[columns[left - 1]!]!;
      minor ^= product(coefficients[base + columns[left - 1]!]!, minors[number]!);
    }
    return minor;
  }
}
