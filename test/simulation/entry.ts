/** A migration as a run remembers it, also once its object is gone. */
import { isFinal, type VolumeMigrationSpec, type VolumeMigrationStatus } from '@couchestor/common/api';
import type { MigrationObject } from '../fault/hands/in-memory-migrations.ts';

export interface Entry {
  readonly name: string;
  readonly volumeId: string;
  readonly policy: string;
  /** Of the policy as it was then; one that is made anew under its name is another. */
  readonly policyUid: string | undefined;
  readonly to: string;
  /** Wall time. */
  readonly createdMs: number;
  /** As it was at last, also once the object is gone. */
  record: MigrationObject | undefined;
  isGone: boolean;
  /** Wall time at which somebody deleted or cancelled it. */
  stoppedMs: number | undefined;
  /** Somebody deleted it, so it may go before it is counted. */
  isDeleted: boolean;
}

export function statusOf({ record }: Pick<Entry, 'record'>): VolumeMigrationStatus | undefined {
  return record?.parsed.kind === 'ok' ? record.parsed.value.status : undefined;
}

export function specOf({ record }: Pick<Entry, 'record'>): VolumeMigrationSpec | undefined {
  return record?.parsed.kind === 'ok' ? record.parsed.value.spec : undefined;
}

export function phaseOf(entry: Entry): string | undefined {
  return statusOf(entry)?.phase;
}

export function isOver(entry: Entry): boolean {
  const status = statusOf(entry);
  return entry.isGone || (status !== undefined && isFinal(status.phase));
}

/** A person has to approve it, and none has. */
export function isUnapproved(entry: Entry): boolean {
  const approval = specOf(entry)?.approval;
  return approval?.mode === 'Manual' && !approval.approved;
}

/** Its policy does not act, or nothing is known of what was decided: nobody knows for how long. */
export function isParked(entry: Entry): boolean {
  const { phase, conditions = [] } = statusOf(entry) ?? {};
  const admitted = conditions.find(({ type, status }) => type === 'Admitted' && status === 'False');
  return phase === 'Pending' && admitted !== undefined && !admitted.reason.endsWith('Limit');
}

/** It has not begun, and holds up no other. */
export function isHeldUp(entry: Entry): boolean {
  return phaseOf(entry) === 'AwaitingApproval' || isParked(entry);
}

/** Wall time. Of a migration that touched nothing there is no start. */
export function startOf(entry: Entry): number {
  const status = statusOf(entry);
  if (isHeldUp(entry)) return -Infinity;
  if (status?.startTime !== undefined) return Date.parse(status.startTime);
  return status?.phase === 'Cancelled' ? -Infinity : entry.createdMs;
}

export function endOf(entry: Entry): number {
  return Date.parse(statusOf(entry)?.completionTime ?? '');
}

/** The copy that it left, and that nobody has removed. */
export function hasExtra(entry: Entry): boolean {
  const extra = statusOf(entry)?.extraReplica;
  return !entry.isGone && extra !== undefined && extra.removedTime === undefined;
}
