/** One watched volume with everything that a decision about it rests on. */
import type { Placement } from '@couchestor/common/api';
import type { VolumeId } from '@couchestor/common/base';
import type { MigrationFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import type { Decision, VolumePlacement, VolumeWishes } from '../model/decision.ts';
import { heatOf, type Heat } from '../model/heat.ts';
import { placementOf, tierOfReplica } from './placement/index.ts';
import type { PolicyTerms } from './terms.ts';
import type { WatchedVolume } from './watch.ts';
import { wishesOf } from './wishes.ts';

export interface Subject extends Pick<WatchedVolume, 'claim' | 'conflictingPolicies'> {
  readonly terms: PolicyTerms;
  /** Undefined when the storage system has no such volume. */
  readonly volume: VolumeFacts | undefined;
  readonly replicas: Decision['replicas'];
  /** In the order of the replicas. */
  readonly replicaTiers: readonly Placement[];
  readonly placement: VolumePlacement;
  readonly heat: Heat;
  readonly wishes: VolumeWishes;
  /** Of this volume, ended or not. */
  readonly migrations: readonly MigrationFacts[];
  /** Wall time. */
  readonly nowMs: number;
}

export interface SubjectInput {
  readonly volumes: ReadonlyMap<VolumeId, VolumeFacts>;
  readonly migrations: ReadonlyMap<VolumeId, readonly MigrationFacts[]>;
  readonly termsOf: (policy: WatchedVolume['policy']) => PolicyTerms;
  readonly nowMs: number;
}

const NO_MIGRATIONS: readonly MigrationFacts[] = Object.freeze([]);
const NO_ANNOTATIONS: Readonly<Record<string, string>> = Object.freeze({});

export function subjectOf(watched: WatchedVolume, { volumes, migrations, termsOf, nowMs }: SubjectInput): Subject {
  const { claim, policy, conflictingPolicies } = watched;
  const terms = termsOf(policy);
  const volume = volumes.get(claim.volumeId);
  const replicas = (volume?.replicas ?? []).map((replica) => ({
    replicaId: replica.replicaId,
    pool: replica.pool,
    node: replica.node,
    tier: tierOfReplica(replica, terms.tierOf),
  }));
  const { hasWarmTier } = terms.thresholds;
  return {
    claim,
    conflictingPolicies,
    terms,
    volume,
    replicas,
    replicaTiers: replicas.map(({ tier }) => tier),
    placement: volume === undefined ? 'Unassigned' : placementOf(volume, terms.tierOf),
    heat: heatOf(terms.reading, claim.volumeName),
    wishes: wishesOf(claim.claim?.annotations ?? NO_ANNOTATIONS, { hasWarmTier, nowMs }),
    migrations: migrations.get(claim.volumeId) ?? NO_MIGRATIONS,
    nowMs,
  };
}
