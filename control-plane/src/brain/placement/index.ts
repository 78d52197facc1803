/** Where a replica can go and which one leaves: pure, synchronous, one volume at a time against a ledger of the round. */
export { isHealthy, volumeAilment } from './ailment.ts';
export { Ledger } from './ledger.ts';
export type { PoolTaken } from './ledger.ts';
export type { MoveRequest } from './move-request.ts';
export { placementOf, tierOfReplica } from './placement-of.ts';
export type { TierOf } from './placement-of.ts';
export { planMove } from './plan-move.ts';
export type { MovePlan } from './plan-move.ts';
export { tierOfPool } from './tier-of-pool.ts';
export type { TierSelectors } from './tier-of-pool.ts';
export { checkMove, removalOf } from './check-move.ts';
export type { MoveCheck, MoveCheckResult } from './check-move.ts';
export { checkAdoption, planAdoption } from './adoption.ts';
export { RivalPools } from './rival-pools.ts';
export type { Surroundings } from './storage-index.ts';
