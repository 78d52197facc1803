/**
 * What a pool of the wanted tier must fulfil to take a replica of the volume, in the order in which a person wants to hear of it: first
 * what nothing can change for this pool and volume, then the pool's own state, then what also depends on the replica that leaves.
 * Every volume that should move asks this of every pool of a tier, so that nothing is made here but the answer.
 */
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import { roomAfterMove, type Room } from './capacity.ts';
import { dataBytesOf } from './data-bytes.ts';
import { failureDomainsAfter, type Departure, type MoveContext, type Source } from './move-request.ts';
import type { RejectionCode } from './rejection-codes.ts';
import { removalOf } from './removal.ts';
import type { PoolSite } from './storage-index.ts';

/** Whether it stops a replica from coming to the pool. */
type Filter = (site: PoolSite, context: MoveContext, room: Room) => boolean;

const POOL_FILTERS: readonly (readonly [RejectionCode, Filter])[] = [
  ['TopologyExcludesPool', ({ pool }, { topology }) => topology !== undefined && !topology.admitsPool(pool)],
  [
    'TopologyExcludesNode',
    ({ node }, { topology }) => topology !== undefined && node !== undefined && !topology.admitsNode(node),
  ],
  ['NodeHoldsReplica', ({ pool }, { replicas }) => replicas.some((replica) => replica.node === pool.node)],
  ['NodeHoldsSibling', ({ pool }, { volume, ledger }) => ledger.hasSibling(volume, pool.node)],
  ['NodeUnknown', ({ node }) => node === undefined],
  ['NodeNotOnline', ({ node }) => node !== undefined && node.status !== 'Online'],
  ['NodeCordoned', ({ node }) => node?.cordoned === true],
  ['PoolNotOnline', ({ pool }) => pool.status !== 'Online'],
  ['PoolCordoned', ({ pool }) => pool.cordoned],
  ['PoolTooSmall', (_site, _context, room) => room.poolTooSmall],
  ['NotEnoughSpace', (_site, _context, room) => room.spaceShortBytes > 0],
  ['CommitmentTooHigh', (_site, _context, room) => room.commitmentShortBytes > 0],
  ['PlacementNotSteerable', ({ pool }, context) => rivalOf(pool, context) !== undefined],
  ['TooManyCordons', ({ pool }, { rivals }) => rivals.excess(pool) > 0],
];

/** The first obstacle to this pool, or the replica that best leaves for it. */
export function look(site: PoolSite, context: MoveContext, room: Room): Departure | RejectionCode {
  for (const [code, stops] of POOL_FILTERS) if (stops(site, context, room)) return code;
  return rememberedDeparture(site, context);
}

export function isRejection(finding: Departure | RejectionCode): finding is RejectionCode {
  return typeof finding === 'string';
}

/** Every obstacle to this pool; of those that depend on the replica that leaves, the first. */
export function obstaclesTo(site: PoolSite, context: MoveContext): readonly RejectionCode[] {
  const room = roomAfterMove(site.pool, context.volume, context.ledger);
  const codes = POOL_FILTERS.filter(([, stops]) => stops(site, context, room)).map(([code]) => code);
  const finding = bestDeparture(site, context);
  return isRejection(finding) ? [...codes, finding] : codes;
}

/** Where single pools cannot be cordoned, only the node of the new replica can be chosen: this one may get it instead. */
export function rivalOf(pool: PoolFacts, { volume, storage, index, topology }: MoveContext): PoolFacts | undefined {
  if (storage.capabilities.poolCordons) return undefined;
  return index.poolsOfNode.get(pool.node)?.find((other) => {
    if (other.pool === pool.pool || other.status === 'Faulted' || topology?.admitsPool(other) === false) return false;
    return other.capacityBytes - other.usedBytes > dataBytesOf(volume);
  });
}

/** Those that may leave for this pool without a loss of encryption, and of them those that cost no failure domain. */
export function sourcesFor({ pool, failureDomain }: PoolSite, { sources, domains }: MoveContext): SourcesFor {
  const allowed = sources.filter((source) => pool.encrypted || !source.encrypted);
  const apart = allowed.filter((source) => failureDomainsAfter(source, failureDomain) >= domains.size);
  return { allowed, apart };
}

interface SourcesFor {
  readonly allowed: readonly Source[];
  readonly apart: readonly Source[];
}

/**
 * To one that passed the filters of pools, three things alone matter: encryption, the failure domain, as far as it is one of
 * the volume's, and whether it is where the target is. A spread over node labels has no say any more: no other replica has
 * its values. So the pools of a tier share a few answers.
 */
function rememberedDeparture(site: PoolSite, context: MoveContext): Departure | RejectionCode {
  const { domains, departures, volume } = context;
  const domain = domains.get(site.failureDomain) ?? domains.size;
  const isLocal = site.pool.node === volume.target?.node;
  const key = domain * 4 + Number(site.pool.encrypted) * 2 + Number(isLocal);
  let departure = departures.get(key);
  if (departure === undefined) {
    departure = bestDeparture(site, context);
    departures.set(key, departure);
  }
  return departure;
}

function bestDeparture(site: PoolSite, context: MoveContext): Departure | RejectionCode {
  const { allowed, apart } = sourcesFor(site, context);
  if (allowed.length === 0) return 'NotEncrypted';
  if (apart.length === 0) return 'WorseFailureDomains';
  const gain = ({ source }: Departure): number => failureDomainsAfter(source, site.failureDomain);
  const [best] = apart
    .flatMap((source) => {
      const removal = removalOf(context, source, site.pool.node);
      return removal === undefined ? [] : [{ source, removal }];
    })
    .sort((a, b) => gain(b) - gain(a) || rank(a.removal) - rank(b.removal));
  return best ?? 'RemovalNotSteerable';
}

function rank(removal: PlannedMove['removal']): number {
  return removal === 'ByCordon' ? 1 : 0;
}
