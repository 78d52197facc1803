/** What would change a decision, and when that can be at the earliest. */
import { OPT_OUT_ANNOTATION, PIN_ANNOTATION, type Tier } from '@couchestor/common/api';
import type { Decision } from '../../model/decision.ts';
import { TIER_RANK } from '../tier-rank.ts';
import { durationText, inTier, iopsText, listed, momentText, sentence } from './words.ts';

const MAX_REMEDIES = 4;

/** Nothing when no moment is known, or it is now. */
export function earliestText({ outcome, earliestChangeMs, decidedAtMs }: Decision): string {
  if (outcome === 'Move' || earliestChangeMs === undefined || earliestChangeMs <= decidedAtMs) return '';
  const moment = momentText(earliestChangeMs);
  const start =
    moment === undefined
      ? 'Nothing changes in any foreseeable time'
      : `Nothing changes before ${moment}, ${durationText(earliestChangeMs - decidedAtMs)} after this decision`;
  return `${start}, as long as heat, policy and cluster stay as they are.`;
}

export function remediesText({ remedies }: Decision): string {
  const sentences = remedies.map(sentence).filter((text) => text !== '');
  if (sentences.length === 0) return '';
  return `What would help: ${sentences.slice(0, MAX_REMEDIES).join(' Or: ')}`;
}

export function changeText(decision: Decision): string {
  const { code, wishes, policy } = decision;
  const until = wishes.untilMs === undefined ? undefined : momentText(wishes.untilMs);
  const end = until === undefined ? '' : `, or at ${until}`;
  switch (code) {
    case 'AtTarget':
    case 'BetweenWatermarks':
    case 'NoWarmTier':
      return decision.wanted?.reason === 'Pinned'
        ? `It stays there until the annotation ${PIN_ANNOTATION} is changed or removed${end}.`
        : heatChangeText(decision);
    case 'HeatUnknown':
    case 'LowCoverage':
      return 'It may move again once enough fresh samples are there.';
    case 'OptedOut':
      return `It takes part again when the annotation ${OPT_OUT_ANNOTATION} is removed${end}.`;
    case 'InvalidAnnotation':
      return `It is decided about again when the annotation is mended or removed${end}.`;
    case 'PolicyNotAccepted':
      return `The condition Accepted of policy ${policy.name} says what has to be mended.`;
    case 'Migrating':
      return 'It is decided about again when that migration has ended.';
    default:
      return '';
  }
}

interface Band {
  readonly tier: Tier;
  /** Such as `from 1,500 IOPS`; undefined: no limit on that side. */
  readonly start: string | undefined;
  readonly end: string | undefined;
}

/** At which heat it would go where, with the annotations of its claim taken into account. */
function heatChangeText({ placement, thresholds, wishes }: Decision): string {
  const goals = bandsOf(thresholds)
    .map((band) => ({ ...band, tier: bounded(band.tier, wishes) }))
    .filter(({ tier }) => tier !== placement)
    .reduce(joined, [])
    .map(({ tier, start, end }) => [`to ${inTier(tier)}`, start, start && end && 'and', end].filter(Boolean).join(' '));
  return goals.length === 0
    ? 'No heat would change that, because the annotations of its claim allow no other tier.'
    : `It would move ${listed(goals, goals.length).replace(' and to ', ', and to ')}.`;
}

function bandsOf(thresholds: Decision['thresholds']): readonly Band[] {
  const { lowWatermarkIOPS: low, warmWatermarkIOPS: warm, highWatermarkIOPS: high, hasWarmTier } = thresholds;
  const bands: Band[] = [{ tier: 'Cold', start: undefined, end: `at ${iopsText(low)} or less` }];
  if (hasWarmTier && warm < high) {
    const start = warm > low ? `from ${iopsText(warm)}` : `above ${iopsText(low)}`;
    bands.push({ tier: 'Warm', start, end: `below ${iopsText(high)}` });
  }
  bands.push({ tier: 'Hot', start: `from ${iopsText(high)}`, end: undefined });
  return bands;
}

/** Only warm and hot touch each other: between cold and warm there may be a band in which nothing moves. */
function joined(bands: readonly Band[], next: Band): readonly Band[] {
  const last = bands.at(-1);
  return last?.start !== undefined && last.tier === next.tier
    ? [...bands.slice(0, -1), { ...last, end: next.end }]
    : [...bands, next];
}

function bounded(tier: Tier, wishes: Decision['wishes']): Tier {
  if (wishes.kind === 'invalid') return tier;
  const { minimumTier, maximumTier } = wishes;
  if (minimumTier !== undefined && TIER_RANK[tier] < TIER_RANK[minimumTier]) return minimumTier;
  return maximumTier !== undefined && TIER_RANK[tier] > TIER_RANK[maximumTier] ? maximumTier : tier;
}
