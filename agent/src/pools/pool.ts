/** A folder on one disk that one process owns, and that says who it is. */
import type { Clock } from '@couchestor/common/base';
import type { PoolFiles } from './pool-files.ts';
import type { PoolHealth, PoolHealthReport } from './pool-health.ts';
import type { ExpectedPool, PoolIdentity } from './pool-identity.ts';
import type { PoolLimits, PoolReservation, PoolUsage, SpacePurpose } from './pool-space.ts';

export interface PoolOptions {
  readonly clock: Clock;
  readonly expected?: ExpectedPool;
  readonly limits?: PoolLimits;
}

export interface Pool {
  readonly identity: PoolIdentity;
  /** Every error met through it is told to `health`; writing calls are refused where the pool takes no writes. */
  readonly files: PoolFiles;
  readonly health: PoolHealth;
  readonly clock: Clock;

  /** @throws CoucheStorError `resourceExhausted`, retryable, with numbers, when there is no room; `unavailable` when the pool takes no writes. */
  admit(bytes: number, purpose: SpacePurpose): Promise<PoolReservation>;

  usage(): Promise<PoolUsage>;

  /** Writes, syncs, reads back and removes a small file, so that what has passed is seen to have passed. */
  probe(): Promise<PoolHealthReport>;

  /** May be called again. Devices that are open stay usable until they are closed. */
  close(): Promise<void>;
}
