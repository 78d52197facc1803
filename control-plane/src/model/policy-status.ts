/** What the reconciler of policies makes of a status: its own conditions, and nothing else of it changes. */
import {
  applyPolicySpecConditions,
  policySpecConditions,
  removeCondition,
  setCondition,
  type Condition,
} from '@couchestor/common/api';
import type { StoragePolicyRecord } from './storage-policy-record.ts';

type Status = Readonly<Record<string, unknown>>;

/** Set while the policy cannot be processed for a reason that no repetition mends. */
export const STALLED = 'Stalled';

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
function conditionsOf({ conditions }: Status): readonly Condition[] {
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
