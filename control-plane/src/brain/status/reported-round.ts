/**
 * What a status says of a round of decisions: how many volumes are where, how many decisions of each outcome there are, and the
 * most telling decisions themselves, in an order that does not change with the heat.
 */
import {
  boundedMessage,
  formatTimestamp,
  MAX_REPORTED_DECISIONS,
  type DecisionCounts,
  type ReportedDecision,
  type VolumeCounts,
} from '@couchestor/common/api';
import { explain, rfc3339, soundHeat } from '../explain/index.ts';
import type { Decision, DecisionCode, DecisionOutcome } from '../../model/decision.ts';
import { isRecord, type Status } from './status-changes.ts';

export interface ReportedRound {
  readonly lastReconcileTime: string;
  readonly volumes: VolumeCounts;
  readonly decisionCounts: DecisionCounts;
  readonly decisions: readonly ReportedDecision[];
}

/** `before` is the status so far, from which it follows since when a decision holds. */
export function reportedRound(decisions: readonly Decision[], before: Status, roundAtMs: number): ReportedRound {
  const sinceOf = earlierDecisions(before);
  return {
    lastReconcileTime: formatTimestamp(roundAtMs),
    volumes: volumeCounts(decisions),
    decisionCounts: decisionCounts(decisions),
    decisions: [...decisions]
      .sort(byTelling)
      .slice(0, MAX_REPORTED_DECISIONS)
      .map((decision) => reported(decision, sinceOf(decision) ?? formatTimestamp(roundAtMs))),
  };
}

function volumeCounts(decisions: readonly Decision[]): VolumeCounts {
  const inPlace = (place: Decision['placement']): number =>
    decisions.filter(({ placement }) => placement === place).length;
  return {
    watched: decisions.length,
    hot: inPlace('Hot'),
    warm: inPlace('Warm'),
    cold: inPlace('Cold'),
    mixed: inPlace('Mixed'),
    unassigned: inPlace('Unassigned'),
    unknownHeat: decisions.filter(({ heat }) => soundHeat(heat).kind === 'unknown').length,
  };
}

function decisionCounts(decisions: readonly Decision[]): DecisionCounts {
  const withOutcome = (wanted: DecisionOutcome): number => decisions.filter(({ outcome }) => outcome === wanted).length;
  return {
    move: withOutcome('Move'),
    wait: withOutcome('Wait'),
    blocked: withOutcome('Blocked'),
    stay: withOutcome('Stay'),
  };
}

const OUTCOME_ORDER: Readonly<Record<DecisionOutcome, number>> = { Move: 0, Blocked: 1, Wait: 2, Stay: 3 };
/** Of what stays, first that with which something is wrong, last that which is as it should be. */
const STAY_ORDER: Readonly<Partial<Record<DecisionCode, number>>> = {
  InvalidAnnotation: 0,
  PolicyNotAccepted: 1,
  HeatUnknown: 2,
  LowCoverage: 3,
  NoWarmTier: 4,
  BetweenWatermarks: 5,
  OptedOut: 6,
  AtTarget: 7,
};

function byTelling(a: Decision, b: Decision): number {
  return (
    OUTCOME_ORDER[a.outcome] - OUTCOME_ORDER[b.outcome] ||
    (STAY_ORDER[a.code] ?? 0) - (STAY_ORDER[b.code] ?? 0) ||
    (a.volumeName < b.volumeName ? -1 : Number(a.volumeName > b.volumeName))
  );
}

function reported(decision: Decision, since: string): ReportedDecision {
  const { volumeId, volumeName, claim, outcome, code, placement, wanted, move, earliestChangeMs, dryRun } = decision;
  const heat = soundHeat(decision.heat);
  const earliestChange =
    earliestChangeMs === undefined ? undefined : rfc3339(Math.ceil(earliestChangeMs / 1000) * 1000);
  return {
    volumeId,
    volumeName,
    ...(claim === undefined ? {} : { claim: { namespace: claim.namespace, name: claim.name } }),
    outcome,
    code,
    from: placement,
    ...(wanted === undefined ? {} : { to: wanted.tier }),
    ...(move === undefined ? {} : { sourcePool: move.source.pool, targetPool: move.target.pool }),
    ...(heat.kind === 'unknown'
      ? {}
      : { heatIOPS: oneDecimal(heat.iops), coveragePercent: wholePercent(heat.coverage) }),
    message: boundedMessage(explain(decision)),
    since,
    ...(earliestChange === undefined ? {} : { earliestChangeTime: earliestChange.replace('.000Z', 'Z') }),
    dryRun,
  };
}

export function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Never more than the truth, so that less than the minimum does not look like the minimum. */
export function wholePercent(share: number): number {
  return Math.floor(Number((share * 100).toFixed(6)));
}

/** Since when the status says of a volume what it will say again; undefined when it said something else, or nothing. */
function earlierDecisions({ decisions }: Status): (decision: Decision) => string | undefined {
  const earlier = Array.isArray(decisions) ? decisions.filter(isRecord) : [];
  const byVolume = new Map(earlier.map((entry) => [entry.volumeId, entry]));
  return ({ volumeId, outcome, code, wanted }) => {
    const entry = byVolume.get(volumeId);
    const isSame = entry?.outcome === outcome && entry.code === code && entry.to === wanted?.tier;
    return isSame && typeof entry.since === 'string' ? entry.since : undefined;
  };
}
