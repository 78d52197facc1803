/**
 * A cluster that looks lived in: nodes over zones, pools of three tiers, and volumes of every kind that a tiering policy
 * meets, many of them in the wrong place. One seed makes one cluster, name for name and byte for byte. The first volumes are one of
 * each kind, so that even a handful has something to tell.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { MayastorCluster } from '../cluster.ts';
import type { ClusterOptions, Topology, Workload } from '../types.ts';
import type { ClaimFields, StorageClassFields } from './cluster-objects.ts';
import { HeldClock } from './held-clock.ts';
import { RandomDraws } from './random-draws.ts';

export const TIERS = ['hot', 'warm', 'cold'] as const;
export type TierLabel = (typeof TIERS)[number];

/** What a volume is an example of. Those from `unpublished` on cannot be moved as they are. */
export const VOLUME_KINDS = ['busy', 'idle', 'moderate', 'between', 'unpublished', 'snapshots', 'pinned'] as const;
export type VolumeKind = (typeof VOLUME_KINDS)[number];

export interface ScenarioOptions {
  readonly volumes?: number;
  /** Three, or as many as the volumes need, if absent. */
  readonly poolsPerTier?: number;
  /** Over three zones, in turns; one for every pool if absent. */
  readonly nodes?: number;
  readonly seed?: number;
}

export type DemoClusterOptions = Pick<
  ClusterOptions,
  'clock' | 'release' | 'stalenessMs' | 'rebuildBytesPerSecond' | 'seed'
>;

export interface ScenarioVolume {
  readonly volumeId: string;
  readonly kind: VolumeKind;
  /** Where its replicas were put. */
  readonly tier: TierLabel;
  readonly claim: ClaimFields;
}

export interface Scenario {
  readonly volumes: readonly ScenarioVolume[];
  readonly storageClasses: readonly StorageClassFields[];
  /** Zone by node. */
  readonly zones: ReadonlyMap<string, string>;
}

const ZONES = ['zone-a', 'zone-b', 'zone-c'];
const APPLICATIONS = ['shop/orders', 'shop/search', 'analytics/events', 'analytics/reports', 'media/uploads'];
const GIB = 1024 ** 3;
const MAX_REPLICAS = 3;
const VOLUMES_PER_POOL = 500;
const PINNED_CLASS = 'mayastor-pinned';

/** How many of a hundred volumes are of each kind, and where they start. */
const mix: Readonly<Record<VolumeKind, { readonly share: number; readonly start: TierLabel }>> = {
  busy: { share: 15, start: 'cold' },
  idle: { share: 40, start: 'hot' },
  moderate: { share: 12, start: 'hot' },
  between: { share: 13, start: 'hot' },
  unpublished: { share: 8, start: 'hot' },
  snapshots: { share: 6, start: 'hot' },
  pinned: { share: 6, start: 'hot' },
};

/** Operations per second from and to, against the watermarks of the example policies: 200, 1500 and 5000. */
const operations: Readonly<Record<VolumeKind, readonly [number, number]>> = {
  busy: [6000, 20_000],
  idle: [0, 60],
  moderate: [1800, 4200],
  between: [400, 1200],
  unpublished: [0, 0],
  snapshots: [0, 60],
  pinned: [0, 60],
};

/** Pools as they fill up while volumes are put on them. */
interface PoolPlan {
  readonly name: string;
  readonly node: string;
  readonly tier: TierLabel;
  readonly capacityBytes: number;
  plannedBytes: number;
}

interface VolumePlan {
  readonly kind: VolumeKind;
  readonly start: TierLabel;
  readonly sizeBytes: number;
  readonly replicaCount: number;
  readonly thin: boolean;
}

/** A new cluster with a scenario in it. */
export function demoCluster(options: ScenarioOptions & DemoClusterOptions): {
  cluster: MayastorCluster;
  scenario: Scenario;
} {
  const clock = new HeldClock(options.clock);
  const cluster = new MayastorCluster({ ...options, clock });
  const scenario = seedCluster(cluster, options);
  clock.letGo();
  return { cluster, scenario };
}

/** Fills a cluster that has nothing in it yet. Thrown: CoucheStorError `invalid` when there is nothing to put volumes on. */
export function seedCluster(cluster: MayastorCluster, options: ScenarioOptions): Scenario {
  const { volumes = 24, seed = 1 } = options;
  const { poolsPerTier = Math.max(MAX_REPLICAS, Math.ceil(volumes / VOLUMES_PER_POOL)) } = options;
  const { nodes = poolsPerTier * TIERS.length } = options;
  if (nodes < MAX_REPLICAS || poolsPerTier < MAX_REPLICAS) {
    throw new CoucheStorError('invalid', `Three replicas need ${MAX_REPLICAS} nodes and as many pools in every tier.`);
  }
  const draws = new RandomDraws(seed);
  const plans = Array.from({ length: volumes }, (_, index) => planVolume(draws, index));
  const zones = addNodes(cluster, nodes);
  const pools = planPools([...zones.keys()], poolsPerTier, plans);
  for (const { name, node, tier, capacityBytes } of pools) {
    const disks = [`/dev/disk/by-id/${tier === 'cold' ? 'ata' : 'nvme'}-${name}`];
    cluster.addPool({ name, node, disks, capacityBytes, labels: { tier }, rotational: tier === 'cold' });
  }
  const seeded = plans.map((plan, index) => addVolume(cluster, { plan, index, pools, draws }));
  return { volumes: seeded, storageClasses: storageClasses(), zones };
}

function planVolume(draws: RandomDraws, index: number): VolumePlan {
  const kind = VOLUME_KINDS[index] ?? draws.weighted(VOLUME_KINDS, (one) => mix[one].share);
  const usual = index < VOLUME_KINDS.length || kind === 'pinned' || draws.chance(0.6);
  return {
    kind,
    start: usual ? mix[kind].start : draws.oneOf(TIERS),
    sizeBytes: draws.integer(1, 32) * GIB,
    replicaCount: index < VOLUME_KINDS.length ? 2 : draws.integer(1, MAX_REPLICAS),
    thin: draws.chance(0.5),
  };
}

function addNodes(cluster: MayastorCluster, count: number): ReadonlyMap<string, string> {
  const names = Array.from({ length: count }, (_, index) => `node-${index + 1}`);
  for (const name of names) cluster.addNode({ name });
  return new Map(names.map((name, index) => [name, ZONES[index % ZONES.length] ?? '']));
}

/** Each tier could hold everything, so that no policy fails for want of space alone. */
function planPools(nodes: readonly string[], poolsPerTier: number, plans: readonly VolumePlan[]): PoolPlan[] {
  const totalBytes = plans.reduce((sum, { sizeBytes, replicaCount }) => sum + sizeBytes * replicaCount, 64 * GIB);
  const capacityBytes = Math.ceil((totalBytes * 1.5) / poolsPerTier / GIB) * GIB;
  return TIERS.flatMap((tier, tierIndex) =>
    Array.from({ length: poolsPerTier }, (_, index) => ({
      name: `pool-${tier}-${index + 1}`,
      node: nodes[(tierIndex * poolsPerTier + index) % nodes.length] ?? '',
      tier,
      capacityBytes: tier === 'cold' ? capacityBytes * 2 : capacityBytes,
      plannedBytes: 0,
    })),
  );
}

interface VolumeToAdd {
  readonly plan: VolumePlan;
  readonly index: number;
  readonly pools: readonly PoolPlan[];
  readonly draws: RandomDraws;
}

function addVolume(cluster: MayastorCluster, { plan, index, pools, draws }: VolumeToAdd): ScenarioVolume {
  const { kind, start, sizeBytes, replicaCount, thin } = plan;
  const chosen = placeReplicas(pools, plan);
  const volumeId = cluster.createVolume({
    sizeBytes,
    replicaCount,
    thin,
    topology: topologyOf(kind),
    pools: chosen.map(({ name }) => name),
    ...(thin ? { dataBytes: Math.floor((sizeBytes * draws.integer(10, 80)) / 100) } : {}),
  });
  if (kind !== 'unpublished') {
    // Half of the applications run beside a replica of their data.
    const nodes = (draws.chance(0.5) ? chosen : pools).map(({ node }) => node);
    cluster.publish(volumeId, draws.oneOf(nodes));
    cluster.setWorkload(volumeId, workloadOf(kind, draws));
  }
  if (kind === 'snapshots') cluster.createSnapshot(volumeId);
  const [namespace = '', application = ''] = draws.oneOf(APPLICATIONS).split('/');
  const storageClassName = kind === 'pinned' ? PINNED_CLASS : `mayastor-${replicaCount}`;
  const name = `${application}-data-${index + 1}`;
  return { volumeId, kind, tier: start, claim: { namespace, name, storageClassName, labels: { app: application } } };
}

/** The emptiest pools of the tier, each on another node. */
function placeReplicas(pools: readonly PoolPlan[], { start, sizeBytes, replicaCount }: VolumePlan): PoolPlan[] {
  const chosen: PoolPlan[] = [];
  const ofTier = pools.filter(({ tier }) => tier === start).toSorted((a, b) => a.plannedBytes - b.plannedBytes);
  for (const pool of ofTier) {
    if (chosen.length === replicaCount) break;
    if (chosen.some(({ node }) => node === pool.node)) continue;
    pool.plannedBytes += sizeBytes;
    chosen.push(pool);
  }
  return chosen;
}

/** A class that is to be tiered must not name a tier: the topology of a volume never changes. */
function topologyOf(kind: VolumeKind): Topology {
  return { pool_topology: { labelled: { inclusion: { tier: kind === 'pinned' ? 'hot' : '' }, exclusion: {} } } };
}

function workloadOf(kind: VolumeKind, draws: RandomDraws): Workload {
  const [least, most] = operations[kind];
  const perSecond = draws.integer(least, most);
  const readOps = Math.round((perSecond * draws.integer(30, 90)) / 100);
  return { readOps, writeOps: perSecond - readOps };
}

function storageClasses(): StorageClassFields[] {
  const counts = Array.from({ length: MAX_REPLICAS }, (_, index) => index + 1);
  const tiered = counts.map((replicaCount) => ({
    name: `mayastor-${replicaCount}`,
    replicaCount,
    thin: true,
    parameters: { poolHasTopologyKey: 'tier' },
  }));
  const parameters = { poolAffinityTopologyLabel: 'tier: hot' };
  return [...tiered, { name: PINNED_CLASS, replicaCount: 2, thin: true, parameters }];
}
