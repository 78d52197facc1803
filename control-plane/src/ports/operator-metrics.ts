/** What the loop counts and measures. Names, labels and format are the business of whoever exposes it. */
import type { MigrationOutcome } from '@couchestor/common/api';
import type { PlanningReport } from '../model/planning-report.ts';

export interface OperatorMetrics {
  reconciled(durationMs: number, outcome: 'success' | 'failure'): void;
  /** A round has ended, whether it decided anything or not. */
  planned(report: PlanningReport): void;
  heatQueried(result: 'success' | 'failure'): void;
  /** A VolumeMigration was created, or could not be. */
  migrationCreated(result: 'success' | 'failure'): void;
  /** `durationMs` is undefined for one that never began. */
  migrationEnded(outcome: MigrationOutcome, durationMs: number | undefined): void;
}
