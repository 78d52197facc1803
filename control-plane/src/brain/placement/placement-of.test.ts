import { describe, expect, it } from '@jest/globals';
import { placementOf } from './placement-of.ts';
import { tierOf, volume } from './placement.fixture.ts';

describe('the placement of a volume', () => {
  it.each([
    ['Hot', ['hot-n1', 'hot-n2']],
    ['Cold', ['cold-n1']],
    ['Mixed', ['hot-n1', 'cold-n2']],
    ['Mixed', ['hot-n1', 'other-n2']],
    ['Unassigned', ['other-n1', 'other-n2']],
    ['Unassigned', []],
  ] as const)('is %s with replicas on %j', (placement, pools) => {
    expect(placementOf(volume(pools), tierOf)).toBe(placement);
  });

  it('counts a replica of which no pool is known as in no tier', () => {
    const { replicas } = volume(['hot-n1', 'hot-n2']);
    const [first, second] = replicas;
    expect(placementOf({ replicas: [first!, { ...second!, pool: undefined }] }, tierOf)).toBe('Mixed');
  });
});
