/** Why no pool takes a replica: the code and the sentence that tell most, from what was found about each pool. */
import type { DecisionCode } from '../../model/decision.ts';
import type { MoveContext } from './move-request.ts';
import { REJECTION_CODES, type RejectionCode } from './rejection-codes.ts';
import { rejectionReason } from './rejection.ts';
import type { PoolSite } from './storage-index.ts';
import { topologyParameters } from './topology.ts';

/** Pools that cannot take the replica, by the first obstacle that each met; no list is empty. */
export type RejectedSites = ReadonlyMap<RejectionCode, readonly PoolSite[]>;

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
  TooManyCordons: { code: 'NoPool', phrase: 'that too many others would have to be cordoned for' },
  NotEncrypted: { code: 'NoPool', phrase: 'not encrypted, as the source is' },
  WorseFailureDomains: { code: 'NoPool', phrase: 'in a failure domain that has a replica already' },
  RemovalNotSteerable: { code: 'RemovalNotSteerable', phrase: 'after which the wrong replica might be removed' },
};

const LAST_FIRST = REJECTION_CODES.toReversed();

/** The pool that came furthest through the filters is the one closest to taking it: what stops it tells most. */
export function furthestFirst(rejected: RejectedSites): readonly RejectionCode[] {
  return LAST_FIRST.filter((code) => rejected.has(code));
}

/** `furthest`: what stops the pool that came furthest; undefined: there is no pool. */
export function failureCode(furthest: RejectionCode | undefined): DecisionCode {
  return furthest === undefined ? 'NoPool' : MEANING[furthest].code;
}

export function failureReason(rejected: RejectedSites, context: MoveContext): string {
  const { wanted, volume } = context;
  const codes = furthestFirst(rejected);
  const [furthest] = codes;
  if (furthest === undefined) return `The policy has no pool in the ${wanted} tier.`;
  if (failureCode(furthest) === 'PinnedTopology') {
    const pins = topologyParameters(volume.topology).join(' and ');
    const unfit = `The volume was made with ${pins}, which Mayastor never changes, and no pool of the ${wanted} tier fits that`;
    const overlooked = overlookedSite(rejected, context);
    return overlooked === undefined
      ? `${unfit}.`
      : `${unfit} by the labels that Mayastor itself has; pool ${overlooked.pool.pool} would by those of Kubernetes.`;
  }
  const counts = codes.map((code) => ({ code, count: rejected.get(code)?.length ?? 0 }));
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const [first] = rejected.get(furthest) ?? [];
  if (first !== undefined && total === 1) {
    const reason = rejectionReason(furthest, first, context);
    return `Pool ${first.pool.pool}, the only one of the ${wanted} tier, cannot take a replica: ${reason}`;
  }
  const parts = counts.map(({ code, count }) => `${count} ${MEANING[code].phrase}`);
  return `None of the ${total} pools of the ${wanted} tier can take a replica: ${parts.join(', ')}.`;
}

/** One that is excluded for no more than labels that Mayastor does not know. */
function overlookedSite(rejected: RejectedSites, { topology }: MoveContext): PoolSite | undefined {
  const isOverlooked = ({ pool, node }: PoolSite): boolean => {
    if (topology === undefined || node === undefined) return false;
    const poolFits = topology.admitsPool(pool) || topology.unknownOfPool(pool) !== undefined;
    return poolFits && (topology.admitsNode(node) || topology.unknownOfNode(node) !== undefined);
  };
  for (const sites of rejected.values()) {
    const found = sites.find(isOverlooked);
    if (found !== undefined) return found;
  }
  return undefined;
}
