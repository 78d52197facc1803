/** What the replicas of a volume say about a migration: which is healthy, which came, which went. */
import type { Replica } from '@couchestor/common/api';
import type { PoolName } from '@couchestor/common/base';
import type { ReplicaFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import { isPlaced, type PlacedReplica } from '../model/placed-replica.ts';

export function replicaOf({ replicaId, pool, node }: PlacedReplica): Replica {
  return { replicaId, pool, node };
}

/** `Online` alone does not mean synced: the target has it as a good child, and nothing is being copied to it. */
export function isHealthy({ status, childStatus, rebuildPercent }: ReplicaFacts): boolean {
  return status === 'Online' && childStatus === 'Online' && rebuildPercent === undefined;
}

/** What keeps the volume from having so many replicas, all healthy and part of a healthy target. Undefined: nothing. */
export function ailmentOf(volume: VolumeFacts, count: number): string | undefined {
  const { target, replicas } = volume;
  if (target === undefined) return 'the volume is not published';
  if (volume.specStatus !== 'Created') return `the volume is in the state ${volume.specStatus}`;
  if (volume.busy) return 'another operation on the volume is under way';
  if (target.status !== 'Online') return `the target on node ${target.node} is ${target.status}`;
  const ailing = replicas.find((replica) => !isHealthy(replica));
  if (ailing !== undefined) return `replica ${ailing.replicaId} is not in sync`;
  if (volume.status !== 'Online') return `the volume is ${volume.status}`;
  if (target.rebuildCount > 0) return 'a rebuild is under way';
  if (replicas.length !== count || target.childCount !== count) {
    return `the volume has ${replicas.length} replicas and its target ${target.childCount} children instead of ${count}`;
  }
  return undefined;
}

export function find(volume: VolumeFacts, replicaId: string | undefined): ReplicaFacts | undefined {
  return volume.replicas.find((replica) => replica.replicaId === replicaId);
}

/** Replicas that are there and were not before; the one in `pool` first. */
export function arrivals(
  volume: VolumeFacts,
  before: readonly string[] | undefined,
  pool: PoolName,
): readonly PlacedReplica[] {
  const known = new Set(before);
  return volume.replicas
    .filter(isPlaced)
    .filter(({ replicaId }) => !known.has(replicaId))
    .sort((a, b) => Number(b.pool === pool) - Number(a.pool === pool));
}

export function departures(volume: VolumeFacts, before: readonly string[] | undefined): readonly string[] {
  return (before ?? []).filter((replicaId) => find(volume, replicaId) === undefined);
}

export function idsOf(volume: VolumeFacts): readonly string[] {
  return volume.replicas.map(({ replicaId }) => replicaId);
}
