/** How many bytes one more replica of a volume takes of a pool. */
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';

/** What a new replica takes as soon as it is synced; the size where the storage system does not tell what is allocated. */
export function dataBytesOf(volume: VolumeFacts): number {
  if (!volume.thin) return volume.sizeBytes;
  const allocated = volume.replicas.map((replica) => replica.allocatedBytes ?? volume.sizeBytes);
  return allocated.length === 0 ? volume.sizeBytes : Math.max(...allocated);
}
