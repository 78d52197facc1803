/**
 * What is new in a round of decisions, compared with the one before: the changes that somebody wants to be told of, one at most
 * for each volume. Heat that rises and falls without consequence is not among them.
 */
import type { VolumeId } from '@couchestor/common/base';
import type { Decision } from './decision.ts';

export type DecisionChangeKind =
  /** A move is to start, or its pools are others than before. */
  | 'MovePlanned'
  /** It should move and cannot, or for another cause than before. */
  | 'MoveBlocked'
  /** What blocked it is gone, and it does not move yet. */
  | 'MoveUnblocked'
  /** It was to move, and shall stay. */
  | 'MoveWithdrawn'
  | 'HeatUnknown'
  | 'HeatKnown'
  | 'AnnotationInvalid'
  | 'AnnotationValid';

export interface DecisionChange {
  readonly kind: DecisionChangeKind;
  /** As for Kubernetes Events: whether somebody should look at it. */
  readonly severity: 'Normal' | 'Warning';
  /** Undefined for a volume that is watched only now. */
  readonly before: Decision | undefined;
  readonly after: Decision;
}

export interface DecisionChanges {
  /** In the order of the decisions. */
  readonly changes: readonly DecisionChange[];
  /** How many there were beyond the limit. */
  readonly omittedCount: number;
}

const WARNINGS: ReadonlySet<DecisionChangeKind> = new Set(['MoveBlocked', 'HeatUnknown', 'AnnotationInvalid']);

const MAX_DECISION_CHANGES = 200;

/**
 * In the first round of a process `before` is empty: then moves, blocked moves, unknown heat and invalid annotations are all new.
 * Volumes that are no longer watched are not told of.
 */
export function decisionChanges(
  before: readonly Decision[],
  after: readonly Decision[],
  maxChanges = MAX_DECISION_CHANGES,
): DecisionChanges {
  const earlier = new Map<VolumeId, Decision>(before.map((decision) => [decision.volumeId, decision]));
  const changes: DecisionChange[] = [];
  let count = 0;
  for (const decision of after) {
    const previous = earlier.get(decision.volumeId);
    const kind = changeOf(previous, decision);
    if (kind === undefined) continue;
    count += 1;
    if (count > maxChanges) continue;
    changes.push({ kind, severity: WARNINGS.has(kind) ? 'Warning' : 'Normal', before: previous, after: decision });
  }
  return { changes, omittedCount: count - changes.length };
}

function changeOf(before: Decision | undefined, after: Decision): DecisionChangeKind | undefined {
  if (before !== undefined && gistOf(before) === gistOf(after)) return undefined;
  if (after.outcome === 'Move') return 'MovePlanned';
  if (after.outcome === 'Blocked') return 'MoveBlocked';
  // Heat and annotation count as lost only once, whatever else is different about them.
  if (after.code === 'HeatUnknown') return before?.code === after.code ? undefined : 'HeatUnknown';
  if (after.code === 'InvalidAnnotation') return before?.code === after.code ? undefined : 'AnnotationInvalid';
  if (before?.outcome === 'Move') return after.outcome === 'Stay' ? 'MoveWithdrawn' : undefined;
  if (before?.outcome === 'Blocked') return 'MoveUnblocked';
  if (before?.code === 'HeatUnknown') return 'HeatKnown';
  return before?.code === 'InvalidAnnotation' ? 'AnnotationValid' : undefined;
}

/** What makes two decisions the same for this purpose. */
function gistOf({ code, wanted, move, dryRun, policy }: Decision): string {
  const pools = move === undefined ? [] : [move.source.pool, move.target.pool];
  return [code, wanted?.tier ?? '', String(dryRun), policy.uid, ...pools].join(' ');
}
