/** A replica of which the storage system says where it is. */
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { ReplicaFacts } from './cluster-snapshot.ts';

export interface PlacedReplica extends ReplicaFacts {
  readonly pool: PoolName;
  readonly node: NodeName;
}

export function isPlaced(replica: ReplicaFacts): replica is PlacedReplica {
  return replica.pool !== undefined && replica.node !== undefined;
}
