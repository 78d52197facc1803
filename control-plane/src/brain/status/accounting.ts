/**
 * What a policy's status remembers of its migrations: totals of all that ended, and the last of them by name. Each is counted
 * once, also when whoever counted it crashed before it could say so on the migration itself: what the history names has been
 * counted, and nothing leaves the history before its migration says so too. Of many endings at once some therefore wait.
 */
import {
  formatTimestamp,
  isFinal,
  MAX_HISTORY,
  setCondition,
  type ConditionUpdate,
  type MigrationOutcome,
  type MigrationRecord,
  type MigrationTotals,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { isRecorded, RECORDED } from '../../model/recorded-end.ts';
import type { StoragePolicyRecord } from '../../model/storage-policy-record.ts';
import type { VolumeMigrationRecord } from '../../model/volume-migration-record.ts';
import { isRecord, type Status } from './status-changes.ts';

const TOTAL_OF: Readonly<Record<MigrationOutcome, keyof MigrationTotals>> = {
  Completed: 'succeeded',
  Failed: 'failed',
  Aborted: 'aborted',
  Cancelled: 'cancelled',
};

export interface EndedMigration {
  readonly record: VolumeMigrationRecord;
  /** As a history tells of it. */
  readonly entry: MigrationRecord;
}

/** Undefined: it has not ended, says already that it was counted, only rehearses, or cannot be read. */
export function unrecordedEnd(record: VolumeMigrationRecord): EndedMigration | undefined {
  if (record.parsed.kind === 'invalid') return undefined;
  const { spec, status } = record.parsed.value;
  if (status === undefined || spec.dryRun || !isFinal(status.phase) || isRecorded(status)) return undefined;
  const { phase, startTime, completionTime, phaseStartTime, message } = status;
  const { heatIOPS } = spec.reason;
  const entry: MigrationRecord = {
    migration: record.name,
    volumeId: spec.volumeId,
    from: spec.source.tier,
    to: spec.target.tier,
    outcome: phase,
    ...(heatIOPS === undefined ? {} : { heatIOPS }),
    ...(startTime === undefined ? {} : { startTime }),
    completionTime: completionTime ?? phaseStartTime ?? formatTimestamp(record.createdAtMs),
    ...(message === undefined ? {} : { message }),
  };
  return { record, entry };
}

/** Those of this incarnation of the policy, the earliest end first. */
export function unrecordedOf(
  { name, uid }: Pick<StoragePolicyRecord, 'name' | 'uid'>,
  migrations: readonly VolumeMigrationRecord[],
): readonly EndedMigration[] {
  return migrations
    .filter(({ parsed }) => {
      const policy = parsed.kind === 'ok' ? parsed.value.spec.policyRef : undefined;
      return policy?.name === name && (policy.uid ?? uid) === uid;
    })
    .flatMap((record) => unrecordedEnd(record) ?? [])
    .sort((a, b) => byEnd(a.entry, b.entry));
}

/** The status of a migration that has been counted. */
export function recordedStatus(status: VolumeMigrationStatus, policy: string, nowMs: number): VolumeMigrationStatus {
  const update: ConditionUpdate = {
    type: RECORDED,
    status: 'True',
    reason: 'InPolicyStatus',
    message: `Counted in the status of StoragePolicy ${policy}.`,
  };
  return { ...status, conditions: setCondition(status.conditions ?? [], update, nowMs) };
}

/** The names of all that a status has counted and still knows by name. */
export function countedNames({ history }: Status): ReadonlySet<string> {
  return new Set(entriesOf(history).map(nameOf));
}

/**
 * Totals and history with those of `ended` that are new to the history, which then names them; empty when none is. `ended` are
 * all migrations of the policy that do not say that they were counted.
 */
export function accounted(status: Status, ended: readonly MigrationRecord[]): Status {
  const counted = countedNames(status);
  const fresh = ended.filter(({ migration }) => !counted.has(migration)).sort(byEnd);
  const room = MAX_HISTORY - (ended.length - fresh.length);
  const added = fresh.slice(0, Math.max(room, 0));
  if (added.length === 0) return {};
  const unrecorded = new Set(ended.map(({ migration }) => migration));
  return {
    totals: totalsWith(status.totals, added),
    history: bounded([...added.toReversed(), ...entriesOf(status.history)], unrecorded),
  };
}

function totalsWith(totals: unknown, added: readonly MigrationRecord[]): Status {
  const before = isRecord(totals) ? totals : {};
  const sums: Record<string, unknown> = { ...before };
  for (const key of Object.values(TOTAL_OF)) {
    const known = before[key];
    const more = added.filter(({ outcome }) => TOTAL_OF[outcome] === key).length;
    sums[key] = (typeof known === 'number' ? known : 0) + more;
  }
  return sums;
}

/** The latest first; what has to go is the oldest that nothing waits for. */
function bounded(entries: readonly unknown[], unrecorded: ReadonlySet<string>): readonly unknown[] {
  const latestFirst = entries.toSorted((a, b) => endOf(b) - endOf(a));
  let excess = latestFirst.length - MAX_HISTORY;
  const kept = latestFirst.toReversed().filter((entry) => {
    if (excess <= 0 || unrecorded.has(nameOf(entry))) return true;
    excess -= 1;
    return false;
  });
  return kept.reverse();
}

function byEnd(a: MigrationRecord, b: MigrationRecord): number {
  return endOf(a) - endOf(b) || (a.migration < b.migration ? -1 : 1);
}

/** What does not say when it ended is the oldest. */
function endOf(entry: unknown): number {
  const time = isRecord(entry) && typeof entry.completionTime === 'string' ? Date.parse(entry.completionTime) : NaN;
  return Number.isNaN(time) ? 0 : time;
}

function nameOf(entry: unknown): string {
  return isRecord(entry) && typeof entry.migration === 'string' ? entry.migration : '';
}

function entriesOf(history: unknown): readonly unknown[] {
  return Array.isArray(history) ? history : [];
}
