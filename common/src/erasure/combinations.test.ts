import { describe, expect, it } from '@jest/globals';
import { binomial, firstSubset, nextSubset } from './combinations.ts';

function allSubsets(n: number, size: number): number[][] {
  const subset = firstSubset(size);
  const found: number[][] = [];
  do found.push([...subset]);
  while (nextSubset(subset, n));
  return found;
}

describe('subsets', () => {
  it('are counted by binomial coefficients', () => {
    expect([0, 1, 2, 3, 4, 5].map((k) => binomial(4, k))).toEqual([1, 4, 6, 4, 1, 0]);
    expect([binomial(20, 10), binomial(32, 16), binomial(255, 2), binomial(3, -1)]).toEqual([
      184_756, 601_080_390, 32_385, 0,
    ]);
  });

  it('come once each, and their place in the order is their number', () => {
    for (let n = 1; n <= 8; n += 1) {
      for (let size = 1; size <= n; size += 1) {
        const subsets = allSubsets(n, size);
        expect(new Set(subsets.map((subset) => subset.join())).size).toBe(binomial(n, size));
        const numbers = subsets.map((subset) =>
          subset.reduce((sum, member, index) => sum + binomial(member, index + 1), 0),
        );
        expect(numbers).toEqual([...subsets.keys()]);
        expect(
          subsets.every((subset) => subset.every((member, index) => index === 0 || member > subset[index - 1]!)),
        ).toBe(true);
      }
    }
  });

  it('of nothing is one', () => {
    expect(allSubsets(5, 0)).toEqual([[]]);
  });
});
