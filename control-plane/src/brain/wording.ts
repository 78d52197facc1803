/** Numbers, times and grounds as the reasons of decisions word them. */
import {
  formatTimestamp,
  MAXIMUM_TIER_ANNOTATION,
  MINIMUM_TIER_ANNOTATION,
  PIN_ANNOTATION,
} from '@couchestor/common/api';
import type { Decision, PlannedMove } from '../model/decision.ts';

/** At most two decimals, which is as near to a watermark as anybody needs to see. */
export function iopsText(iops: number): string {
  return `${Math.round(iops * 100) / 100} IOPS`;
}

/** Rounded down, so that a share below a minimum never reads like the minimum. */
export function percentText(share: number): string {
  return `${Math.floor(share * 1000 + 1e-9) / 10}%`;
}

/** A time beyond what calendars of computers can say is never. */
export function timeText(ms: number): string {
  return Math.abs(ms) < 8.64e15 ? formatTimestamp(ms) : 'the end of time';
}

/** Why the tier is wanted, as a clause. */
export function groundText(
  { tier, reason }: NonNullable<Decision['wanted']>,
  iops: number,
  { lowWatermarkIOPS: low, warmWatermarkIOPS: warm, highWatermarkIOPS: high }: Decision['thresholds'],
): string {
  const heat = `its heat of ${iopsText(iops)}`;
  switch (reason) {
    case 'HeatAtOrBelowLow':
      return `${heat} is at or below the low watermark of ${low}`;
    case 'HeatFromWarmToHigh':
      return `${heat} is from the warm watermark of ${warm} up to the high one of ${high}`;
    case 'HeatAtOrAboveHigh':
      return `${heat} is at or above the high watermark of ${high}`;
    case 'Pinned':
      return `the claim's annotation ${PIN_ANNOTATION} asks for ${tier}, at a heat of ${iopsText(iops)}`;
    case 'RaisedToMinimum':
      return `the claim's annotation ${MINIMUM_TIER_ANNOTATION} asks for at least ${tier}, at a heat of ${iopsText(iops)}`;
    case 'LoweredToMaximum':
      return `the claim's annotation ${MAXIMUM_TIER_ANNOTATION} asks for at most ${tier}, at a heat of ${iopsText(iops)}`;
  }
}

/** Why a volume stays although it may not be where its heat alone would put it. */
export function stayText(
  code: 'BetweenWatermarks' | 'NoWarmTier',
  iops: number,
  { lowWatermarkIOPS: low, warmWatermarkIOPS: warm, highWatermarkIOPS: high }: Decision['thresholds'],
): string {
  const heat = `Its heat of ${iopsText(iops)} is`;
  return code === 'BetweenWatermarks'
    ? `${heat} between the low watermark of ${low} and the ${warm < high ? 'warm' : 'high'} one of ${warm}, where a volume stays where it is.`
    : `${heat} from the warm watermark of ${warm} up to the high one of ${high}, and the policy has no warmPoolSelector, so the volume stays where it is.`;
}

export function moveText(
  { source, target, adopts, removal, remainingReplicaCount }: Omit<PlannedMove, 'benefit'>,
  ground: string,
): string {
  const verb = removal === 'Preserved' ? 'is copied' : 'moves';
  const from = `pool ${source.pool} (${source.tier}) on node ${source.node}`;
  const to = `pool ${target.pool} (${target.tier}) on node ${target.node}`;
  const follow = `${remainingReplicaCount} more ${remainingReplicaCount === 1 ? 'follows' : 'follow'}`;
  const condition = removal === 'Preserved' ? ' once an extra replica is removed' : '';
  const rest = remainingReplicaCount === 0 ? '' : `, and ${follow}${condition}`;
  const copy = adopts === undefined ? '' : `, where the copy that migration ${adopts.migration} left is taken over,`;
  return `One replica ${verb} from ${from} to ${to}${copy} because ${ground}${rest}.`;
}
