/** Where a volume is: the tier of its replicas, as far as they agree. */
import type { Placement } from '@couchestor/common/api';
import type { PoolName } from '@couchestor/common/base';
import type { ReplicaFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { VolumePlacement } from '../../model/decision.ts';

export type TierOf = (pool: PoolName) => Placement;

/** A replica of which no pool is known is in no tier. */
export function tierOfReplica(replica: Pick<ReplicaFacts, 'pool'>, tierOf: TierOf): Placement {
  return replica.pool === undefined ? 'Unassigned' : tierOf(replica.pool);
}

/** Mixed when replicas are in several tiers, or only some of them in one; a volume without replicas is in none. */
export function placementOf(volume: Pick<VolumeFacts, 'replicas'>, tierOf: TierOf): VolumePlacement {
  const tiers = new Set(volume.replicas.map((replica) => tierOfReplica(replica, tierOf)));
  const [first = 'Unassigned', ...others] = tiers;
  return others.length === 0 ? first : 'Mixed';
}
