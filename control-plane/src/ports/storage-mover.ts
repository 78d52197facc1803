/**
 * What a migration does to the storage system, one call at a time, and what it reads before and after. A call that fails may
 * have taken effect, unless its error has `refused: true` among its fields; nobody repeats one without having looked.
 */
import type { NodeName, PoolName, VolumeId } from '@couchestor/common/base';
import type { RebuildHistory } from '../model/rebuild-history.ts';
import type { StorageFacts, VolumeFacts } from '../model/cluster-snapshot.ts';

export interface StorageMover {
  /** Read now; undefined: there is no such volume. Thrown: CoucheStorError, as for all that follow. */
  volume(volumeId: VolumeId, signal: AbortSignal): Promise<VolumeFacts | undefined>;
  /** All but the volumes, read now. */
  surroundings(signal: AbortSignal): Promise<Omit<StorageFacts, 'volumes'>>;
  rebuildHistory(volumeId: VolumeId, signal: AbortSignal): Promise<RebuildHistory>;
  /** One more or one less than it has. Asking again for the number it has changes nothing. */
  setReplicaCount(volumeId: VolumeId, count: number, signal: AbortSignal): Promise<void>;
  /** Keeps new replicas away from the node; under a label of our own, so that nobody else's cordon is touched. */
  cordonNode(node: NodeName, label: string, signal: AbortSignal): Promise<void>;
  /** Does nothing when there is no such cordon. */
  uncordonNode(node: NodeName, label: string, signal: AbortSignal): Promise<void>;
  /** Keeps new replicas away from the pool. Where capabilities say `poolCordons`. */
  cordonPool(pool: PoolName, signal: AbortSignal): Promise<void>;
  /** Does nothing when it is not cordoned. */
  uncordonPool(pool: PoolName, signal: AbortSignal): Promise<void>;
}
