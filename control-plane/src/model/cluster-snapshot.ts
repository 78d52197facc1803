/**
 * What is known of the cluster at one moment: the storage system's volumes, pools and nodes, the Kubernetes claims above
 * them, and the migrations that ran or run. Facts only, in the vocabulary of Mayastor; nothing in here has been decided.
 * Decisions take this as it is, so whoever builds it has made sure that absence means absence.
 */
import type { Cordon, MigrationPhase, Placement, Tier } from '@couchestor/common/api';
import type { NodeName, PoolName, VolumeId } from '@couchestor/common/base';

/** What this control plane does not recognise is `Unknown`, and counts as not healthy. */
export type VolumeStatus = 'Online' | 'Degraded' | 'Faulted' | 'Shutdown' | 'Unknown';
export type ReplicaStatus = 'Online' | 'Degraded' | 'Faulted' | 'Unknown';
export type PoolStatus = 'Online' | 'Degraded' | 'Faulted' | 'Unknown';
export type NodeStatus = 'Online' | 'Offline' | 'Unknown';

export interface ReplicaFacts {
  readonly replicaId: string;
  /** Undefined while the storage system does not say where it is. */
  readonly pool: PoolName | undefined;
  readonly node: NodeName | undefined;
  readonly status: ReplicaStatus;
  /** As a child of the target; undefined when the volume is not published. `Online` alone does not mean synced. */
  readonly childStatus: ReplicaStatus | undefined;
  /** There while it rebuilds. */
  readonly rebuildPercent: number | undefined;
  readonly allocatedBytes: number | undefined;
}

export interface TargetFacts {
  readonly node: NodeName;
  readonly status: VolumeStatus;
  /** Rebuilds under way. */
  readonly rebuildCount: number;
  readonly childCount: number;
}

/** Where the volume allows its replicas to be; immutable in Mayastor 2.x. An empty value matches any value of its key. */
export interface TopologyFacts {
  readonly poolInclusion: Readonly<Record<string, string>>;
  readonly poolExclusion: Readonly<Record<string, string>>;
  readonly nodeInclusion: Readonly<Record<string, string>>;
  readonly nodeExclusion: Readonly<Record<string, string>>;
  /** Explicit lists of nodes; undefined when there is none. */
  readonly allowedNodes: readonly NodeName[] | undefined;
}

export interface VolumeFacts {
  readonly volumeId: VolumeId;
  readonly sizeBytes: number;
  /** How many replicas were asked for. */
  readonly replicaCount: number;
  /** Of the specification: Creating, Created, Deleting, Deleted, or whatever a later release says. */
  readonly specStatus: string;
  /** An operation is under way in the storage system. */
  readonly busy: boolean;
  readonly status: VolumeStatus;
  /** Undefined: not published. */
  readonly target: TargetFacts | undefined;
  readonly replicas: readonly ReplicaFacts[];
  readonly thin: boolean;
  readonly snapshotCount: number;
  /** Volumes of one group keep their replicas apart, and never have fewer than two. */
  readonly affinityGroup: string | undefined;
  readonly topology: TopologyFacts;
}

export interface PoolFacts {
  readonly pool: PoolName;
  readonly node: NodeName;
  readonly status: PoolStatus;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  /** Promised to thin volumes as well; undefined where the release does not say. */
  readonly committedBytes: number | undefined;
  /** Those of the DiskPool object, overruled by those the storage system reports: what policies select by. */
  readonly labels: Readonly<Record<string, string>>;
  /** Only those the storage system reports: what it places replicas by. */
  readonly topologyLabels: Readonly<Record<string, string>>;
  /** Whether new replicas are kept away. */
  readonly cordoned: boolean;
  /** Whether by what no migration of ours sets: a drain, or a cordon of more than new replicas. */
  readonly cordonedByOthers?: boolean;
  readonly encrypted: boolean;
}

export interface NodeFacts {
  readonly node: NodeName;
  readonly status: NodeStatus;
  readonly cordoned: boolean;
  /** Of its cordons and drains, each of which keeps new replicas away; not there when they are not told one by one. */
  readonly cordonLabels?: readonly string[];
  /** Of the Kubernetes node, overruled by those that the storage system reports. */
  readonly labels: Readonly<Record<string, string>>;
  /** Only those that the storage system reports: what it places replicas by. */
  readonly topologyLabels: Readonly<Record<string, string>>;
  /** Nodes that fail together share it: the zone, or the node itself where no zone is known. */
  readonly failureDomain: string;
}

/** What the release of the storage system can do and how it behaves; from its version, or the most careful assumption. */
export interface StorageCapabilities {
  readonly kind: 'MayastorRest' | 'MayastorVolumeCrd';
  /** Such as `2.7.1`; undefined when it could not be found out. */
  readonly version: string | undefined;
  /** Scale-up and scale-down can be steered at all: false for the pre-1.0 custom resource. */
  readonly canMoveReplicas: boolean;
  /** Scale-down prefers a replica whose pool no longer matches the topology (2.8 and later). */
  readonly removalKnowsTopology: boolean;
  /** Scale-down prefers a replica on a cordoned node (2.9 and later). */
  readonly removalKnowsCordons: boolean;
  /** Single pools can be cordoned (2.10 and later). */
  readonly poolCordons: boolean;
}

export interface StorageFacts {
  readonly capabilities: StorageCapabilities;
  readonly volumes: readonly VolumeFacts[];
  readonly pools: readonly PoolFacts[];
  readonly nodes: readonly NodeFacts[];
}

/** A PersistentVolume of the storage system's CSI driver, and the claim that is bound to it. */
export interface ClaimFacts {
  readonly volumeId: VolumeId;
  /** Of the PersistentVolume: the name by which metrics know it. */
  readonly volumeName: string;
  readonly storageClassName: string;
  /** Undefined when no claim is bound. */
  readonly claim:
    | {
        readonly namespace: string;
        readonly name: string;
        readonly uid: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
      }
    | undefined;
}

/** The extra replica of a migration that has ended, as its record has it, and what a later move has to know to take it over. */
export interface LeftReplica {
  readonly replicaId: string;
  readonly pool: PoolName;
  /** The other copy: of the two that the migration was about, the one that is not extra. */
  readonly otherReplicaId: string | undefined;
  /** How many replicas the volume asks for apart from it. */
  readonly replicaCount: number;
  /** It is the source, which preservation mode kept. */
  readonly isPreserved: boolean;
  /** Nobody is about to remove it, or to take it over. */
  readonly isFree: boolean;
}

/** A VolumeMigration, or an entry of a policy's history when the object is gone already. */
export interface MigrationFacts {
  readonly name: string;
  readonly volumeId: VolumeId;
  readonly policy: string;
  readonly phase: MigrationPhase;
  readonly from: Placement;
  readonly to: Tier;
  /** Where the new replica goes; undefined in a history. */
  readonly targetPool: PoolName | undefined;
  /** When it began, or was made if it has not yet; undefined: it never touched the storage system, and never will. */
  readonly startedAtMs: number | undefined;
  /** It is Pending, and waits for something that may take days: not for the end of others. */
  readonly isParked?: boolean;
  /** Once the phase is final. */
  readonly completedAtMs: number | undefined;
  /** Both copies are still there: by preservation, or because the migration was aborted half-way. */
  readonly extraReplica: boolean;
  /** Not there where the record does not tell it. */
  readonly leftReplica?: LeftReplica;
  /** Those that it has set, or is about to, and has not lifted for sure; not there where there are none. */
  readonly cordons?: readonly Cordon[];
}

/** Nothing was done for it yet. */
export function isWaiting({ phase }: Pick<MigrationFacts, 'phase'>): boolean {
  return phase === 'Pending' || phase === 'AwaitingApproval';
}

export interface ClusterSnapshot {
  /** Wall time. */
  readonly takenAtMs: number;
  readonly storage: StorageFacts;
  readonly claims: readonly ClaimFacts[];
  readonly migrations: readonly MigrationFacts[];
}
