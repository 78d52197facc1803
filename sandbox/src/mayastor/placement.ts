/**
 * Where a scale-up puts a replica: filters on nodes, then on pools, then a weighted comparison of what is left. The comparison
 * weighs two pools against each other criterion by criterion, as the control plane does it, in whole percents.
 */
import { children, nodeOnline, poolUsable, poolUses, UNUSED } from './world.ts';
import type { PoolRecord, PoolUse, VolumeRecord, World } from './world.ts';
import type { LabelledTopology, Labels } from './types.ts';

export const POOL_COMMITMENT_PERCENT = 250;
export const VOLUME_COMMITMENT_PERCENT = 40;
/** A pool fuller than this takes no thin replica. */
const FREE_WATERMARK_BYTES = 16 * 1024 * 1024;

const WEIGHTS = { freeSpace: 40, overCommitment: 35, replicaCount: 25 };
/** Within an affinity group the weight of the replica count is shared. */
const GROUP_WEIGHTS = { groupReplicaCount: 10, replicaCount: 15 };

/** What is asked of a pool. */
export type PlacementRequest = Pick<
  VolumeRecord,
  'uuid' | 'sizeBytes' | 'dataBytes' | 'thin' | 'topology' | 'affinityGroup' | 'replicaCount' | 'replicas'
>;

interface Candidate {
  readonly pool: PoolRecord;
  readonly use: PoolUse;
  readonly groupReplicaCount: number;
}

/** The pools that may take a replica, best first. */
export function placementCandidates(world: World, request: PlacementRequest): PoolRecord[] {
  const groupNodes = nodesOfGroup(world, request);
  const uses = poolUses(world);
  return [...world.pools.values()]
    .filter((pool) => nodeAllowed(world, pool.node, request) && !groupNodes.has(pool.node))
    .map((pool) => ({
      pool,
      use: uses.get(pool.name) ?? UNUSED,
      groupReplicaCount: groupReplicas(world, pool, request),
    }))
    .filter((candidate) => poolAllowed(world, candidate, request))
    .sort((a, b) => compare(a, b, request))
    .map(({ pool }) => pool);
}

function nodeAllowed(world: World, name: string, { topology, replicas }: PlacementRequest): boolean {
  const node = world.nodes.get(name);
  if (node === undefined || !nodeOnline(world, name)) return false;
  if (node.cordons.length > 0 || node.drains.length > 0) return false;
  const allowed = topology?.node_topology?.explicit?.allowed_nodes ?? [];
  if (allowed.length > 0 && !allowed.includes(name)) return false;
  if (replicas.some((replica) => replica.node === name)) return false;
  const used = replicas.map((replica) => world.nodes.get(replica.node)?.labels ?? {});
  return topologyAllows(topology?.node_topology?.labelled, node.labels, used);
}

function poolAllowed(world: World, { pool, use }: Candidate, request: PlacementRequest): boolean {
  const freeBytes = pool.capacityBytes - use.usedBytes;
  if (!poolUsable(world, pool) || pool.cordon?.replicas === true) return false;
  if (pool.capacityBytes <= request.sizeBytes || !hasRoom(freeBytes, request)) return false;
  const committed = request.sizeBytes + use.committedBytes;
  if (request.thin && committed * 100 >= pool.capacityBytes * POOL_COMMITMENT_PERCENT) return false;
  const used = request.replicas.map((replica) => world.pools.get(replica.pool)?.labels ?? {});
  return topologyAllows(request.topology?.pool_topology?.labelled, pool.labels, used);
}

function hasRoom(freeBytes: number, { thin, sizeBytes, dataBytes }: PlacementRequest): boolean {
  if (!thin) return freeBytes > sizeBytes;
  const wanted = Math.min(dataBytes + (sizeBytes * VOLUME_COMMITMENT_PERCENT) / 100, sizeBytes);
  return freeBytes > FREE_WATERMARK_BYTES && freeBytes > wanted;
}

/** Whether the pool is one that the volume's topology allows; removal asks the same of a replica's pool. */
export function poolMatches({ labels }: PoolRecord, { topology }: Pick<VolumeRecord, 'topology'>): boolean {
  return matches(topology?.pool_topology?.labelled?.inclusion, labels);
}

/** Inclusion picks by value, exclusion wants values that differ between the replicas, affinity values that are the same. */
function topologyAllows(topology: LabelledTopology | undefined, labels: Labels, used: readonly Labels[]): boolean {
  const has = (key: string): boolean => Object.hasOwn(labels, key);
  return (
    matches(topology?.inclusion, labels) &&
    Object.keys(topology?.exclusion ?? {}).every(
      (key) => has(key) && used.every((other) => other[key] !== labels[key]),
    ) &&
    (topology?.affinity_key ?? []).every((key) => has(key) && used.every((other) => other[key] === labels[key]))
  );
}

function matches(wanted: Labels | undefined, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(
    // An empty value matches any value of its key.
    ([key, value]) => Object.hasOwn(labels, key) && (value === '' || labels[key] === value),
  );
}

function groupOf(world: World, { affinityGroup }: PlacementRequest): VolumeRecord[] {
  if (affinityGroup === undefined) return [];
  return [...world.volumes.values()].filter((volume) => volume.affinityGroup === affinityGroup);
}

/** Volumes of one replica keep off the nodes that the others of their group use. */
function nodesOfGroup(world: World, request: PlacementRequest): Set<string> {
  if (request.replicaCount !== 1) return new Set();
  const others = groupOf(world, request).filter(({ uuid }) => uuid !== request.uuid);
  return new Set(others.flatMap(({ replicas }) => replicas.map(({ node }) => node)));
}

function groupReplicas(world: World, { name }: PoolRecord, request: PlacementRequest): number {
  return groupOf(world, request).flatMap(({ replicas }) => replicas.filter(({ pool }) => pool === name)).length;
}

function compare(a: Candidate, b: Candidate, request: PlacementRequest): number {
  if (a.pool.status !== b.pool.status) return a.pool.status === 'Online' ? -1 : 1;
  const score = { a: 0, b: 0 };
  const weigh = (weight: number, [valueA, valueB]: readonly [number, number], better: 'higher' | 'lower'): void => {
    const percent = (value: number): number => {
      const total = valueA + valueB;
      return total === 0 ? 50 : Math.floor(((better === 'higher' ? value : total - value) * 100) / total);
    };
    score.a += weight * percent(valueA);
    score.b += weight * percent(valueB);
  };
  if (request.affinityGroup !== undefined && request.replicaCount > 1) {
    weigh(GROUP_WEIGHTS.groupReplicaCount, [a.groupReplicaCount, b.groupReplicaCount], 'lower');
    weigh(GROUP_WEIGHTS.replicaCount, [a.use.replicaCount, b.use.replicaCount], 'lower');
  } else {
    weigh(WEIGHTS.replicaCount, [a.use.replicaCount, b.use.replicaCount], 'lower');
  }
  weigh(WEIGHTS.freeSpace, [freeBytes(a), freeBytes(b)], 'higher');
  weigh(WEIGHTS.overCommitment, [overCommitment(a), overCommitment(b)], 'lower');
  const difference = Math.floor(score.b / 100) - Math.floor(score.a / 100);
  return difference === 0 ? (a.pool.name < b.pool.name ? -1 : 1) : difference;
}

function freeBytes({ pool, use }: Candidate): number {
  return Math.max(pool.capacityBytes - use.usedBytes, 0);
}

function overCommitment({ pool, use }: Candidate): number {
  return Math.max(use.committedBytes - pool.capacityBytes, 0);
}

/** Nodes that may host a target: reachable ones, the least loaded first. */
export function targetCandidates(world: World, volume: VolumeRecord): string[] {
  const load = new Map([...world.nodes.keys()].map((name) => [name, 0]));
  for (const { target } of world.volumes.values()) {
    if (target !== undefined) load.set(target.node, (load.get(target.node) ?? 0) + 1);
  }
  const isLocal = (node: string): boolean => children(volume).some((child) => child.node === node);
  return [...world.nodes.values()]
    .filter(({ name, cordons, drains }) => nodeOnline(world, name) && cordons.length === 0 && drains.length === 0)
    .map(({ name }) => name)
    .sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || Number(isLocal(b)) - Number(isLocal(a)));
}
