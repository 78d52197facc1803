/**
 * What would let a move happen that no pool can take now. Only pools that came close are looked into, and only what removes every
 * obstacle is told: a remedy after which the move is still impossible would be a false promise.
 */
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { PoolFacts, TopologyFacts } from '../../model/cluster-snapshot.ts';
import { byText } from '../order.ts';
import { freeBytesWanted, roomAfterMove } from './capacity.ts';
import { isRejection, look, obstaclesTo } from './filters.ts';
import { contextOf, type MoveContext } from './move-request.ts';
import { cordonsBefore, rejectionRemedies } from './rejection.ts';
import { removalOf, removalRemedies } from './removal.ts';
import { remedySentence, type Remedy, type RemedyStep } from './remedy.ts';
import type { PoolSite } from './storage-index.ts';
import { topologyParameters } from './topology.ts';

/** How many pools, or nodes, are looked into. */
const MAX_LOOKED_INTO = 4;
const MAX_POOL_REMEDIES = 3;
const MAX_REMEDIES = 5;

const NO_TOPOLOGY: TopologyFacts = {
  poolInclusion: {},
  poolExclusion: {},
  nodeInclusion: {},
  nodeExclusion: {},
  allowedNodes: undefined,
};

/** Of pools and nodes that do not exist yet; no real one has such a name. */
const NEW_POOL = '(new pool)' as PoolName;
const NEW_NODE = '(new node)' as NodeName;

export interface Failure {
  readonly pinned: boolean;
  readonly removalNotSteerable: boolean;
  /** All of the tier, the one that came furthest first. */
  readonly sites: readonly PoolSite[];
}

export function findRemedies(failure: Failure, context: MoveContext): readonly Remedy[] {
  const { sites } = failure;
  const ofPools = remediesOfPools(sites, context);
  const labels = labelsOfNewPool(sites, context);
  const grown = [...labelPool(context), ...addPool(labels, context), ...addNode(labels, context)];
  if (failure.removalNotSteerable) return distinct([...ofPools, [{ kind: 'Preserve' }]]);
  const recreated = failure.pinned || (ofPools.length === 0 && grown.length === 0) ? recreate(sites, context) : [];
  return distinct([...ofPools, ...recreated, ...grown]);
}

function remediesOfPools(sites: readonly PoolSite[], context: MoveContext): readonly Remedy[] {
  return sites
    .slice(0, MAX_LOOKED_INTO)
    .flatMap((site) => remediesOf(site, context))
    .sort((a, b) => a.length - b.length)
    .slice(0, MAX_POOL_REMEDIES);
}

/** Each removes every obstacle to the pool; empty when one of them cannot be removed. */
function remediesOf(site: PoolSite, context: MoveContext): readonly Remedy[] {
  return obstaclesTo(site, context).reduce<readonly Remedy[]>(
    (combined, code) => {
      const remedies = rejectionRemedies(code, site, context);
      return combined.flatMap((remedy) => remedies.map((other) => together(remedy, other)));
    },
    [[]],
  );
}

/** A later release can do what an earlier one can, and the more nodes are cordoned, the fewer are left to be. */
function together(one: Remedy, other: Remedy): Remedy {
  const steps = [...one, ...other];
  const upgrades = steps.filter((step) => step.kind === 'Upgrade');
  const cordons = steps.filter((step) => step.kind === 'CordonNodes').sort((a, b) => b.count - a.count);
  if (upgrades.length < 2 && cordons.length < 2) return steps;
  const latest = upgrades.find((step) => step.version === '2.10') ?? upgrades[0];
  const others = steps.filter((step) => step.kind !== 'Upgrade' && step.kind !== 'CordonNodes');
  return [...(latest === undefined ? [] : [latest]), ...others, ...cordons.slice(0, 1)];
}

/** A pool that is in no tier and could take the replica. */
function labelPool(context: MoveContext): readonly Remedy[] {
  const { index, tierOf, wanted } = context;
  const unassigned = index.sitesOf('Unassigned', tierOf);
  const found = unassigned.slice(0, MAX_LOOKED_INTO).find((site) => canTake(site, context));
  return found === undefined ? [] : [[{ kind: 'LabelPool', pool: found.pool.pool, tier: wanted }]];
}

function canTake(site: PoolSite, context: MoveContext): boolean {
  return !isRejection(look(site, context, roomAfterMove(site.pool, context.volume, context.ledger)));
}

/** A pool on a node that is there, can take a replica, and has none of the tier. */
function addPool(labels: LabelsOfNewPool, context: MoveContext): readonly Remedy[] {
  if (labels === undefined) return [];
  const { index, wanted, tierOf, replicas } = context;
  const { tier, freeBytes, encrypted } = newPoolFor(context);
  const open = index
    .openNodesWithout(wanted, tierOf)
    .slice(0, MAX_LOOKED_INTO + replicas.length)
    .filter(({ node }) => !replicas.some((replica) => replica.node === node));
  for (const { node } of open.slice(0, MAX_LOOKED_INTO)) {
    const pool: PoolFacts = {
      pool: NEW_POOL,
      node,
      status: 'Online',
      capacityBytes: freeBytes,
      usedBytes: 0,
      committedBytes: 0,
      ...labels,
      cordoned: false,
      encrypted,
    };
    const [rest] = remediesOf(index.siteOf(pool), context).filter(
      (remedy) => !remedy.some(({ kind }) => kind === 'PublishOnNode'),
    );
    if (rest !== undefined) return [together([{ kind: 'AddPool', node, tier, freeBytes, encrypted }], rest)];
  }
  return [];
}

function addNode(labels: LabelsOfNewPool, context: MoveContext): readonly Remedy[] {
  const { nodeInclusion, nodeExclusion, allowedNodes } = context.volume.topology;
  const spreadValuesFixed = Object.values(nodeExclusion).some((value) => value !== '');
  if (allowedNodes !== undefined || spreadValuesFixed || labels === undefined) return [];
  const step: RemedyStep = {
    kind: 'AddNode',
    ...newPoolFor(context),
    nodeLabels: [
      ...Object.entries(nodeInclusion).map(([key, value]) => (value === '' ? key : `${key}=${value}`)),
      ...Object.keys(nodeExclusion).map((key) => `${key}, with a value that no replica's node has`),
    ].sort(byText),
  };
  const { sources } = context;
  const added: Remedy = [step, ...cordonsBefore({ pool: NEW_POOL, node: NEW_NODE }, context)];
  if (sources.some((source) => removalOf(context, source, NEW_NODE) !== undefined)) return [added];
  const [rest] = sources
    .flatMap((source) => removalRemedies(context, source, NEW_NODE))
    .filter((remedy) => !remedy.some(({ kind }) => kind === 'PublishOnNode'));
  return rest === undefined ? [] : [[...added, ...rest]];
}

function newPoolFor(context: MoveContext): Pick<RemedyStep & { kind: 'AddPool' }, 'tier' | 'freeBytes' | 'encrypted'> {
  return {
    tier: context.wanted,
    freeBytes: freeBytesWanted(context.volume, context.ledger.poolReserve),
    encrypted: context.sources.some((source) => source.encrypted),
  };
}

/** Those of a pool of the tier that the volume's topology allows; undefined: whether there can be one is not known. */
type LabelsOfNewPool = Pick<PoolFacts, 'labels' | 'topologyLabels'> | undefined;

function labelsOfNewPool(sites: readonly PoolSite[], { topology }: MoveContext): LabelsOfNewPool {
  const isFitting = (pool: Pick<PoolFacts, 'topologyLabels'>): boolean => topology?.admitsPool(pool) ?? true;
  const fitting = sites.find(({ pool }) => isFitting(pool));
  if (fitting !== undefined) return { labels: fitting.pool.labels, topologyLabels: fitting.pool.topologyLabels };
  return isFitting({ topologyLabels: {} }) ? { labels: {}, topologyLabels: {} } : undefined;
}

/** What a volume of the same content without a topology could do. */
function recreate(sites: readonly PoolSite[], context: MoveContext): readonly Remedy[] {
  const parameters = topologyParameters(context.volume.topology);
  if (parameters.length === 0) return [];
  const step: RemedyStep = { kind: 'RecreateVolume', parameters };
  const free = contextOf({ ...context, volume: { ...context.volume, topology: NO_TOPOLOGY } });
  if (sites.some((site) => canTake(site, free))) return [[step]];
  return remediesOfPools(sites, free).map((remedy) => together([step], remedy));
}

function distinct(remedies: readonly Remedy[]): readonly Remedy[] {
  return [...new Map(remedies.map((remedy) => [remedySentence(remedy), remedy])).values()].slice(0, MAX_REMEDIES);
}
