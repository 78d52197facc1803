import { describe, expect, it } from '@jest/globals';
import type { Placement, Tier } from '@couchestor/common/api';
import { benefitOf, directionOf, type Direction } from './benefit.ts';
import { poolOf, replicaOf, volumeOf } from './brain.fixture.ts';

const GIB = 1024 ** 3;

function benefit(direction: Direction, iops: number, tiers: Placement[], rest: Parameters<typeof volumeOf>[2] = {}) {
  const wanted: Tier = direction === 'Promote' ? 'Hot' : 'Cold';
  const volume = volumeOf(
    1,
    tiers.map((tier, index) => poolOf(tier, index)),
    rest,
  );
  return benefitOf({ direction, iops, wanted, volume, replicaTiers: tiers });
}

describe('the direction of a move', () => {
  it.each<[Tier, Placement[], Direction]>([
    ['Hot', ['Cold', 'Cold'], 'Promote'],
    ['Cold', ['Hot', 'Warm'], 'Demote'],
    ['Cold', ['Hot', 'Cold'], 'Complete'],
    ['Warm', ['Hot', 'Cold'], 'Promote'],
    ['Warm', ['Unassigned'], 'Promote'],
    ['Cold', ['Unassigned'], 'Demote'],
  ])('to %s from %j is %s', (wanted, tiers, expected) => {
    expect(directionOf(wanted, tiers)).toBe(expected);
  });
});

describe('the benefit of a move', () => {
  it('puts promotions first, then completions, then demotions, whatever their sizes', () => {
    const least = benefit('Promote', 0, ['Cold']);
    const completion = benefit('Complete', 1e9, ['Hot', 'Cold']);
    const demotion = benefit('Demote', 0, ['Hot', 'Hot'], { sizeBytes: Number.MAX_SAFE_INTEGER });
    expect(least).toBeGreaterThan(completion);
    expect(benefit('Complete', 0, ['Hot', 'Cold'])).toBeGreaterThan(demotion);
  });

  it('of a promotion is the greater, the busier the volume', () => {
    expect(benefit('Promote', 2000, ['Cold'])).toBeGreaterThan(benefit('Promote', 1999, ['Cold']));
  });

  it('of a demotion is what it frees above the wanted tier', () => {
    expect(benefit('Demote', 0, ['Hot', 'Warm', 'Unassigned'])).toBe(2 * GIB);
  });

  it('of a thin volume counts what is allocated, as far as that is known', () => {
    const replicas = [
      replicaOf(poolOf('Hot', 0), 1, { allocatedBytes: 5 }),
      replicaOf(poolOf('Hot', 1), 1, { allocatedBytes: undefined }),
    ];
    expect(benefit('Demote', 0, ['Hot', 'Hot'], { thin: true, replicas })).toBe(GIB + 5);
    expect(benefit('Demote', 0, ['Hot', 'Hot'], { thin: false, replicas })).toBe(2 * GIB);
  });
});
