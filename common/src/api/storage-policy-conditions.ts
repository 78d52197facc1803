/** The conditions of a StoragePolicy that follow from its spec alone. The operator acts on a policy only while it is Accepted. */
import { removeCondition, setCondition, type Condition, type ConditionUpdate } from './conditions.ts';
import { canEverOpen } from './cron-schedule.ts';
import { formatFieldErrors, type ParseResult } from './reader.ts';
import type { MaintenanceWindow, StoragePolicy } from './storage-policy.ts';
import { isKnownTimeZone } from './time-zone.ts';

export const ACCEPTED = 'Accepted';
export const ARCHIVE_UNSUPPORTED = 'ArchiveUnsupported';

/**
 * `Accepted`, True with reason Valid or Disabled, or False with reason InvalidSpec, UnknownTimeZone or WindowNeverOpens;
 * and, as long as the erasure-coded tier does not exist, `ArchiveUnsupported` for a policy that names an ErasureCodingPolicy.
 */
export function policySpecConditions(
  parsed: ParseResult<StoragePolicy>,
  generation: number,
): readonly ConditionUpdate[] {
  const accepted = (status: 'True' | 'False', reason: string, message: string): ConditionUpdate => ({
    type: ACCEPTED,
    status,
    reason,
    message,
    observedGeneration: generation,
  });
  if (parsed.kind === 'invalid') {
    return [accepted('False', 'InvalidSpec', formatFieldErrors(parsed.errors))];
  }
  const { enabled, maintenanceWindows, ecPolicyRef } = parsed.value.spec;
  const fault = windowFault(maintenanceWindows);
  const sound = enabled
    ? accepted('True', 'Valid', 'The policy is valid.')
    : accepted(
        'True',
        'Disabled',
        'The policy is valid and switched off: it decides nothing until spec.enabled is true.',
      );
  const conditions = [fault === undefined ? sound : accepted('False', fault.reason, fault.message)];
  if (ecPolicyRef !== undefined) {
    conditions.push({
      type: ARCHIVE_UNSUPPORTED,
      status: 'True',
      reason: 'NoErasureCodedTier',
      message: `This version has no erasure-coded tier: ecPolicyRef ${ecPolicyRef} has no effect, and cold volumes stay replicated.`,
      observedGeneration: generation,
    });
  }
  return conditions;
}

function windowFault(windows: readonly MaintenanceWindow[]): { reason: string; message: string } | undefined {
  for (const [index, { schedule, timeZone }] of windows.entries()) {
    const field = `spec.maintenanceWindows[${index}]`;
    if (!isKnownTimeZone(timeZone)) {
      const message = `${field}.timeZone: this operator knows no time zone ${timeZone}; write an IANA name such as Europe/Berlin`;
      return { reason: 'UnknownTimeZone', message };
    }
    if (!canEverOpen(schedule)) {
      const message = `${field}.schedule: ${schedule.text} never opens, no such month has this day; change the day or the month`;
      return { reason: 'WindowNeverOpens', message };
    }
  }
  return undefined;
}

/** Brings the spec-derived conditions up to date and leaves all others alone; the same array if nothing changes. */
export function applyPolicySpecConditions(
  existing: readonly Condition[],
  derived: readonly ConditionUpdate[],
  nowMs: number,
): readonly Condition[] {
  const outdated = [ACCEPTED, ARCHIVE_UNSUPPORTED].filter((type) => !derived.some((update) => update.type === type));
  const kept = outdated.reduce(removeCondition, existing);
  return derived.reduce((conditions, update) => setCondition(conditions, update, nowMs), kept);
}
