/** What the replicas of a volume say about a migration: which is healthy, which came, which went. */
import type { Replica } from '@couchestor/common/api';
import type { PoolName } from '@couchestor/common/base';
import { volumeAilment } from '../brain/placement/index.ts';
import type { ReplicaFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import { isPlaced, type PlacedReplica } from '../model/placed-replica.ts';

export function replicaOf({ replicaId, pool, node }: PlacedReplica): Replica {
  return { replicaId, pool, node };
}

/** What keeps the volume from having so many replicas, all healthy and part of a healthy target. Undefined: nothing. */
export function ailmentOf(volume: VolumeFacts, count: number): string | undefined {
  if (volume.specStatus !== 'Created') return `the volume is in the state ${volume.specStatus}`;
  if (volume.busy) return 'another operation on the volume is under way';
  const ailment = volumeAilment(volume, count);
  return ailment && `${ailment.charAt(0).toLowerCase()}${ailment.slice(1)}`;
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
