/**
 * The state of the simulated cluster as plain data, so that an old copy of it can be kept to answer from, and what follows
 * from it. Nothing in here changes anything or knows the time by itself: `nowMs` says when the data was true.
 */
import type {
  ChildStatus,
  IoCounters,
  Labels,
  NodeStatus,
  PoolCordon,
  PoolStatus,
  RebuildState,
  ReplicaStatus,
  SpecStatus,
  Topology,
  VolumeStatus,
  Workload,
} from './types.ts';

export interface NodeRecord {
  readonly name: string;
  labels: Labels;
  status: NodeStatus;
  cordons: string[];
  drains: string[];
  /** On the monotonic clock. */
  engineStartedMs: number;
  /** Since when it cannot be reached. */
  offlineSinceMs: number | undefined;
}

export interface PoolRecord {
  readonly name: string;
  readonly uuid: string;
  readonly node: string;
  readonly disks: readonly string[];
  readonly capacityBytes: number;
  readonly rotational: boolean;
  readonly encrypted: boolean;
  labels: Labels;
  status: PoolStatus;
  cordon: PoolCordon | undefined;
  counters: IoCounters;
}

export interface RebuildRecord {
  readonly replicaId: string;
  readonly sourceReplicaId: string;
  readonly bytesTotal: number;
  readonly partial: boolean;
  readonly startedMs: number;
  /** When it will have ended, or has. */
  endsMs: number;
  bytesDone: number;
  state: RebuildState;
}

export interface ReplicaRecord {
  readonly uuid: string;
  readonly pool: string;
  readonly node: string;
  /** What it holds, apart from blocks that belong to snapshots. */
  allocatedBytes: number;
  synced: boolean;
  /** Held all data once, so that only what was missed since has to be copied. */
  filled: boolean;
  child: ChildStatus | undefined;
  rebuild: RebuildRecord | undefined;
  /** A rebuild of it failed: self-heal replaces it instead of trying again. */
  broken: boolean;
  counters: IoCounters;
}

export interface TargetRecord {
  readonly nexusId: string;
  readonly node: string;
  readonly frontendNode: string | undefined;
  /** Rebuilds that ended; lost with the target. */
  history: RebuildRecord[];
  counters: IoCounters;
}

/** Blocks that stay on the pool when the replica they were taken from goes. */
export interface SnapshotPart {
  readonly replicaId: string;
  readonly pool: string;
  readonly bytes: number;
}

export interface VolumeRecord {
  readonly uuid: string;
  readonly thin: boolean;
  readonly topology: Topology | undefined;
  readonly affinityGroup: string | undefined;
  readonly labels: Labels | undefined;
  readonly selfHeal: boolean;
  sizeBytes: number;
  /** What the application has written to. */
  dataBytes: number;
  replicaCount: number;
  askedReplicaCount: number;
  maxSnapshots: number | undefined;
  specStatus: SpecStatus;
  /** An operation under way, which others conflict with. */
  operation: string | undefined;
  /** Until then nothing was written, and every replica is as good as another. */
  everPublished: boolean;
  target: TargetRecord | undefined;
  replicas: ReplicaRecord[];
  snapshots: { readonly uuid: string; readonly parts: readonly SnapshotPart[] }[];
  workload: Workload;
  /** When the reconciler looks at it again; undefined while there is nothing to do. */
  reconcileAtMs: number | undefined;
  reconcileWaitMs: number;
}

export interface World {
  nowMs: number;
  readonly nodes: Map<string, NodeRecord>;
  readonly pools: Map<string, PoolRecord>;
  readonly volumes: Map<string, VolumeRecord>;
}

/** What is, and what the control plane has seen of it; the same object where nothing is stale. */
export interface Worlds {
  readonly actual: World;
  readonly observed: World;
}

export function noCounters(): IoCounters {
  return { readOps: 0, writeOps: 0, readBytes: 0, writeBytes: 0, readLatencyUs: 0, writeLatencyUs: 0 };
}

/** How much of a rebuild is done, from 0 to 1. */
function rebuiltShare(rebuild: RebuildRecord, nowMs: number): number {
  const lengthMs = rebuild.endsMs - rebuild.startedMs;
  return lengthMs <= 0 ? 1 : Math.min(Math.max((nowMs - rebuild.startedMs) / lengthMs, 0), 1);
}

/** Never 100 while it runs. */
export function rebuildPercent(rebuild: RebuildRecord, nowMs: number): number {
  return Math.min(Math.floor(rebuiltShare(rebuild, nowMs) * 100), 99);
}

export function rebuiltBytes(rebuild: RebuildRecord, nowMs: number): number {
  return rebuild.state === 'Rebuilding'
    ? Math.floor(rebuild.bytesTotal * rebuiltShare(rebuild, nowMs))
    : rebuild.bytesDone;
}

/** A thin replica grows while it is filled. */
export function allocatedBytes(world: World, volume: VolumeRecord, replica: ReplicaRecord): number {
  const filled = volume.thin && replica.rebuild !== undefined ? rebuiltBytes(replica.rebuild, world.nowMs) : 0;
  return Math.max(replica.allocatedBytes, filled);
}

/** Of the blocks that snapshots have taken over from a replica. */
export function snapshotBytes(volume: VolumeRecord, { uuid }: ReplicaRecord): number {
  return volume.snapshots
    .flatMap(({ parts }) => parts)
    .filter(({ replicaId }) => replicaId === uuid)
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

export interface PoolUse {
  readonly usedBytes: number;
  readonly committedBytes: number;
  readonly replicaCount: number;
}

export const UNUSED: PoolUse = { usedBytes: 0, committedBytes: 0, replicaCount: 0 };

/** Of all pools that hold anything. */
export function poolUses(world: World): Map<string, PoolUse> {
  const uses = new Map<string, PoolUse>();
  const add = (pool: string, more: PoolUse): void => {
    const use = uses.get(pool) ?? UNUSED;
    uses.set(pool, {
      usedBytes: use.usedBytes + more.usedBytes,
      committedBytes: use.committedBytes + more.committedBytes,
      replicaCount: use.replicaCount + more.replicaCount,
    });
  };
  for (const volume of world.volumes.values()) {
    for (const { parts } of volume.snapshots) {
      for (const { pool, bytes } of parts) add(pool, { ...UNUSED, usedBytes: bytes });
    }
    for (const replica of volume.replicas) {
      const usedBytes = allocatedBytes(world, volume, replica);
      add(replica.pool, { usedBytes, committedBytes: volume.sizeBytes, replicaCount: 1 });
    }
  }
  return uses;
}

export function poolUse(world: World, pool: string): PoolUse {
  return poolUses(world).get(pool) ?? UNUSED;
}

export function nodeOnline(world: World, node: string): boolean {
  return world.nodes.get(node)?.status === 'Online';
}

/** What the pool says; nothing is known of a pool whose node is silent. */
export function poolStatus(world: World, pool: PoolRecord): PoolStatus {
  return nodeOnline(world, pool.node) ? pool.status : 'Offline';
}

export function poolUsable(world: World, pool: PoolRecord): boolean {
  const status = poolStatus(world, pool);
  return status === 'Online' || status === 'Degraded';
}

export function replicaStatus(world: World, { pool }: ReplicaRecord): ReplicaStatus {
  const record = world.pools.get(pool);
  const status = record === undefined ? 'Unknown' : poolStatus(world, record);
  // An empty replica that nothing rebuilds says Online all the same.
  return status === 'Online' || status === 'Degraded' || status === 'Faulted' ? status : 'Unknown';
}

/** Whether data can be read from and written to it. */
export function reachable(world: World, replica: ReplicaRecord): boolean {
  const pool = world.pools.get(replica.pool);
  return pool !== undefined && poolUsable(world, pool);
}

/** Published, and the target answers. */
export function targetUp({ target }: VolumeRecord, world: World): boolean {
  return target !== undefined && nodeOnline(world, target.node);
}

export function children({ replicas }: VolumeRecord): ReplicaRecord[] {
  return replicas.filter(({ child }) => child !== undefined);
}

export function nexusStatus(volume: VolumeRecord): 'Online' | 'Degraded' | 'Faulted' {
  const states = children(volume).map(({ child }) => child);
  if (!states.includes('Online')) return 'Faulted';
  return states.every((state) => state === 'Online') ? 'Online' : 'Degraded';
}

/** An unpublished volume is judged by the number of its replicas alone. */
export function volumeStatus(world: World, volume: VolumeRecord): VolumeStatus {
  if (volume.target === undefined) {
    if (volume.replicas.length >= volume.replicaCount) return 'Online';
    return volume.replicas.length === 0 ? 'Faulted' : 'Degraded';
  }
  if (!targetUp(volume, world)) return 'Unknown';
  const status = nexusStatus(volume);
  return status === 'Online' && children(volume).length !== volume.replicaCount ? 'Degraded' : status;
}

export function syncedCount({ replicas }: VolumeRecord): number {
  return replicas.filter(({ synced }) => synced).length;
}

export function runningRebuilds({ replicas }: VolumeRecord): RebuildRecord[] {
  return replicas.flatMap(({ rebuild }) => rebuild ?? []);
}

export function replicaUri({ uuid, node }: ReplicaRecord, volume: VolumeRecord): string {
  // The engine reads a replica on its own node without the network.
  if (volume.target?.node === node) return `bdev:///${uuid}?uuid=${uuid}`;
  return `nvmf://${node}:8420/nqn.2019-05.io.openebs:${uuid}?uuid=${uuid}`;
}
