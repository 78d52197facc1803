/** What the loop counts and measures. Names, labels and format are the business of whoever exposes it. */
import type { MigrationOutcome } from '@couchestor/common/api';
import type { ErrorCode } from '@couchestor/common/base';
import type { PlanningReport } from '../model/planning-report.ts';

/** What a migration asks of the storage system and of the lock on placement. */
export const MIGRATION_CALLS = [
  'observe',
  'setReplicaCount',
  'cordonNode',
  'uncordonNode',
  'cordonPool',
  'uncordonPool',
  'takeLock',
  'releaseLock',
] as const;
export type MigrationCall = (typeof MIGRATION_CALLS)[number];

export interface OperatorMetrics {
  reconciled(durationMs: number, outcome: 'success' | 'failure'): void;
  /** A round has ended, whether it decided anything or not. */
  planned(report: PlanningReport): void;
  heatQueried(result: 'success' | 'failure'): void;
  /** A VolumeMigration was created, or could not be. */
  migrationCreated(result: 'success' | 'failure'): void;
  /** Refused, or failed in any other way. */
  migrationCallFailed(call: MigrationCall, code: ErrorCode): void;
  /** `durationMs` is undefined for one that never began. */
  migrationEnded(outcome: MigrationOutcome, durationMs: number | undefined): void;
}
