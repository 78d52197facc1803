/**
 * What a pool of the wanted tier must fulfil to take a replica of the volume, in the order in which a person wants to hear of it: first
 * what nothing can change for this pool and volume, then the pool's own state, then what also depends on the replica that leaves.
 */
import { formatBytes } from '@couchestor/common/base';
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import { roomAfterMove } from './capacity.ts';
import { dataBytesOf } from './data-bytes.ts';
import { failureDomainsAfter, isEncrypted, type MoveContext, type Source } from './move-request.ts';
import type { Remedy } from './remedy.ts';
import { removalOf, removalRemedies } from './removal.ts';
import { nodeFitsTopology, poolFitsTopology, spreadClashCount } from './topology.ts';

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
  'NotEncrypted',
  'WorseFailureDomains',
  'RemovalNotSteerable',
] as const;

export type RejectionCode = (typeof REJECTION_CODES)[number];

export interface Rejection {
  readonly code: RejectionCode;
  readonly reason: string;
  /** Each by itself makes this one rejection go away; empty: nothing does, as long as pool and volume are what they are. */
  readonly remedies: readonly Remedy[];
}

export interface Departure {
  readonly source: Source;
  readonly removal: PlannedMove['removal'];
}

type Filter = (pool: PoolFacts, context: MoveContext) => Rejection | undefined;

const topology: Filter = (pool, { volume, index, replicas, hasTopology }) => {
  if (!hasTopology) return undefined;
  if (!poolFitsTopology(volume.topology, pool)) {
    return reject('TopologyExcludesPool', 'The topology of the volume, fixed when it was made, excludes the pool.');
  }
  const node = index.nodes.get(pool.node);
  if (node === undefined) return undefined;
  const others = replicas.map((replica) => index.nodes.get(replica.node)?.labels ?? {});
  if (nodeFitsTopology(volume.topology, node) && spreadClashCount(volume.topology, node.labels, others) === 0) {
    return undefined;
  }
  return reject(
    'TopologyExcludesNode',
    `The topology of the volume, fixed when it was made, excludes node ${pool.node}.`,
  );
};

const oneReplicaPerNode: Filter = (pool, { replicas }) =>
  replicas.some((replica) => replica.node === pool.node)
    ? reject('NodeHoldsReplica', `Node ${pool.node} holds a replica of the volume, and a node holds at most one.`)
    : undefined;

const siblingsApart: Filter = (pool, { volume, ledger }) =>
  ledger.hasSibling(volume, pool.node)
    ? reject('NodeHoldsSibling', `Node ${pool.node} holds a replica of another volume of the affinity group.`)
    : undefined;

const nodeOnline: Filter = (pool, { index }) => {
  const node = index.nodes.get(pool.node);
  if (node === undefined) return reject('NodeUnknown', `Nothing is known of node ${pool.node}.`);
  if (node.status === 'Online') return undefined;
  return reject('NodeNotOnline', `Node ${pool.node} is ${node.status}.`, [
    { kind: 'BringNodeOnline', node: pool.node },
  ]);
};

const nodeOpen: Filter = (pool, { index }) =>
  index.nodes.get(pool.node)?.cordoned === true
    ? reject('NodeCordoned', `Node ${pool.node} is cordoned.`, [{ kind: 'UncordonNode', node: pool.node }])
    : undefined;

const poolOnline: Filter = (pool) =>
  pool.status === 'Online'
    ? undefined
    : reject('PoolNotOnline', `The pool is ${pool.status}.`, [{ kind: 'BringPoolOnline', pool: pool.pool }]);

const poolOpen: Filter = (pool) =>
  pool.cordoned
    ? reject('PoolCordoned', 'The pool is cordoned.', [{ kind: 'UncordonPool', pool: pool.pool }])
    : undefined;

const largeEnough: Filter = (pool, { volume, ledger }) => {
  if (!roomAfterMove(pool, volume, ledger).poolTooSmall) return undefined;
  return reject(
    'PoolTooSmall',
    `The pool of ${formatBytes(pool.capacityBytes)} is too small for the volume, however empty it is.`,
  );
};

const enoughSpace: Filter = (pool, { volume, ledger }) => {
  const { spaceShortBytes } = roomAfterMove(pool, volume, ledger);
  if (spaceShortBytes === 0) return undefined;
  const free = formatBytes(pool.capacityBytes - pool.usedBytes);
  const booked = ledger.takenOf(pool).bookedBytes;
  const promised = booked === 0 ? '' : `, of which ${formatBytes(booked)} are promised to other migrations`;
  return reject(
    'NotEnoughSpace',
    `It has ${free} free${promised}: ${formatBytes(spaceShortBytes)} short of ${formatBytes(dataBytesOf(volume))} with the reserve.`,
    // What is promised to others cannot be freed.
    ...(spaceShortBytes > pool.usedBytes
      ? []
      : [[{ kind: 'FreeSpace', pool: pool.pool, bytes: spaceShortBytes } as const]]),
  );
};

const commitment: Filter = (pool, { volume, ledger }) => {
  const { commitmentShortBytes: bytes } = roomAfterMove(pool, volume, ledger);
  if (bytes === 0) return undefined;
  const remedy: Remedy = [{ kind: 'ReduceCommitment', pool: pool.pool, bytes }];
  const reducible = pool.committedBytes !== undefined && pool.committedBytes >= bytes;
  return reject(
    'CommitmentTooHigh',
    `It would promise ${formatBytes(bytes)} more to thin volumes than Mayastor allows.`,
    ...(reducible ? [remedy] : []),
  );
};

/** Where single pools cannot be cordoned, only the node of the new replica can be chosen. */
const onlyPoolOfItsNode: Filter = (pool, { volume, storage, index }) => {
  if (storage.capabilities.poolCordons) return undefined;
  const rival = index.poolsOfNode.get(pool.node)?.find((other) => {
    if (other.pool === pool.pool || other.status === 'Faulted' || !poolFitsTopology(volume.topology, other))
      return false;
    return other.capacityBytes - other.usedBytes > dataBytesOf(volume);
  });
  if (rival === undefined) return undefined;
  return reject(
    'PlacementNotSteerable',
    `This release cannot cordon single pools, and might put the replica on pool ${rival.pool} of the same node.`,
    [{ kind: 'Upgrade', version: '2.10' }],
  );
};

const POOL_FILTERS: readonly Filter[] = [
  topology,
  oneReplicaPerNode,
  siblingsApart,
  nodeOnline,
  nodeOpen,
  poolOnline,
  poolOpen,
  largeEnough,
  enoughSpace,
  commitment,
  onlyPoolOfItsNode,
];

/** The first obstacle to this pool, or the replicas that could leave for it, best first. */
export function look(pool: PoolFacts, context: MoveContext): Rejection | readonly Departure[] {
  for (const filter of POOL_FILTERS) {
    const rejection = filter(pool, context);
    if (rejection !== undefined) return rejection;
  }
  return departures(pool, context);
}

export function isRejection(finding: Rejection | readonly Departure[]): finding is Rejection {
  return 'code' in finding;
}

/** Every obstacle to this pool; of those that depend on the replica that leaves, the first. */
export function obstaclesTo(pool: PoolFacts, context: MoveContext): readonly Rejection[] {
  const rejections = POOL_FILTERS.map((filter) => filter(pool, context)).filter((rejection) => rejection !== undefined);
  const finding = departures(pool, context);
  return isRejection(finding) ? [...rejections, finding] : rejections;
}

function departures(pool: PoolFacts, context: MoveContext): Rejection | readonly Departure[] {
  const allowed = context.sources.filter((source) => isEncrypted(pool) || !source.encrypted);
  if (allowed.length === 0) {
    return reject('NotEncrypted', 'The replica is on an encrypted pool, and this one is not encrypted.');
  }
  const domain = context.index.failureDomainOf(pool.node);
  const apart = allowed.filter((source) => failureDomainsAfter(source, domain) >= context.failureDomainCount);
  if (apart.length === 0) {
    return reject(
      'WorseFailureDomains',
      `The volume would be in fewer than its ${context.failureDomainCount} failure domains (${domain} has a replica).`,
    );
  }
  const leaving: Departure[] = [];
  for (const source of apart) {
    const removal = removalOf(context, source, pool.node);
    if (removal !== undefined) leaving.push({ source, removal });
  }
  if (leaving.length === 0) return removalRejection(apart, pool, context);
  const gain = ({ source }: Departure): number => failureDomainsAfter(source, domain);
  return leaving.sort((a, b) => gain(b) - gain(a) || rank(a.removal) - rank(b.removal));
}

function rank(removal: PlannedMove['removal']): number {
  return removal === 'ByCordon' ? 1 : 0;
}

function removalRejection(sources: readonly Source[], pool: PoolFacts, context: MoveContext): Rejection {
  const version = context.storage.capabilities.version ?? 'of unknown version';
  return reject(
    'RemovalNotSteerable',
    `With the new replica there, it cannot be made sure that Mayastor ${version} removes the old one and not another.`,
    ...sources.flatMap((source) => removalRemedies(context, source, pool.node)),
  );
}

function reject(code: RejectionCode, reason: string, ...remedies: readonly Remedy[]): Rejection {
  return { code, reason, remedies };
}
