/** How many bytes one more replica of a volume takes of a pool. */
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';

/** What a new replica takes as soon as it is synced; the size where the storage system does not tell what is allocated. */
export function dataBytesOf(volume: VolumeFacts): number {
  if (!volume.thin) return volume.sizeBytes;
  if (volume.replicas.length === 0) return volume.sizeBytes;
  return volume.replicas.reduce((most, { allocatedBytes }) => Math.max(most, allocatedBytes ?? volume.sizeBytes), 0);
}
