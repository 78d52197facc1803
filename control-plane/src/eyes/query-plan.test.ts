import { describe, expect, it } from '@jest/globals';
import { parseDurationMs } from '@couchestor/common/base';
import fc from 'fast-check';
import { MAX_STEPS, planQuery, splitGrid } from './query-plan.ts';

const NOW = Date.UTC(2025, 5, 1, 12, 0, 0, 789);
const MINUTE_MS = 60_000;
const plan = (windowMs: number, scrapeIntervalMs = MINUTE_MS): ReturnType<typeof planQuery> =>
  planQuery({ windowMs, nowMs: NOW, scrapeIntervalMs });

const windows = fc.record({
  windowMs: fc.integer({ min: 1, max: 5 * 365 * 24 * 60 * MINUTE_MS }),
  scrapeIntervalMs: fc.integer({ min: 100, max: 10 * MINUTE_MS }),
  nowMs: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
});

describe('planQuery', () => {
  it('takes a step of one scrape in a short window, and a share of a long one', () => {
    expect([15, 60, 120, 1440, 43_200].map((minutes) => plan(minutes * MINUTE_MS).stepMs / MINUTE_MS)).toEqual([
      1, 1, 1, 12, 360,
    ]);
  });

  it('takes each rate over the step and a scrape, at least over four scrapes', () => {
    expect([1, 60, 1440].map((minutes) => plan(minutes * MINUTE_MS).range)).toEqual(['4m', '4m', '13m']);
    expect(plan(60 * MINUTE_MS, 5000).range).toBe('35s');
  });

  it('ends at the last whole second', () => {
    expect(plan(60 * MINUTE_MS).endMs).toBe(Date.UTC(2025, 5, 1, 12));
  });

  it('asks once where the window is no longer than a scrape', () => {
    expect(plan(1)).toMatchObject({ stepCount: 1, stepMs: 1000, startMs: Date.UTC(2025, 5, 1, 12) });
    expect(plan(20_000)).toMatchObject({ stepCount: 1, stepMs: 20_000 });
  });

  it('covers any window with few points, each range reaching back to the point before it', () => {
    fc.assert(
      fc.property(windows, (options) => {
        const { startMs, endMs, stepMs, stepCount, range } = planQuery(options);
        expect(stepCount).toBeGreaterThanOrEqual(1);
        expect(stepCount).toBeLessThanOrEqual(MAX_STEPS);
        expect(endMs - startMs).toBe((stepCount - 1) * stepMs);
        expect(stepMs % 1000).toBe(0);
        expect(parseDurationMs(range)).toBeGreaterThanOrEqual(stepMs + options.scrapeIntervalMs);
        expect(parseDurationMs(range)).toBeGreaterThanOrEqual(4 * options.scrapeIntervalMs);
        // What a window does not divide by is less than a step.
        expect(stepCount * stepMs).toBeGreaterThan(Math.min(options.windowMs - stepMs, options.windowMs));
      }),
    );
  });
});

describe('splitGrid', () => {
  it('has every moment once and in order, in pieces of about the same length', () => {
    fc.assert(
      fc.property(windows, fc.integer({ min: 1, max: 200 }), (options, pieceCount) => {
        const whole = planQuery(options);
        const pieces = splitGrid(whole, pieceCount);
        const moments = pieces.flatMap(({ startMs, endMs, stepMs }) =>
          Array.from({ length: (endMs - startMs) / stepMs + 1 }, (_, index) => startMs + index * stepMs),
        );
        const expected = Array.from({ length: whole.stepCount }, (_, index) => whole.startMs + index * whole.stepMs);
        expect(moments).toEqual(expected);
        expect(pieces).toHaveLength(Math.min(pieceCount, whole.stepCount));
        const lengths = pieces.map(({ startMs, endMs, stepMs }) => (endMs - startMs) / stepMs);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
