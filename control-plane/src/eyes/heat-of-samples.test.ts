import { describe, expect, it } from '@jest/globals';
import { DEFAULT_STALE_AFTER_MS, heatOfSamples } from './heat-of-samples.ts';
import { planQuery } from './query-plan.ts';

const MINUTE_MS = 60_000;
const NOW = Date.UTC(2025, 5, 1, 12);

function heatOf(
  agesInMinutes: readonly number[],
  { windowMs = 60 * MINUTE_MS, value = () => 100 }: { windowMs?: number; value?: (ageMinutes: number) => number } = {},
): ReturnType<typeof heatOfSamples> {
  const plan = planQuery({ windowMs, nowMs: NOW, scrapeIntervalMs: MINUTE_MS });
  const context = { plan, family: 'volume', query: 'q', staleAfterMs: DEFAULT_STALE_AFTER_MS };
  const ages = agesInMinutes.toSorted((left, right) => right - left);
  return heatOfSamples(
    'pvc-1',
    { timesMs: ages.map((minutes) => NOW - minutes * MINUTE_MS), values: ages.map(value) },
    context,
  );
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('heatOfSamples', () => {
  it('is known with the share of the window that has samples, and what it rests on', () => {
    expect(heatOf(upTo(45))).toEqual({
      kind: 'known',
      iops: 100,
      coverage: 0.75,
      evidence: {
        family: 'volume',
        query: 'q',
        windowMs: 60 * MINUTE_MS,
        stepMs: MINUTE_MS,
        sampleCount: 45,
        expectedSampleCount: 60,
        newestSampleMs: NOW,
      },
    });
  });

  it('knows an idle volume as idle', () => {
    expect(heatOf(upTo(60), { value: () => 0 })).toMatchObject({ kind: 'known', iops: 0, coverage: 1 });
  });

  it('does not count samples that are no rates', () => {
    const value = (ageMinutes: number): number => (ageMinutes % 2 === 0 ? 10 : NaN);
    expect(heatOf(upTo(60), { value })).toMatchObject({ kind: 'known', iops: 10, coverage: 0.5 });
  });

  it('is unknown when no sample is a number', () => {
    expect(heatOf(upTo(60), { value: () => Infinity })).toMatchObject({ kind: 'unknown', reason: 'NoSamples' });
    expect(heatOf([])).toMatchObject({ kind: 'unknown', reason: 'NoSamples' });
  });

  it('is stale when the newest number is more than five minutes old', () => {
    expect(heatOf(upTo(55, 5))).toMatchObject({ kind: 'known' });
    expect(heatOf(upTo(54, 6))).toMatchObject({
      kind: 'unknown',
      reason: 'Stale',
      message: 'The newest sample of pvc-1 is 6m old: the volume was unpublished, or its node is no longer scraped.',
      evidence: { sampleCount: 54 },
    });
    const value = (ageMinutes: number): number => (ageMinutes < 10 ? NaN : 100);
    expect(heatOf(upTo(60), { value })).toMatchObject({ kind: 'unknown', reason: 'Stale' });
  });

  it('lets one step be missing where steps are longer than that', () => {
    const day = 24 * 60 * MINUTE_MS;
    expect(heatOf([12, 24, 36], { windowMs: day })).toMatchObject({ kind: 'known' });
    expect(heatOf([24, 36, 48], { windowMs: day })).toMatchObject({ kind: 'unknown', reason: 'Stale' });
  });

  it('is never covered more than in full, when a proxy adds a moment', () => {
    expect(heatOf(upTo(61, -1))).toMatchObject({ kind: 'known', coverage: 1, evidence: { sampleCount: 60 } });
  });
});
