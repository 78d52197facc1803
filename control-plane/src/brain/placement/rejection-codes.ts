/** Why a pool cannot take a replica, as words for programs. */

/** In the order of the filters. */
export const REJECTION_CODES = [
  'TopologyExcludesPool',
  'TopologyExcludesNode',
  'NodeHoldsReplica',
  'NodeHoldsSibling',
  'NodeUnknown',
  'NodeNotOnline',
  'NodeCordoned',
  'PoolNotOnline',
  'PoolCordoned',
  'PoolTooSmall',
  'NotEnoughSpace',
  'CommitmentTooHigh',
  'PlacementNotSteerable',
  'TooManyCordons',
  'NotEncrypted',
  'WorseFailureDomains',
  'RemovalNotSteerable',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];
