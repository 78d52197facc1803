/** Why no pool takes a replica: the code and the sentence that tell most, from what was found about each pool. */
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import type { DecisionCode } from '../../model/decision.ts';
import { REJECTION_CODES, type Rejection, type RejectionCode } from './filters.ts';
import type { MoveContext } from './move-request.ts';
import { topologyParameters } from './topology.ts';

export interface RejectedPool {
  readonly pool: PoolFacts;
  readonly rejection: Rejection;
}

/** What it comes to, and what is said of so many pools. */
const MEANING: Readonly<Record<RejectionCode, { readonly code: DecisionCode; readonly phrase: string }>> = {
  TopologyExcludesPool: { code: 'PinnedTopology', phrase: 'excluded by the topology of the volume' },
  TopologyExcludesNode: { code: 'PinnedTopology', phrase: 'on a node that the topology of the volume excludes' },
  NodeHoldsReplica: { code: 'NoFreeNode', phrase: 'on a node that holds a replica of it already' },
  NodeHoldsSibling: { code: 'NoFreeNode', phrase: 'on a node that holds a replica of its affinity group' },
  NodeUnknown: { code: 'NoPool', phrase: 'on a node that is not known' },
  NodeNotOnline: { code: 'NoPool', phrase: 'on a node that is not online' },
  NodeCordoned: { code: 'NoPool', phrase: 'on a cordoned node' },
  PoolNotOnline: { code: 'NoPool', phrase: 'not online' },
  PoolCordoned: { code: 'NoPool', phrase: 'cordoned' },
  PoolTooSmall: { code: 'NoPool', phrase: 'too small for it' },
  NotEnoughSpace: { code: 'NoPool', phrase: 'without enough free space' },
  CommitmentTooHigh: { code: 'NoPool', phrase: 'with too much promised to thin volumes' },
  PlacementNotSteerable: { code: 'NoPool', phrase: 'on a node where another pool might be chosen instead' },
  NotEncrypted: { code: 'NoPool', phrase: 'not encrypted, as the source is' },
  WorseFailureDomains: { code: 'NoPool', phrase: 'in a failure domain that has a replica already' },
  RemovalNotSteerable: { code: 'RemovalNotSteerable', phrase: 'after which the wrong replica might be removed' },
};

/** The pool that came furthest through the filters is the one closest to taking it: what stops it tells most. */
export function furthestFirst(rejected: readonly RejectedPool[]): readonly RejectedPool[] {
  return rejected.toSorted((a, b) => stage(b) - stage(a));
}

export function failureCode(furthest: RejectedPool | undefined): DecisionCode {
  return furthest === undefined ? 'NoPool' : MEANING[furthest.rejection.code].code;
}

/** `rejected`: the furthest first. */
export function failureReason(rejected: readonly RejectedPool[], { wanted, volume }: MoveContext): string {
  const [first, second] = rejected;
  if (first === undefined) return `The policy has no pool in the ${wanted} tier.`;
  if (failureCode(first) === 'PinnedTopology') {
    const pins = topologyParameters(volume.topology).join(' and ');
    return `The volume was made with ${pins}, which Mayastor never changes, and no pool of the ${wanted} tier fits that.`;
  }
  if (second === undefined) {
    return `Pool ${first.pool.pool}, the only one of the ${wanted} tier, cannot take a replica: ${first.rejection.reason}`;
  }
  const groups = Map.groupBy(rejected, ({ rejection }) => rejection.code);
  const parts = [...groups].map(([code, pools]) => `${pools.length} ${MEANING[code].phrase}`);
  return `None of the ${rejected.length} pools of the ${wanted} tier can take a replica: ${parts.join(', ')}.`;
}

function stage({ rejection }: RejectedPool): number {
  return REJECTION_CODES.indexOf(rejection.code);
}
