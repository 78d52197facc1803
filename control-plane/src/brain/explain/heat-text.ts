/** What is known of a volume's heat, how it compares with the policy's thresholds, and what the claim's annotations add. */
import { MAXIMUM_TIER_ANNOTATION, MINIMUM_TIER_ANNOTATION, PIN_ANNOTATION } from '@couchestor/common/api';
import type { Decision } from '../../model/decision.ts';
import type { Heat, HeatEvidence } from '../../model/heat.ts';
import { tierByHeat } from '../tier-wanted.ts';
import { soundHeat } from './sound-heat.ts';
import { durationText, inTier, iopsText, momentText, percentText, sentence, windowText } from './words.ts';

export function heatText(decision: Decision): string {
  const heat = soundHeat(decision.heat);
  if (decision.code === 'Unpublished' && heat.kind === 'known') return unusedHeat(heat.evidence, decision);
  return heat.kind === 'known' ? knownHeat(heat, decision) : unknownHeat(heat, decision);
}

function knownHeat({ iops, coverage, evidence }: Heat & { kind: 'known' }, decision: Decision): string {
  const { thresholds } = decision;
  const { lowWatermarkIOPS, warmWatermarkIOPS, highWatermarkIOPS, minimumCoverage } = thresholds;
  const served = iopsText(iops, [lowWatermarkIOPS, warmWatermarkIOPS, highWatermarkIOPS]);
  const samples = `${evidence.sampleCount} of ${evidence.expectedSampleCount}, metric family ${evidence.family}`;
  const covered = `samples for ${percentText(coverage, [minimumCoverage])} of that time (${samples})`;
  const measured = `Over ${windowText(evidence.windowMs)} it served ${served}, recent samples counting most, with ${covered}`;
  return decision.code === 'LowCoverage'
    ? `${measured}; the policy asks for at least ${percentText(minimumCoverage, [coverage])}, so this heat does not count.`
    : `${measured}; that is ${comparison(iops, thresholds)}.`;
}

/** Replicas have series, too, while nothing can reach their volume: to call that no I/O would say that it is not needed. */
function unusedHeat(evidence: HeatEvidence, { decidedAtMs }: Decision): string {
  const found = evidenceText(evidence, decidedAtMs);
  return `${found} Nothing can reach a volume that is not published, so they say little of how busy this one is in use.`;
}

function comparison(iops: number, thresholds: Decision['thresholds']): string {
  const low = `the low watermark of ${iopsText(thresholds.lowWatermarkIOPS)}`;
  const warm = `the warm watermark of ${iopsText(thresholds.warmWatermarkIOPS)}`;
  const high = `the high watermark of ${iopsText(thresholds.highWatermarkIOPS)}`;
  const wanted = tierByHeat(iops, thresholds);
  if (wanted.kind === 'stay' && wanted.code === 'BetweenWatermarks') {
    return `between ${low} and ${warm}, where a volume stays where it is`;
  }
  const middle = `between ${thresholds.warmWatermarkIOPS === thresholds.lowWatermarkIOPS ? low : warm} and ${high}`;
  if (wanted.kind === 'stay') return `${middle}, where a volume stays as long as the policy has no warm tier`;
  const band = { Cold: `at or below ${low}`, Warm: middle, Hot: `at or above ${high}` }[wanted.tier];
  return `${band}, so by its heat it belongs in ${inTier(wanted.tier)}`;
}

function unknownHeat({ message, evidence }: Heat & { kind: 'unknown' }, { code, decidedAtMs }: Decision): string {
  const said = code === 'HeatUnknown' ? [] : ['Its heat is not known.'];
  const found = evidence === undefined ? '' : evidenceText(evidence, decidedAtMs);
  return [...said, sentence(message), found].filter((text) => text !== '').join(' ');
}

function evidenceText(evidence: HeatEvidence, nowMs: number): string {
  const { family, sampleCount, expectedSampleCount, newestSampleMs, windowMs } = evidence;
  const found = `Metric family ${family} has ${sampleCount} of ${expectedSampleCount} samples over ${windowText(windowMs)}`;
  const moment = sampleCount > 0 ? momentText(newestSampleMs) : undefined;
  if (moment === undefined) return `${found}.`;
  return `${found}, the newest of ${moment}, ${durationText(Math.max(nowMs - newestSampleMs, 0))} before this decision.`;
}

/** Why the wanted tier is another than the one of the heat; nothing when it is not. */
export function wishText({ wanted, wishes }: Decision): string {
  if (wanted === undefined) return '';
  const until = wishes.untilMs === undefined ? undefined : momentText(wishes.untilMs);
  const end = until === undefined ? '' : ` until ${until}`;
  switch (wanted.reason) {
    case 'Pinned':
      return `The annotation ${PIN_ANNOTATION} of its claim pins it to ${inTier(wanted.tier)}${end}.`;
    case 'RaisedToMinimum':
      return `The annotation ${MINIMUM_TIER_ANNOTATION} of its claim keeps it in ${inTier(wanted.tier)} or above${end}.`;
    case 'LoweredToMaximum':
      return `The annotation ${MAXIMUM_TIER_ANNOTATION} of its claim keeps it in ${inTier(wanted.tier)} or below${end}.`;
    default:
      return '';
  }
}
