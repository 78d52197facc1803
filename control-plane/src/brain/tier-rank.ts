/** The order of the tiers, from the cheapest media to the fastest. */
import type { Tier } from '@couchestor/common/api';

export const TIER_RANK: Readonly<Record<Tier, number>> = { Cold: 0, Warm: 1, Hot: 2 };
