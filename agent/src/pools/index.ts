/** Pools: folders on disks that are owned by one process, known by their identity, and watched. */
export {
  HOLDER_PATH,
  IDENTITY_PATH,
  INCOMING_FOLDER,
  LOCK_PATH,
  LOST_AND_FOUND,
  newIncomingPath,
  POOL_FOLDER,
  QUARANTINE_FOLDER,
  SCRUB_PATH,
  TOMBSTONES_FOLDER,
} from './layout.ts';
export { LinuxPoolFiles } from './linux-pool-files.ts';
export type { FileSystemSpace, PoolEntry, PoolEntryKind, PoolFiles, PoolFileStat } from './pool-files.ts';
export { POOL_STATES } from './pool-health.ts';
export type { HealthCause, HealthReason, PoolHealth, PoolHealthReport, PoolState } from './pool-health.ts';
export { POOL_FORMAT_VERSION, POOL_TIERS } from './pool-identity.ts';
export type { ExpectedPool, PoolIdentity, PoolTier } from './pool-identity.ts';
export type { PoolLimits, PoolReservation, PoolUsage, SpacePurpose } from './pool-space.ts';
export { ancestorsOf, checkPath, parentOf } from './pool-path.ts';
export type { Pool, PoolOptions } from './pool.ts';
export { readSealed, replaceSealed } from './sealed-json.ts';
