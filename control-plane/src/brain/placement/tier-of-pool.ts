/**
 * The tier that a policy's selectors give to a pool. A pool that two tiers claim belongs to none: to guess would put data on
 * media that nobody asked for.
 */
import { matchesSelector, type LabelSelector, type Placement } from '@couchestor/common/api';
import type { PoolFacts } from '../../model/cluster-snapshot.ts';

/** Of a policy's spec. */
export interface TierSelectors {
  readonly hot: LabelSelector;
  /** Undefined: the policy has two tiers. */
  readonly warm?: LabelSelector | undefined;
  readonly cold: LabelSelector;
}

export function tierOfPool(selectors: TierSelectors, pool: Pick<PoolFacts, 'labels'>): Placement {
  const hot = matchesSelector(selectors.hot, pool.labels);
  const warm = selectors.warm !== undefined && matchesSelector(selectors.warm, pool.labels);
  const cold = matchesSelector(selectors.cold, pool.labels);
  if (Number(hot) + Number(warm) + Number(cold) !== 1) return 'Unassigned';
  if (hot) return 'Hot';
  return warm ? 'Warm' : 'Cold';
}
