/**
 * In which order volumes get a chance to move, as one number, the higher the earlier: promotions first, because somebody waits
 * for them, the busiest at the head; then volumes whose replicas are split between tiers, which write as slowly as the slowest
 * of them; then demotions, the one that frees the most bytes of more expensive media at the head.
 *
 *     Promote   2·10¹⁵ + IOPS          Complete   10¹⁵ + IOPS          Demote   bytes freed
 *
 * Each summand is a whole number below 10¹⁵, so the number is exact. Equal ones go by volumeId.
 */
import type { Placement, Tier } from '@couchestor/common/api';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import { TIER_RANK } from './tier-rank.ts';

export type Direction = 'Promote' | 'Complete' | 'Demote';

const BAND = 1e15;

/** A move of which some replicas are done is completed; replicas in no tier go up unless they go to the cheapest one. */
export function directionOf(wanted: Tier, replicaTiers: readonly Placement[]): Direction {
  if (replicaTiers.includes(wanted)) return 'Complete';
  const rises = replicaTiers.some((tier) =>
    tier === 'Unassigned' ? wanted !== 'Cold' : TIER_RANK[tier] < TIER_RANK[wanted],
  );
  return rises ? 'Promote' : 'Demote';
}

export interface BenefitInput {
  readonly direction: Direction;
  readonly iops: number;
  readonly wanted: Tier;
  readonly volume: VolumeFacts;
  /** In the order of the volume's replicas. */
  readonly replicaTiers: readonly Placement[];
}

export function benefitOf(input: BenefitInput): number {
  switch (input.direction) {
    case 'Promote':
      return 2 * BAND + inBand(input.iops);
    case 'Complete':
      return BAND + inBand(input.iops);
    case 'Demote':
      return inBand(bytesFreed(input));
  }
}

/** What the replicas above the wanted tier take; a thick one, and one that does not say, takes the whole size. */
function bytesFreed({ wanted, volume, replicaTiers }: BenefitInput): number {
  return volume.replicas.reduce((sum, { allocatedBytes }, index) => {
    const tier = replicaTiers[index] ?? 'Unassigned';
    if (tier === 'Unassigned' || TIER_RANK[tier] <= TIER_RANK[wanted]) return sum;
    return sum + (volume.thin ? (allocatedBytes ?? volume.sizeBytes) : volume.sizeBytes);
  }, 0);
}

function inBand(value: number): number {
  return Math.min(Math.round(value), BAND - 1);
}
