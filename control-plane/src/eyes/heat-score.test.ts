import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heatScore, type Samples } from './heat-score.ts';

const END_MS = 1_750_000_000_000;
const HALF_LIFE_MS = 900_000;
const WINDOW_MS = 4 * HALF_LIFE_MS;

const score = (samples: Samples, halfLifeMs = HALF_LIFE_MS): number | undefined =>
  heatScore(samples, { endMs: END_MS, halfLifeMs });
const samplesOf = (points: readonly { ageMs: number; value: number }[]): Samples => ({
  timesMs: points.map(({ ageMs }) => END_MS - ageMs),
  values: points.map(({ value }) => value),
});

const age = fc.integer({ min: 0, max: WINDOW_MS });
const rate = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const modestRate = fc.double({ min: 0, max: 1e9, noNaN: true });
const noRate = fc.constantFrom(NaN, Infinity, -Infinity, -1);
const points = (value: fc.Arbitrary<number>): fc.Arbitrary<{ ageMs: number; value: number }[]> =>
  fc.array(fc.record({ ageMs: age, value }), { minLength: 1, maxLength: 50 });

describe('heatScore', () => {
  it('weighs a sample of one half-life ago half', () => {
    const halfOf = samplesOf([
      { ageMs: 0, value: 300 },
      { ageMs: HALF_LIFE_MS, value: 0 },
    ]);
    expect(score(halfOf)).toBeCloseTo(200, 9);
  });

  it('weighs by age, not by place: a gap changes nothing of a steady series', () => {
    const steady = [0, 1, 2, 30, 31].map((minutes) => ({ ageMs: minutes * 60_000, value: 70 }));
    expect(score(samplesOf(steady))).toBe(70);
  });

  it('takes a sample of the future for one of now', () => {
    const ahead = [
      { ageMs: -60_000, value: 10 },
      { ageMs: 0, value: 20 },
    ];
    expect(score(samplesOf(ahead))).toBe(15);
  });

  it('is undefined without a rate', () => {
    expect(score(samplesOf([]))).toBeUndefined();
    fc.assert(fc.property(points(noRate), (list) => score(samplesOf(list)) === undefined));
  });

  it('lies between the least and the greatest rate, however large', () => {
    fc.assert(
      fc.property(points(rate), (list) => {
        const values = list.map(({ value }) => value);
        const result = score(samplesOf(list));
        expect(result).toBeGreaterThanOrEqual(Math.min(...values));
        expect(result).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  it('of a constant series is the constant', () => {
    fc.assert(
      fc.property(fc.array(age, { minLength: 1 }), rate, (ages, value) => {
        expect(score(samplesOf(ages.map((ageMs) => ({ ageMs, value }))))).toBe(value);
      }),
    );
  });

  it('does not depend on the order of the samples', () => {
    const shuffled = points(modestRate).chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const expected = score(samplesOf(list)) ?? NaN;
        expect(Math.abs((score(samplesOf(other)) ?? NaN) - expected)).toBeLessThanOrEqual(1e-9 * (expected + 1));
      }),
    );
  });

  it('ignores what is no rate', () => {
    fc.assert(
      fc.property(points(modestRate), points(noRate), (list, noise) => {
        expect(score(samplesOf([...list, ...noise]))).toBe(score(samplesOf(list)));
      }),
    );
  });

  it('rises when activity is more recent', () => {
    const pair = fc.tuple(age, age).filter(([first, second]) => first !== second);
    fc.assert(
      fc.property(pair, fc.double({ min: 1, max: 1e6, noNaN: true }), ([first, second], value) => {
        const active = (at: number, idle: number): number =>
          score(
            samplesOf([
              { ageMs: at, value },
              { ageMs: idle, value: 0 },
            ]),
          ) ?? NaN;
        expect(active(Math.min(first, second), Math.max(first, second))).toBeGreaterThan(
          active(Math.max(first, second), Math.min(first, second)),
        );
      }),
    );
  });

  it('rises with any of its samples', () => {
    fc.assert(
      fc.property(points(modestRate), fc.nat(), (list, place) => {
        const raised = list.map((point, index) =>
          index === place % list.length ? { ...point, value: point.value + 1e6 } : point,
        );
        expect(score(samplesOf(raised))).toBeGreaterThan(score(samplesOf(list)) ?? NaN);
      }),
    );
  });
});
