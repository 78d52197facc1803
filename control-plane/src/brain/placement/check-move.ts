/**
 * Fresh state against a plan that was made earlier: whether exactly this replica can still move to exactly this pool, and which
 * replica a scale-down would remove at this moment. The rules are those that the plan was made by; what the policy wishes
 * beyond them, such as space it keeps free, was weighed then and is not asked again.
 */
import type { Placement, VolumeMigrationSpec } from '@couchestor/common/api';
import type { NodeName } from '@couchestor/common/base';
import type { ReplicaFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { DecisionCode, PlannedMove } from '../../model/decision.ts';
import { failureCode } from './failure.ts';
import { Ledger } from './ledger.ts';
import type { TierOf } from './placement-of.ts';
import { planMove } from './plan-move.ts';
import { REJECTION_CODES } from './rejection-codes.ts';
import { steeredTo, type RemovalCandidate } from './removal-order.ts';
import type { Surroundings } from './storage-index.ts';
import { nodeFitsTopology, poolFitsTopology, spreadClashCount } from './topology.ts';

export interface MoveCheck {
  readonly spec: Pick<VolumeMigrationSpec, 'source' | 'target' | 'plan' | 'preservationMode'>;
  readonly volume: VolumeFacts;
  readonly storage: Surroundings;
}

export type MoveCheckResult =
  | { readonly kind: 'possible'; readonly source: ReplicaFacts; readonly removal: PlannedMove['removal'] }
  | { readonly kind: 'impossible'; readonly code: DecisionCode; readonly reason: string };

/** `source`: the replica that would leave. */
export function checkMove({ spec, volume, storage }: MoveCheck): MoveCheckResult {
  const { source, target, plan } = spec;
  if (volume.replicaCount !== plan.replicaCount) {
    const reason = `The volume asks for ${volume.replicaCount} replicas now, and asked for ${plan.replicaCount} when the move was planned.`;
    return { kind: 'impossible', code: 'VolumeBusy', reason };
  }
  const leaving = sourceReplica(spec.source, volume);
  if (leaving === undefined) {
    const reason = `The replica that was to leave pool ${source.pool} is not there any more.`;
    return { kind: 'impossible', code: 'VolumeNotHealthy', reason };
  }
  const facts: StorageFacts = { ...storage, volumes: [volume] };
  const found = planMove({
    volume,
    wanted: target.tier,
    tierOf: tiersForThisMove(spec, volume, leaving),
    storage: facts,
    ledger: new Ledger({ takenAtMs: 0, storage: facts, claims: [], migrations: [] }, 0, () => undefined),
    preservation: spec.preservationMode,
    extraReplica: false,
  });
  if (found.kind === 'possible') return { kind: 'possible', source: leaving, removal: found.move.removal };
  const candidate = found.candidates.find(({ pool }) => pool === target.pool);
  if (candidate?.verdict.kind === 'rejected') {
    const { code, reason } = candidate.verdict;
    return {
      kind: 'impossible',
      code: failureCode(REJECTION_CODES.find((known) => known === code)),
      reason: `Pool ${target.pool} cannot take the replica: ${reason}`,
    };
  }
  // Without a candidate the obstacle lies in the volume, unless it passed that and the pool is gone.
  const poolIsKnown = storage.pools.some(({ pool }) => pool === target.pool);
  const reason = poolIsKnown ? found.reason : `Pool ${target.pool}, to which it was to move, is not there any more.`;
  return { kind: 'impossible', code: poolIsKnown ? found.code : 'NoPool', reason };
}

/** By its id where the plan names it; a pool holds at most one replica of a volume. */
function sourceReplica(source: MoveCheck['spec']['source'], volume: VolumeFacts): ReplicaFacts | undefined {
  return volume.replicas.find(({ replicaId, pool }) =>
    source.replicaId === undefined ? pool === source.pool : replicaId === source.replicaId,
  );
}

/** Puts the pools into tiers so that this replica is the only one that can leave, and this pool the only one it can go to. */
function tiersForThisMove({ source, target }: MoveCheck['spec'], volume: VolumeFacts, leaving: ReplicaFacts): TierOf {
  const from: Placement = source.tier === target.tier ? 'Unassigned' : source.tier;
  const staying = new Set(volume.replicas.filter((replica) => replica !== leaving).map(({ pool }) => pool));
  return (pool) => {
    if (pool === leaving.pool) return from;
    return pool === target.pool || staying.has(pool) ? target.tier : 'Unassigned';
  };
}

/**
 * How the next scale-down of the volume, as it is now, is made to take this replica: by itself, by a cordon of its node first;
 * undefined: that cannot be made sure.
 */
export function removalOf(asked: {
  readonly volume: VolumeFacts;
  readonly storage: Surroundings;
  readonly replicaId: string;
}): 'ByItself' | 'ByCordon' | undefined {
  const { volume, storage, replicaId } = asked;
  const { capabilities } = storage;
  if (!capabilities.canMoveReplicas) return undefined;
  // Mayastor never scales a volume of an affinity group down to one replica.
  if (volume.affinityGroup !== undefined && volume.replicaCount <= 2) return undefined;
  return steeredTo(replicaId, candidatesNow(volume, storage), capabilities);
}

/** Of a pool or a node that is not known nothing is said: it is taken to fit. */
function candidatesNow(volume: VolumeFacts, storage: Surroundings): readonly RemovalCandidate[] {
  const nodes = new Map(storage.nodes.map((node) => [node.node, node]));
  const pools = new Map(storage.pools.map((pool) => [pool.pool, pool]));
  const labelsOf = (name: NodeName | undefined): Readonly<Record<string, string>> =>
    name === undefined ? {} : (nodes.get(name)?.topologyLabels ?? {});
  // Explicit lists of nodes play no part when a replica is removed.
  const topology = { ...volume.topology, allowedNodes: undefined };
  return volume.replicas.map(({ replicaId, status, childStatus, rebuildPercent, ...place }) => {
    const node = place.node === undefined ? undefined : nodes.get(place.node);
    const pool = place.pool === undefined ? undefined : pools.get(place.pool);
    const others = volume.replicas.filter((other) => other.replicaId !== replicaId);
    return {
      replicaId,
      status,
      childStatus,
      rebuildPercent,
      onCordonedNode: node?.cordoned ?? false,
      localToTarget: place.node !== undefined && place.node === volume.target?.node,
      misplaced: {
        node: node !== undefined && !nodeFitsTopology(topology, node),
        pool: pool !== undefined && !poolFitsTopology(topology, pool),
        spreadClashCount: spreadClashCount(
          topology,
          labelsOf(place.node),
          others.map((other) => labelsOf(other.node)),
        ),
      },
    };
  });
}
