/**
 * What the operator makes of a policy's status. It brings up to date what follows from the spec and from the latest round of
 * decisions, adds the migrations that ended to totals and history, and carries everything else over: conditions of others and
 * fields it does not know. It says nothing when there is nothing worth a write.
 */
import {
  applyPolicySpecConditions,
  policySpecConditions,
  removeCondition,
  setCondition,
  type Condition,
  type ConditionUpdate,
  type MigrationRecord,
} from '@couchestor/common/api';
import type { Decision } from '../../model/decision.ts';
import type { Readiness } from '../../model/health.ts';
import { accounted } from './accounting.ts';
import { reportedRound } from './reported-round.ts';
import { isWorthWriting, withoutUndefined, type Status } from './status-changes.ts';
import type { StoragePolicyRecord } from '../../model/storage-policy-record.ts';

/** Set while the policy cannot be processed for a reason that no repetition mends. */
const STALLED = 'Stalled';
/** Whether heat can be learnt, and whether the storage system answers: there as soon as the policy took part in a round. */
export const TELEMETRY_HEALTHY = 'TelemetryHealthy';
export const STORAGE_HEALTHY = 'StorageHealthy';
/** Set while older policies decide about volumes that this one matches as well. */
const CONFLICT = 'Conflict';

/** What a round came to for one policy. */
export interface PolicyRound {
  /** Those of this policy; undefined when nothing could be decided. */
  readonly decisions: readonly Decision[] | undefined;
  readonly telemetry: Readiness;
  readonly storage: Readiness;
  /** Older policies that decide about volumes which this one matches as well, and about how many. */
  readonly conflicts: readonly { readonly policy: string; readonly volumeCount: number }[];
  readonly activeMigrations: number;
  readonly awaitingApproval: number;
  /** Migrations that ended and do not say yet that they were counted. */
  readonly ended: readonly MigrationRecord[];
  /** Wall time. */
  readonly roundAtMs: number;
}

/**
 * The status after a round; undefined when it already says so, or when the round decided by another version of the policy, so
 * that another one is due. A round that decided nothing because the storage system did not answer leaves decisions and counts as they
 * were: not knowing is not zero. Those of a policy that is switched off are empty.
 */
export function policyStatus(policy: StoragePolicyRecord, round: PolicyRound, nowMs: number): Status | undefined {
  const isForeign = ({ uid, generation }: Decision['policy']): boolean =>
    uid !== policy.uid || generation !== policy.generation;
  if (round.decisions?.some((decision) => isForeign(decision.policy))) return undefined;
  const isSwitchedOff = policy.parsed.kind === 'ok' && !policy.parsed.value.spec.enabled;
  const decisions = isSwitchedOff ? [] : round.decisions;
  const status = withoutUndefined({
    ...policy.status,
    observedGeneration: policy.generation,
    ...(decisions === undefined ? {} : reportedRound(decisions, policy.status, round.roundAtMs)),
    activeMigrations: round.activeMigrations,
    awaitingApproval: round.awaitingApproval,
    ...accounted(policy.status, round.ended),
    conditions: conditionsAfter(policy, isSwitchedOff ? undefined : round, nowMs),
  });
  return isWorthWriting(policy.status, status, nowMs) ? status : undefined;
}

/**
 * A policy that takes no part in rounds says nothing about what they rest on; and where nothing was decided, no conflict was
 * looked for, so an earlier one stands.
 */
function conditionsAfter(
  policy: StoragePolicyRecord,
  round: PolicyRound | undefined,
  nowMs: number,
): readonly Condition[] {
  const updates = round === undefined ? [] : roundConditions(round, policy.generation);
  const isUndecided = round !== undefined && round.decisions === undefined;
  const ours = [STALLED, TELEMETRY_HEALTHY, STORAGE_HEALTHY, ...(isUndecided ? [] : [CONFLICT])];
  const kept = ours
    .filter((type) => !updates.some((update) => update.type === type))
    .reduce(removeCondition, conditionsOf(policy.status));
  const derived = policySpecConditions(policy.parsed, policy.generation);
  return updates.reduce(
    (conditions, update) => setCondition(conditions, update, nowMs),
    applyPolicySpecConditions(kept, derived, nowMs),
  );
}

function roundConditions(
  { telemetry, storage, conflicts }: PolicyRound,
  observedGeneration: number,
): readonly ConditionUpdate[] {
  const health = (type: string, { healthy, reason, message }: Readiness): ConditionUpdate => ({
    type,
    status: healthy ? 'True' : 'False',
    reason,
    message,
    observedGeneration,
  });
  const updates = [health(TELEMETRY_HEALTHY, telemetry), health(STORAGE_HEALTHY, storage)];
  if (conflicts.length === 0) return updates;
  const message = conflictText(conflicts);
  return [...updates, { type: CONFLICT, status: 'True', reason: 'OlderPolicyDecides', message, observedGeneration }];
}

const MAX_NAMED_POLICIES = 10;

/** In the order of the names, so that the text stays while the facts do. */
function conflictText(conflicts: PolicyRound['conflicts']): string {
  const total = conflicts.reduce((sum, { volumeCount }) => sum + volumeCount, 0);
  const byName = [...conflicts].sort((a, b) => (a.policy < b.policy ? -1 : 1));
  const named = byName.slice(0, MAX_NAMED_POLICIES).map(({ policy, volumeCount }) => `${policy} (${volumeCount})`);
  const more = conflicts.length > MAX_NAMED_POLICIES ? ` and ${conflicts.length - MAX_NAMED_POLICIES} more` : '';
  const volumes =
    total === 1 ? '1 volume that this policy matches is' : `${total} volumes that this policy matches are`;
  return `${volumes} decided about by older policies: ${named.join(', ')}${more}. Narrow a volumeSelector so that one policy matches each volume.`;
}

/** The status with the conditions that follow from the spec; undefined when it already says so. */
export function acceptedStatus(policy: StoragePolicyRecord, nowMs: number): Status | undefined {
  const existing = conditionsOf(policy.status);
  const derived = policySpecConditions(policy.parsed, policy.generation);
  const conditions = applyPolicySpecConditions(removeCondition(existing, STALLED), derived, nowMs);
  const observed = policy.status.observedGeneration === policy.generation;
  if (observed && sameConditions(conditions, existing)) return undefined;
  return { ...policy.status, observedGeneration: policy.generation, conditions };
}

/** The status with the reason why the policy cannot be processed; undefined when it already says so. */
export function stalledStatus(
  policy: StoragePolicyRecord,
  { reason, message }: { reason: string; message: string },
  nowMs: number,
): Status | undefined {
  const existing = conditionsOf(policy.status);
  const stalled = { type: STALLED, status: 'True', reason, message, observedGeneration: policy.generation } as const;
  const conditions = setCondition(existing, stalled, nowMs);
  return conditions === existing ? undefined : { ...policy.status, conditions };
}

/** What is no condition is left out: the schema would refuse to store it again. */
export function conditionsOf({ conditions }: Status): readonly Condition[] {
  return Array.isArray(conditions) ? conditions.filter(isCondition) : [];
}

function isCondition(value: unknown): value is Condition {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Partial<Record<string, unknown>> = { ...value };
  return ['type', 'status', 'reason', 'message', 'lastTransitionTime'].every(
    (name) => typeof fields[name] === 'string',
  );
}

function sameConditions(a: readonly Condition[], b: readonly Condition[]): boolean {
  return a.length === b.length && a.every((condition, index) => condition === b[index]);
}
