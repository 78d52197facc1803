import { describe, expect, it } from '@jest/globals';
import type { Placement } from '@couchestor/common/api';
import fc from 'fast-check';
import { TIER_RANK } from './tier-rank.ts';
import { tierByHeat, tierWanted, type Thresholds } from './tier-wanted.ts';

const three: Thresholds = { lowWatermarkIOPS: 100, warmWatermarkIOPS: 200, highWatermarkIOPS: 1000, hasWarmTier: true };
const noWishes = {
  kind: 'valid',
  optOut: false,
  pin: undefined,
  minimumTier: undefined,
  maximumTier: undefined,
  untilMs: undefined,
} as const;

function shortOf(iops: number, thresholds: Partial<Thresholds> = {}): string {
  const wanted = tierByHeat(iops, { ...three, ...thresholds });
  return wanted.kind === 'tier' ? wanted.tier : wanted.code;
}

describe('the tier that heat asks for', () => {
  it.each([
    [0, 'Cold'],
    [99.9, 'Cold'],
    [100, 'Cold'],
    [100.000001, 'BetweenWatermarks'],
    [199.999999, 'BetweenWatermarks'],
    [200, 'Warm'],
    [999.999999, 'Warm'],
    [1000, 'Hot'],
    [1e12, 'Hot'],
  ])('at %p IOPS is %p between watermarks 100, 200 and 1000', (iops, expected) => {
    expect(shortOf(iops)).toBe(expected);
  });

  it.each([
    [100, 'Cold'],
    [100.000001, 'Warm'],
    [1000, 'Hot'],
  ])('at %p IOPS is %p where the warm watermark is the low one', (iops, expected) => {
    expect(shortOf(iops, { warmWatermarkIOPS: 100 })).toBe(expected);
  });

  it.each([
    [100, 'Cold'],
    [999.999999, 'BetweenWatermarks'],
    [1000, 'Hot'],
  ])('at %p IOPS is %p where the warm watermark is the high one', (iops, expected) => {
    expect(shortOf(iops, { warmWatermarkIOPS: 1000 })).toBe(expected);
  });

  it('is none in the warm band without warm pools', () => {
    expect(shortOf(200, { hasWarmTier: false })).toBe('NoWarmTier');
    expect(shortOf(150, { hasWarmTier: false })).toBe('BetweenWatermarks');
    expect(shortOf(1000, { hasWarmTier: false })).toBe('Hot');
  });

  it('is exactly one for every heat and all watermarks (pitfall: a band that matches no branch)', () => {
    const watermarks = fc
      .tuple(fc.nat(50), fc.nat(50), fc.nat(50))
      .map((values) => values.sort((a, b) => a - b))
      .filter(([low, , high]) => low < high);
    const near = fc
      .tuple(fc.nat(60), fc.constantFrom(-1e-9, 0, 1e-9))
      .map(([base, offset]) => Math.max(0, base + offset));
    fc.assert(
      fc.property(watermarks, near, fc.boolean(), ([low, warm, high], iops, hasWarmTier) => {
        const bands = [
          iops <= low && 'Cold',
          iops > low && iops < warm && 'BetweenWatermarks',
          iops > low && iops >= warm && iops < high && (hasWarmTier ? 'Warm' : 'NoWarmTier'),
          iops >= high && 'Hot',
        ].filter((band) => band !== false);
        const thresholds = { lowWatermarkIOPS: low, warmWatermarkIOPS: warm, highWatermarkIOPS: high, hasWarmTier };
        expect(bands).toEqual([shortOf(iops, thresholds)]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the tier that is wanted', () => {
  const wanted = (iops: number, wishes: Partial<typeof noWishes | Record<string, unknown>>, tiers: Placement[]) =>
    tierWanted(iops, three, { ...noWishes, ...wishes }, tiers);

  it('is that of a pin at any heat', () => {
    for (const iops of [0, 150, 500, 5000]) {
      expect(wanted(iops, { pin: 'Warm' }, ['Hot'])).toEqual({ kind: 'tier', tier: 'Warm', reason: 'Pinned' });
    }
  });

  it('is raised to the minimum and lowered to the maximum, and otherwise that of the heat', () => {
    expect(wanted(0, { minimumTier: 'Warm' }, ['Hot'])).toMatchObject({ tier: 'Warm', reason: 'RaisedToMinimum' });
    expect(wanted(5000, { maximumTier: 'Warm' }, ['Hot'])).toMatchObject({ tier: 'Warm', reason: 'LoweredToMaximum' });
    expect(wanted(5000, { minimumTier: 'Warm' }, ['Cold'])).toMatchObject({ tier: 'Hot', reason: 'HeatAtOrAboveHigh' });
    expect(wanted(0, { maximumTier: 'Warm' }, ['Hot'])).toMatchObject({ tier: 'Cold', reason: 'HeatAtOrBelowLow' });
  });

  it('is that of the heat, and for its sake, where a bound asks for the same', () => {
    expect(wanted(0, { minimumTier: 'Cold' }, ['Hot'])).toMatchObject({ tier: 'Cold', reason: 'HeatAtOrBelowLow' });
    expect(wanted(500, { minimumTier: 'Warm', maximumTier: 'Warm' }, ['Hot'])).toMatchObject({
      tier: 'Warm',
      reason: 'HeatFromWarmToHigh',
    });
    expect(wanted(5000, { maximumTier: 'Hot' }, ['Cold'])).toMatchObject({ tier: 'Hot', reason: 'HeatAtOrAboveHigh' });
  });

  it('between the watermarks is a bound that a replica breaks, and otherwise none', () => {
    expect(wanted(150, { minimumTier: 'Warm' }, ['Hot', 'Cold'])).toMatchObject({
      tier: 'Warm',
      reason: 'RaisedToMinimum',
    });
    expect(wanted(150, { minimumTier: 'Warm' }, ['Unassigned'])).toMatchObject({ tier: 'Warm' });
    expect(wanted(150, { minimumTier: 'Cold' }, ['Unassigned'])).toMatchObject({ kind: 'stay' });
    expect(wanted(150, { minimumTier: 'Warm' }, ['Hot', 'Warm'])).toMatchObject({ kind: 'stay' });
    expect(wanted(150, { maximumTier: 'Warm' }, ['Hot', 'Cold'])).toMatchObject({
      tier: 'Warm',
      reason: 'LoweredToMaximum',
    });
    expect(wanted(150, { maximumTier: 'Warm' }, ['Cold', 'Unassigned'])).toMatchObject({ kind: 'stay' });
    expect(wanted(150, { maximumTier: 'Warm' }, ['Warm'])).toMatchObject({ kind: 'stay' });
  });

  it('never lies outside the bounds', () => {
    const tier = fc.constantFrom('Hot', 'Warm', 'Cold');
    fc.assert(
      fc.property(fc.nat(1500), tier, tier, fc.array(tier, { minLength: 1, maxLength: 3 }), (iops, a, b, tiers) => {
        const [minimumTier, maximumTier] = TIER_RANK[a] <= TIER_RANK[b] ? [a, b] : [b, a];
        const result = wanted(iops, { minimumTier, maximumTier }, tiers);
        const ranks = result.kind === 'tier' ? [TIER_RANK[result.tier]] : tiers.map((each) => TIER_RANK[each]);
        for (const rank of ranks) {
          expect(rank).toBeGreaterThanOrEqual(TIER_RANK[minimumTier]);
          expect(rank).toBeLessThanOrEqual(TIER_RANK[maximumTier]);
        }
      }),
    );
  });
});
