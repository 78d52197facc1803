/**
 * The brain: from a snapshot of the cluster, the policies and the heat of the volumes to one decision for every watched volume,
 * moves and non-moves alike. Pure and synchronous, and indifferent to the order of anything in its input. The work grows with
 * the number of volumes, and of pools for those that should move, never with the square of either.
 */
import type { VolumeId } from '@couchestor/common/base';
import type { ClusterSnapshot } from '../model/cluster-snapshot.ts';
import { DECISION_CODES, type Decision } from '../model/decision.ts';
import { heatOf, type HeatReading } from '../model/heat.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import { Chances } from './chance.ts';
import { knownIops } from './known-iops.ts';
import { byText } from './order.ts';
import { standingOf } from './standing.ts';
import { subjectOf, type Subject } from './subject.ts';
import { policyTerms } from './terms.ts';
import type { Verdict } from './verdict.ts';
import { wantOf, type Want } from './want.ts';
import { watchedVolumes } from './watch.ts';

export interface DecideInput {
  readonly snapshot: ClusterSnapshot;
  readonly policies: readonly PolicyInput[];
  /** Asked once for each sampling window that a policy has. */
  readonly heat: (windowMs: number) => HeatReading;
  readonly settings: OperatorSettings;
  /** Wall time. */
  readonly nowMs: number;
}

/** In the order of the names of the PersistentVolumes. */
export function decide(input: DecideInput): readonly Decision[] {
  const { snapshot, settings, nowMs } = input;
  const subjects = subjectsOf(input);
  const chances = new Chances({ snapshot, settings, iopsOfVolume: iopsLookup(subjects, snapshot), nowMs });
  const verdicts = new Map<Subject, Verdict>();
  const wants: Want[] = [];
  for (const subject of subjects) {
    const result = wantOf(subject);
    if (result.kind === 'verdict') verdicts.set(subject, result.verdict);
    else wants.push(result.want);
  }
  for (const want of wants.sort(byBenefit)) verdicts.set(want.subject, chances.verdictOn(want));
  return subjects.flatMap((subject) => {
    const verdict = verdicts.get(subject);
    return verdict === undefined ? [] : [decisionOf(subject, verdict)];
  });
}

function subjectsOf({ snapshot, policies, heat, settings, nowMs }: DecideInput): readonly Subject[] {
  const { claims, migrations, storage } = snapshot;
  const context = {
    volumes: new Map(storage.volumes.map((volume) => [volume.volumeId, volume])),
    migrations: Map.groupBy(migrations, ({ volumeId }) => volumeId),
    termsOf: policyTerms({ pools: storage.pools, heat, settings, nowMs }),
    nowMs,
  };
  return watchedVolumes(claims, policies).map((watched) => subjectOf(watched, context));
}

function byBenefit(a: Want, b: Want): number {
  return b.benefit - a.benefit || byText(a.volume.volumeId, b.volume.volumeId);
}

/**
 * The load that volumes put on pools counts also where nobody watches them: then over the shortest window that was read, and of
 * several PersistentVolumes the busiest.
 */
function iopsLookup(
  subjects: readonly Subject[],
  { claims }: ClusterSnapshot,
): (volumeId: VolumeId) => number | undefined {
  const watched = new Map(subjects.map(({ claim, heat }) => [claim.volumeId, knownIops(heat)]));
  const [shortest] = [...new Set(subjects.map(({ terms }) => terms.reading))].sort((a, b) => a.windowMs - b.windowMs);
  if (shortest === undefined) return () => undefined;
  const unwatched = new Map<VolumeId, number>();
  for (const { volumeId, volumeName } of claims) {
    if (watched.has(volumeId)) continue;
    const iops = knownIops(heatOf(shortest, volumeName));
    if (iops !== undefined) unwatched.set(volumeId, Math.max(iops, unwatched.get(volumeId) ?? 0));
  }
  return (volumeId) => watched.get(volumeId) ?? unwatched.get(volumeId);
}

function decisionOf(subject: Subject, verdict: Verdict): Decision {
  const { claim, terms, conflictingPolicies, nowMs, placement, replicas, heat, wishes } = subject;
  const { policy, thresholds, dryRun, preservation } = terms;
  return {
    volumeId: claim.volumeId,
    volumeName: claim.volumeName,
    claim: claim.claim && { namespace: claim.claim.namespace, name: claim.claim.name, uid: claim.claim.uid },
    policy: { name: policy.name, uid: policy.uid, generation: policy.generation },
    conflictingPolicies,
    decidedAtMs: nowMs,
    outcome: DECISION_CODES[verdict.code],
    code: verdict.code,
    reason: verdict.reason,
    dryRun,
    preservation,
    placement,
    replicas,
    heat,
    thresholds,
    wishes,
    wanted: verdict.wanted,
    move: verdict.move,
    candidates: verdict.candidates ?? [],
    ...(verdict.code === 'Migrating' ? { waiting: standingOf(subject) } : {}),
    remedies: verdict.remedies ?? [],
    earliestChangeMs: verdict.earliestChangeMs,
  };
}
