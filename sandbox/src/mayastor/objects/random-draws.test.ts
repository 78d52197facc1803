import { describe, expect, it } from '@jest/globals';
import { RandomDraws } from './random-draws.ts';

const many = <T>(draw: () => T): T[] => Array.from({ length: 2000 }, draw);

describe('draws', () => {
  it('are the same for the same seed and others for another', () => {
    const of = (seed: number): number[] => {
      const draws = new RandomDraws(seed);
      return many(() => draws.share());
    };
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  it('reach both ends of a range and nothing beyond', () => {
    const draws = new RandomDraws(1);
    expect([...new Set(many(() => draws.integer(3, 6)))].toSorted()).toEqual([3, 4, 5, 6]);
  });

  it('follow the weights', () => {
    const draws = new RandomDraws(1);
    const drawn = many(() =>
      draws.weighted(['never', 'seldom', 'often'], (word) => ['never', 'seldom', 'often'].indexOf(word)),
    );
    const seldom = drawn.filter((word) => word === 'seldom').length;
    expect(drawn).not.toContain('never');
    expect(seldom / drawn.length).toBeCloseTo(1 / 3, 1);
  });
});
