/** Who a pool is: said once, when it is made, and compared whenever it is opened, so that no other folder is taken for it. */
import type { NodeName, PoolUuid } from '@couchestor/common/base';

export const POOL_TIERS = ['hot', 'warm', 'cold'] as const;

export type PoolTier = (typeof POOL_TIERS)[number];

/** Of this program. A pool of a newer one is left alone. */
export const POOL_FORMAT_VERSION = 1;

export interface PoolIdentity {
  readonly formatVersion: number;
  readonly uuid: PoolUuid;
  readonly node: NodeName;
  readonly tier: PoolTier;
  /** Wall time, ISO 8601. */
  readonly createdAt: string;
}

/** What somebody knows of the pool that should be there; whatever is left out may be anything. */
export interface ExpectedPool {
  readonly uuid?: PoolUuid;
  readonly node?: NodeName;
  readonly tier?: PoolTier;
}
