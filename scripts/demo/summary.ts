/** What came of the migrations, in a few lines for people. */
import type { Migration } from './api.ts';
import type { Violation } from './mayastor.ts';
import { phaseOf } from './sight.ts';

export interface Summary {
  readonly text: string;
  /** Everything that was begun was completed, and nothing was ever at risk. */
  readonly isGood: boolean;
}

export function summaryOf(migrations: readonly Migration[], violations: readonly Violation[]): Summary {
  const completed = migrations.filter(({ status }) => status?.phase === 'Completed');
  const others = migrations.filter((migration) => !completed.includes(migration));
  const volumes = new Set(completed.map(({ spec }) => spec.volumeId)).size;
  const percent = migrations.length === 0 ? 0 : Math.floor((completed.length / migrations.length) * 100);
  const lines = [
    `Replicas moved     ${completed.length} of ${migrations.length} (${percent} %), of ${volumes} volumes`,
    `Time of a move     ${meanSeconds(completed)} in the mean`,
    `Mayastor's safety  ${violations.length === 0 ? 'violations: none; no volume ever had fewer good copies than it asks for' : `violations: ${violations.length}`}`,
    ...others.map(
      (migration) => `${migration.metadata.name}: ${phaseOf(migration)}: ${migration.status?.message ?? ''}`,
    ),
    ...violations.map(({ volumeId, request, message }) => `${volumeId}: ${request}: ${message}`),
  ];
  return { text: lines.join('\n'), isGood: completed.length > 0 && others.length === 0 && violations.length === 0 };
}

function meanSeconds(migrations: readonly Migration[]): string {
  const lengthsMs = migrations.flatMap(({ status }) => {
    const { startTime, completionTime } = status ?? {};
    return startTime === undefined || completionTime === undefined
      ? []
      : [Date.parse(completionTime) - Date.parse(startTime)];
  });
  if (lengthsMs.length === 0) return 'unknown';
  const meanMs = lengthsMs.reduce((sum, length) => sum + length, 0) / lengthsMs.length;
  return `${(meanMs / 1000).toFixed(1)} s`;
}
