/**
 * What one look at the whole cluster came to: a decision for every watched volume, or the reason why there are none. Old
 * decisions are never repeated in it, so whoever reads it cannot take them for fresh ones.
 */
import type { Decision } from './decision.ts';
import type { Readiness } from './health.ts';
import type { StoragePolicyRecord } from './storage-policy-record.ts';

export interface PlanningReport {
  /** Counts the rounds of this process, from 1. */
  readonly sequence: number;
  /** Wall time of its start. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly kubernetes: Readiness;
  readonly storage: Readiness;
  /** Of all sampling windows together. */
  readonly telemetry: Readiness;
  /** Of the sampling window of each policy that could be read, by its name: another window's failure says nothing of it. */
  readonly telemetryOf: ReadonlyMap<string, Readiness>;
  /** Undefined: nothing could be decided, for the reasons given by whatever is not healthy. */
  readonly decisions: readonly Decision[] | undefined;
  /** Generation by uid of every policy that was taken into account. */
  readonly generations: ReadonlyMap<string, number>;
  readonly policyNames: readonly string[];
  /** VolumeMigrations that have not ended, and those of them that wait for somebody's approval, by policy. */
  readonly activeMigrations: ReadonlyMap<string, number>;
  readonly awaitingApproval: ReadonlyMap<string, number>;
  /** Migrations that left both copies of a replica, which still stand. */
  readonly extraReplicaCount: number;
}

export function decisionsOf(report: PlanningReport, policy: string): readonly Decision[] {
  return (report.decisions ?? []).filter((decision) => decision.policy.name === policy);
}

/** The older policies that decide about volumes which `policy` matches as well, and about how many. */
export function conflictsOf(
  report: PlanningReport,
  policy: string,
): readonly { readonly policy: string; readonly volumeCount: number }[] {
  const counts = new Map<string, number>();
  for (const decision of report.decisions ?? []) {
    if (!decision.conflictingPolicies.includes(policy)) continue;
    counts.set(decision.policy.name, (counts.get(decision.policy.name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, volumeCount]) => ({ policy: name, volumeCount }))
    .sort((a, b) => (a.policy < b.policy ? -1 : 1));
}

/** Whether what the policy says now was taken into account. */
export function covers(report: PlanningReport, { uid, generation }: Pick<StoragePolicyRecord, 'uid' | 'generation'>) {
  return (report.generations.get(uid) ?? -1) >= generation;
}

export function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
