import { describe, expect, it } from '@jest/globals';
import { tierOfPool, type TierSelectors } from './tier-of-pool.ts';

const label = (key: string, value: string): TierSelectors['hot'] => ({
  matchLabels: { [key]: value },
  matchExpressions: [],
});
const selectors = { hot: label('media', 'nvme'), warm: label('media', 'ssd'), cold: label('media', 'hdd') };

describe('the tier of a pool', () => {
  it.each([
    ['Hot', { media: 'nvme' }],
    ['Warm', { media: 'ssd' }],
    ['Cold', { media: 'hdd' }],
    ['Unassigned', { media: 'tape' }],
    ['Unassigned', {}],
  ] as const)('is %s for the labels %j', (tier, labels) => {
    expect(tierOfPool(selectors, { labels })).toBe(tier);
  });

  it('is none where two selectors match: nobody said which', () => {
    const overlapping = { ...selectors, cold: label('site', 'a') };
    expect(tierOfPool(overlapping, { labels: { media: 'nvme', site: 'a' } })).toBe('Unassigned');
    expect(tierOfPool(overlapping, { labels: { media: 'nvme', site: 'b' } })).toBe('Hot');
  });

  it('is never Warm without a warm selector', () => {
    expect(tierOfPool({ hot: selectors.hot, cold: selectors.cold }, { labels: { media: 'ssd' } })).toBe('Unassigned');
  });
});
