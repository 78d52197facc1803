/**
 * What a user of the Mayastor stand-in sees: how a cluster is described, and the truth about it as `view()` returns it.
 * The truth knows more than REST says, such as whether a replica really holds the data.
 */
import type { Clock } from '@couchestor/common/base';

export const RELEASES = ['2.0', '2.5', '2.7', '2.8', '2.9', '2.10'] as const;
export type Release = (typeof RELEASES)[number];

export type NodeStatus = 'Online' | 'Offline' | 'Unknown';
/** The last two are said by 2.9 and later; earlier releases say `Unknown`. */
export type PoolStatus = 'Online' | 'Degraded' | 'Faulted' | 'Unknown' | 'Suspected' | 'Offline';
export type ReplicaStatus = 'Online' | 'Degraded' | 'Faulted' | 'Unknown';
export type ChildStatus = 'Online' | 'Degraded' | 'Faulted';
export type VolumeStatus = 'Online' | 'Degraded' | 'Faulted' | 'Shutdown' | 'Unknown';
export type SpecStatus = 'Creating' | 'Created' | 'Deleting' | 'Deleted';
export type Labels = Readonly<Record<string, string>>;

export interface ClusterOptions {
  readonly clock: Clock;
  readonly release: Release;
  /** How old the state in an answer may be; specifications are always current. 0: never stale. */
  readonly stalenessMs?: number;
  /** Of each rebuild. */
  readonly rebuildBytesPerSecond?: number;
  /** Over the whole cluster; without a limit if absent. */
  readonly maxRebuilds?: number;
  /** How often an unhealthy volume is looked at. */
  readonly reconcileMs?: number;
  /** How long a replica may be unreachable before another takes its place. */
  readonly faultedChildWaitMs?: number;
  /** Draws the identifiers. */
  readonly seed?: number;
}

export interface NodeOptions {
  readonly name: string;
  readonly labels?: Labels;
}

export interface PoolOptions {
  readonly name: string;
  readonly node: string;
  readonly disks?: readonly string[];
  readonly capacityBytes: number;
  readonly labels?: Labels;
  readonly rotational?: boolean;
  readonly encrypted?: boolean;
}

export interface LabelledTopology {
  readonly inclusion: Labels;
  readonly exclusion: Labels;
  readonly affinity_key?: readonly string[];
}

export interface Topology {
  readonly node_topology?: {
    readonly labelled?: LabelledTopology;
    readonly explicit?: { readonly allowed_nodes: readonly string[]; readonly preferred_nodes: readonly string[] };
  };
  readonly pool_topology?: { readonly labelled?: LabelledTopology };
}

export interface VolumeOptions {
  readonly volumeId?: string;
  readonly sizeBytes: number;
  readonly replicaCount: number;
  readonly thin?: boolean;
  readonly topology?: Topology;
  readonly affinityGroup?: string;
  readonly maxSnapshots?: number;
  readonly labels?: Labels;
  /** Where the replicas are put, whatever the placement rules say. */
  readonly pools?: readonly string[];
  /** How much has been written to a thin volume; a thick one is allocated in full. */
  readonly dataBytes?: number;
  readonly selfHeal?: boolean;
}

/** What the application does, per second. */
export interface Workload {
  readonly readOps: number;
  readonly writeOps: number;
  /** 4 KiB an operation if absent. */
  readonly readBytes?: number;
  readonly writeBytes?: number;
}

/** Cumulative since the engine of the node started, or since the target was created. */
export interface IoCounters {
  readOps: number;
  writeOps: number;
  readBytes: number;
  writeBytes: number;
  readLatencyUs: number;
  writeLatencyUs: number;
}

export interface NodeView {
  readonly name: string;
  readonly labels: Labels;
  readonly status: NodeStatus;
  readonly cordons: readonly string[];
  readonly drains: readonly string[];
  /** Wall time. */
  readonly engineStartedAtMs: number;
}

export interface PoolCordon {
  readonly replicas: boolean;
  readonly snapshots: boolean;
  readonly restores: boolean;
  readonly import: boolean;
}

export interface PoolView {
  readonly name: string;
  readonly uuid: string;
  readonly node: string;
  readonly disks: readonly string[];
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** The sizes of all replicas, whatever is allocated of them. */
  readonly committedBytes: number;
  readonly labels: Labels;
  readonly rotational: boolean;
  readonly encrypted: boolean;
  readonly status: PoolStatus;
  readonly cordon: PoolCordon | undefined;
  readonly counters: Readonly<IoCounters>;
}

export interface ReplicaView {
  readonly replicaId: string;
  readonly pool: string;
  readonly node: string;
  /** As REST says it; `Online` does not mean synced. */
  readonly status: ReplicaStatus;
  /** Undefined when it is no child of a target. */
  readonly childStatus: ChildStatus | undefined;
  /** Whether it really holds all data. */
  readonly synced: boolean;
  readonly rebuildPercent: number | undefined;
  readonly allocatedBytes: number;
  readonly counters: Readonly<IoCounters>;
}

export type RebuildState = 'Rebuilding' | 'Stopped' | 'Failed' | 'Completed';

export interface RebuildView {
  readonly replicaId: string;
  readonly sourceReplicaId: string;
  readonly state: RebuildState;
  readonly bytesTotal: number;
  readonly bytesDone: number;
  readonly partial: boolean;
  /** Wall time. */
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
}

export interface VolumeView {
  readonly volumeId: string;
  /** The name in metrics. */
  readonly pvName: string;
  readonly sizeBytes: number;
  readonly replicaCount: number;
  /** What the user wants, below which no request may bring the synced replicas. */
  readonly askedReplicaCount: number;
  readonly thin: boolean;
  readonly topology: Topology | undefined;
  readonly affinityGroup: string | undefined;
  readonly maxSnapshots: number | undefined;
  readonly snapshotCount: number;
  readonly specStatus: SpecStatus;
  readonly status: VolumeStatus;
  /** Undefined: not published. */
  readonly target:
    { readonly nexusId: string; readonly node: string; readonly counters: Readonly<IoCounters> } | undefined;
  readonly replicas: readonly ReplicaView[];
  /** Running ones first, then the target's history, newest last. */
  readonly rebuilds: readonly RebuildView[];
}

export interface ClusterView {
  readonly release: Release;
  /** Wall time. */
  readonly atMs: number;
  readonly nodes: readonly NodeView[];
  readonly pools: readonly PoolView[];
  readonly volumes: readonly VolumeView[];
}

/** A request that did what must never be done. */
export interface Violation {
  /** Wall time. */
  readonly atMs: number;
  readonly volumeId: string;
  /** Method and path, or what else changed the state. */
  readonly request: string;
  readonly message: string;
}
