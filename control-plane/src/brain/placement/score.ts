/**
 * How good a pool is for one more replica, from 0 to 100. Every part looks at the pool alone, never at the other candidates, so a
 * pool that joins or leaves changes no other pool's score.
 */
import type { PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { MAX_COMMITMENT, roomAfterMove } from './capacity.ts';
import type { Ledger } from './ledger.ts';

/**
 * Points for each part at its best; together 100. Space comes first, as in Mayastor's own scheduler; a failure domain that is new
 * to the volume outweighs every difference that replicas or load alone can make.
 */
const WEIGHTS = { free: 40, commitment: 15, replicas: 10, load: 15, newFailureDomain: 20 } as const;

/** As many replicas, or as many operations per second, halve their part. */
const HALF_AT_REPLICAS = 20;
const HALF_AT_IOPS = 5000;

/** Rounded to a tenth. */
export function scorePool(pool: PoolFacts, volume: VolumeFacts, ledger: Ledger, addsFailureDomain: boolean): number {
  const room = roomAfterMove(pool, volume, ledger);
  const taken = ledger.takenOf(pool);
  const points =
    WEIGHTS.free * share(room.freeAfterBytes / pool.capacityBytes) +
    WEIGHTS.commitment * share(1 - room.committedAfterBytes / (MAX_COMMITMENT * pool.capacityBytes)) +
    WEIGHTS.replicas * (HALF_AT_REPLICAS / (HALF_AT_REPLICAS + taken.replicaCount)) +
    WEIGHTS.load * (HALF_AT_IOPS / (HALF_AT_IOPS + taken.loadIOPS)) +
    WEIGHTS.newFailureDomain * Number(addsFailureDomain);
  return Math.round(points * 10) / 10;
}

function share(value: number): number {
  return Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
}
