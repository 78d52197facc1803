/**
 * Tells people what becomes of a migration as it enters a phase: Events on the policy and on the claim, a log line, and the
 * metrics of its end. Each is told once, though a migration may wait for approval again or sync again. What only rehearses has
 * log lines alone.
 */
import {
  GROUP_VERSION,
  isFinal,
  STORAGE_POLICY,
  VOLUME_MIGRATION,
  type MigrationPhase,
  type VolumeMigration,
} from '@couchestor/common/api';
import type { Logger } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Events, Happening, ObjectReference } from '../ports/events.ts';
import type { OperatorMetrics } from '../ports/operator-metrics.ts';

export interface MigrationAnnouncerOptions {
  readonly events: Events;
  readonly metrics: Pick<OperatorMetrics, 'migrationEnded'>;
  readonly logger: Logger;
  /** The operator's own: then there are log lines and metrics only. */
  readonly dryRun?: boolean;
}

type Told = Exclude<MigrationPhase, 'Pending' | 'Syncing' | 'Verifying' | 'Removing'>;

const REASON_OF: Readonly<Record<Told, Pick<Happening, 'type' | 'reason'>>> = {
  AwaitingApproval: { type: 'Normal', reason: 'AwaitingApproval' },
  Adding: { type: 'Normal', reason: 'MigrationStarted' },
  Completed: { type: 'Normal', reason: 'MigrationCompleted' },
  Aborted: { type: 'Warning', reason: 'MigrationAborted' },
  Failed: { type: 'Warning', reason: 'MigrationFailed' },
  Cancelled: { type: 'Normal', reason: 'MigrationCancelled' },
};
const LINE_OF: Readonly<Record<Told, string>> = {
  AwaitingApproval: 'A migration waits for approval.',
  Adding: 'A migration has started.',
  Completed: 'A migration has completed.',
  Aborted: 'A migration was aborted.',
  Failed: 'A migration has failed.',
  Cancelled: 'A migration was cancelled.',
};
const ACTION = 'Migrate';
/** Migrations that have not ended and of which something was told: far more than may run at once. */
const MAX_REMEMBERED = 1_000;

export class MigrationAnnouncer {
  readonly #options: MigrationAnnouncerOptions;
  /** By uid of the migration, the longest known first. */
  readonly #told = new Map<string, ReadonlySet<MigrationPhase>>();

  constructor(options: MigrationAnnouncerOptions) {
    this.#options = options;
  }

  /** The migration has entered `phase`, and its status says so. Neither waits nor throws. */
  announce({ name, uid, parsed }: VolumeMigrationRecord, phase: MigrationPhase): void {
    if (parsed.kind === 'invalid' || !isTold(phase) || this.#isOld(uid, phase)) return;
    const { spec, status } = parsed.value;
    const { policyRef, claim, dryRun } = spec;
    const { metrics, events } = this.#options;
    this.#log(name, parsed.value, phase);
    if (dryRun) return;
    if (isFinal(phase)) metrics.migrationEnded(phase, durationMs(status));
    if (this.#options.dryRun === true) return;
    const happening = { ...REASON_OF[phase], action: ACTION, note: noteOf(name, parsed.value, phase) };
    const policy: ObjectReference = {
      apiVersion: GROUP_VERSION,
      kind: STORAGE_POLICY.kind,
      name: policyRef.name,
      ...(policyRef.uid === undefined ? {} : { uid: policyRef.uid }),
    };
    events.record({ regarding: policy, ...happening });
    if (claim === undefined) return;
    const regarding = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim };
    events.record({ regarding, ...happening });
  }

  /** The migration was deleted, cannot be understood, and needs a person. Neither waits nor throws. */
  announceStranded({ name, uid }: VolumeMigrationRecord, note: string): void {
    if (this.#options.dryRun === true) return;
    const regarding = { apiVersion: GROUP_VERSION, kind: VOLUME_MIGRATION.kind, name, uid };
    this.#options.events.record({ regarding, type: 'Warning', reason: 'MigrationStranded', action: ACTION, note });
  }

  #log(migration: string, { spec, status }: VolumeMigration, phase: Told): void {
    this.#options.logger.info(LINE_OF[phase], {
      migration,
      volumeId: spec.volumeId,
      policy: spec.policyRef.name,
      tierFrom: spec.source.tier,
      tierTo: spec.target.tier,
      dryRun: spec.dryRun,
      reason: status?.message,
    });
  }

  #isOld(uid: string, phase: Told): boolean {
    const told = this.#told.get(uid);
    if (told?.has(phase) === true) return true;
    this.#told.delete(uid);
    // After a final phase comes no other.
    if (!isFinal(phase)) this.#told.set(uid, new Set([...(told ?? []), phase]));
    const [oldest] = this.#told.keys();
    if (this.#told.size > MAX_REMEMBERED && oldest !== undefined) this.#told.delete(oldest);
    return false;
  }
}

function isTold(phase: MigrationPhase): phase is Told {
  return phase in REASON_OF;
}

function noteOf(migration: string, { spec, status }: VolumeMigration, phase: Told): string {
  const { source, target, volumeId, policyRef } = spec;
  const route = `${source.tier} pool ${source.pool} to ${target.tier} pool ${target.pool}`;
  const what = `Migration ${migration} of a replica of volume ${volumeId} from ${route} (policy ${policyRef.name})`;
  switch (phase) {
    case 'AwaitingApproval':
      return `${what} waits for approval: set spec.approval.approved and approvedBy. ${spec.reason.message}`.trim();
    case 'Adding':
      return `${what} has started. ${spec.reason.message}`.trim();
    default:
      return `${what} is ${phase}. ${status?.message ?? ''}`.trim();
  }
}

/** Undefined: it never began. */
function durationMs(status: VolumeMigration['status']): number | undefined {
  const { startTime, completionTime } = status ?? {};
  if (startTime === undefined || completionTime === undefined) return undefined;
  return Math.max(Date.parse(completionTime) - Date.parse(startTime), 0);
}
