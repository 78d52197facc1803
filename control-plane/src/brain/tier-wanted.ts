/**
 * Which tier a volume should be in, from its heat, the policy's watermarks and the wishes for it. Every heat falls into exactly
 * one of four bands; a wish overrules the band, and the band in which a volume stays is overruled only by a wish that it breaks.
 */
import type { Placement, Tier } from '@couchestor/common/api';
import type { TierReason, VolumeWishes } from '../model/decision.ts';
import { TIER_RANK } from './tier-rank.ts';

export interface Thresholds {
  /** low ≤ warm ≤ high, low < high */
  readonly lowWatermarkIOPS: number;
  readonly warmWatermarkIOPS: number;
  readonly highWatermarkIOPS: number;
  readonly hasWarmTier: boolean;
}

export type TierWanted =
  | { readonly kind: 'tier'; readonly tier: Tier; readonly reason: TierReason }
  | { readonly kind: 'stay'; readonly code: 'BetweenWatermarks' | 'NoWarmTier' };

type ValidWishes = Extract<VolumeWishes, { kind: 'valid' }>;

/** `iops` is a number from zero on; `replicaTiers` are the tiers in which the replicas are now. */
export function tierWanted(
  iops: number,
  thresholds: Thresholds,
  wishes: ValidWishes,
  replicaTiers: readonly Placement[],
): TierWanted {
  if (wishes.pin !== undefined) return { kind: 'tier', tier: wishes.pin, reason: 'Pinned' };
  const byHeat = tierByHeat(iops, thresholds);
  return byHeat.kind === 'tier' ? bounded(byHeat, wishes) : (brokenBound(wishes, replicaTiers) ?? byHeat);
}

/** At a watermark the band above it begins, except at the low one, which still is cold. */
export function tierByHeat(iops: number, thresholds: Thresholds): TierWanted {
  if (iops <= thresholds.lowWatermarkIOPS) return { kind: 'tier', tier: 'Cold', reason: 'HeatAtOrBelowLow' };
  if (iops >= thresholds.highWatermarkIOPS) return { kind: 'tier', tier: 'Hot', reason: 'HeatAtOrAboveHigh' };
  if (iops < thresholds.warmWatermarkIOPS) return { kind: 'stay', code: 'BetweenWatermarks' };
  if (!thresholds.hasWarmTier) return { kind: 'stay', code: 'NoWarmTier' };
  return { kind: 'tier', tier: 'Warm', reason: 'HeatFromWarmToHigh' };
}

function bounded(wanted: TierWanted & { kind: 'tier' }, { minimumTier, maximumTier }: ValidWishes): TierWanted {
  if (minimumTier !== undefined && TIER_RANK[wanted.tier] < TIER_RANK[minimumTier]) return raisedTo(minimumTier);
  if (maximumTier !== undefined && TIER_RANK[wanted.tier] > TIER_RANK[maximumTier]) return loweredTo(maximumTier);
  return wanted;
}

/**
 * A minimum is a promise of service, which media that belong to no tier do not keep; a maximum limits cost, of which nothing
 * is known there.
 */
function brokenBound(
  { minimumTier, maximumTier }: ValidWishes,
  replicaTiers: readonly Placement[],
): TierWanted | undefined {
  const isBelow = (placement: Placement, tier: Tier): boolean =>
    placement === 'Unassigned' ? tier !== 'Cold' : TIER_RANK[placement] < TIER_RANK[tier];
  if (minimumTier !== undefined && replicaTiers.some((tier) => isBelow(tier, minimumTier)))
    return raisedTo(minimumTier);
  if (
    maximumTier !== undefined &&
    replicaTiers.some((tier) => tier !== 'Unassigned' && TIER_RANK[tier] > TIER_RANK[maximumTier])
  ) {
    return loweredTo(maximumTier);
  }
  return undefined;
}

function raisedTo(tier: Tier): TierWanted {
  return { kind: 'tier', tier, reason: 'RaisedToMinimum' };
}

function loweredTo(tier: Tier): TierWanted {
  return { kind: 'tier', tier, reason: 'LoweredToMaximum' };
}
