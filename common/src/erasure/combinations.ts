/** Subsets, counted and numbered. */

/** n over k; exact below 2⁵³, and more than that, if not exact, above. */
export function binomial(n: number, k: number): number {
  if (k < 0 || k > n) return 0;
  let result = 1;
  for (let index = 1; index <= Math.min(k, n - k); index += 1)
    result = (result * (n - Math.min(k, n - k) + index)) / index;
  return result;
}

/**
 * Goes through the subsets of {0, …, n − 1} with `subset.length` members in colexicographic order: the first is {0, 1, …}, and
 * the number of a subset is Σ C(member i, i + 1). Changes it in place; false after the last.
 */
export function nextSubset(subset: Uint8Array, n: number): boolean {
  let index = 0;
  while (index + 1 < subset.length && subset[index]! + 1 === subset[index + 1]!) index += 1;
  if (index >= subset.length - 1 && (subset[index] ?? n) + 1 >= n) return false;
  subset[index]! += 1;
  for (let before = 0; before < index; before += 1) subset[before] = before;
  return true;
}

/** {0, …, size − 1}, where nextSubset() begins. */
export function firstSubset(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => index);
}
