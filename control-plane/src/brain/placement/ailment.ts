/**
 * What a healthy volume is, for whoever is about to move a replica and for whoever is about to remove one. `Online` alone does not
 * mean synced: the target has the replica as a good child, and nothing is being copied to it.
 */
import type { ReplicaFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { isPlaced } from '../../model/placed-replica.ts';

export function isHealthy(replica: ReplicaFacts): boolean {
  return replicaAilment(replica) === undefined;
}

/** A sentence without its end. Undefined: the replica is healthy. */
export function replicaAilment(replica: ReplicaFacts): string | undefined {
  const { replicaId, status, childStatus, rebuildPercent } = replica;
  if (!isPlaced(replica)) return `It is not known where replica ${replicaId} is`;
  const where = `Replica ${replicaId} on pool ${replica.pool}`;
  if (status !== 'Online') return `${where} is ${status}`;
  if (rebuildPercent !== undefined) return `${where} is rebuilding (${rebuildPercent} %)`;
  if (childStatus !== 'Online') return `${where} is ${childStatus ?? 'not part of the target'}`;
  return undefined;
}

/** What keeps the volume from having so many replicas, all healthy and part of a healthy target. Undefined: nothing. */
export function volumeAilment(volume: VolumeFacts, count: number): string | undefined {
  const { target, replicas } = volume;
  if (target === undefined) return 'The volume is not published';
  if (target.status !== 'Online') return `The target on node ${target.node} is ${target.status}`;
  const ailing = replicas.map(replicaAilment).find((ailment) => ailment !== undefined);
  if (ailing !== undefined) return ailing;
  if (volume.status !== 'Online') return `The volume is ${volume.status}`;
  if (target.rebuildCount > 0) return `${counted(target.rebuildCount, 'rebuild')} under way`;
  if (replicas.length !== count) return `The volume has ${counted(replicas.length, 'replica')} instead of ${count}`;
  if (target.childCount !== count)
    return `The target has ${target.childCount} children for ${counted(count, 'replica')}`;
  return undefined;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
