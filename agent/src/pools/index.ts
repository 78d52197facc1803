/** Pools: folders on disks that are owned by one process, known by their identity, and watched. */
export { inspectPool } from './identify-pool.ts';
export type { PoolInspection, PoolProblem } from './identify-pool.ts';
export { initPool, writePool } from './init-pool.ts';
export type { NewPool } from './init-pool.ts';
export {
  HOLDER_PATH,
  IDENTITY_PATH,
  INCOMING_FOLDER,
  LOCK_PATH,
  LOST_AND_FOUND,
  newIncomingPath,
  POOL_FOLDER,
  POOL_SUBFOLDERS,
  PROBE_PATH,
  QUARANTINE_FOLDER,
  SCRUB_PATH,
  TOMBSTONES_FOLDER,
} from './layout.ts';
export { LinuxPoolFiles } from './linux-pool-files.ts';
export type { FileSystemSpace, PoolEntry, PoolEntryKind, PoolFiles, PoolFileStat } from './pool-files.ts';
export { POOL_STATES, PoolHealth, stateOf } from './pool-health.ts';
export type { HealthCause, HealthReason, PoolHealthReport, PoolState } from './pool-health.ts';
export type { PoolHolder } from './pool-holder.ts';
export { parsePoolTier, POOL_FORMAT_VERSION, POOL_TIERS } from './pool-identity.ts';
export type { ExpectedPool, PoolIdentity, PoolTier } from './pool-identity.ts';
export { ancestorsOf, checkPath, parentOf } from './pool-path.ts';
export { PoolSpace } from './pool-space.ts';
export type { PoolLimits, PoolReservation, PoolUsage, SpacePurpose } from './pool-space.ts';
export { Pool } from './pool.ts';
export type { PoolHold, PoolOptions } from './pool.ts';
export { readSealed, replaceSealed } from './sealed-json.ts';
