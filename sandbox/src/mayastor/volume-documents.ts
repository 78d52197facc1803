/**
 * Volumes and their data paths as the JSON of REST v0. The casing of keys is inconsistent because the real one's is. A key whose value is undefined is
 * left out, as the real one leaves out what is null. Specifications are current; states are as the control plane observed
 * them last.
 */
import type { Features } from './features.ts';
import {
  allocatedBytes,
  children,
  nexusStatus,
  nodeOnline,
  reachable,
  rebuildPercent,
  replicaStatus,
  replicaUri,
  runningRebuilds,
  snapshotBytes,
  targetUp,
  volumeStatus,
} from './world.ts';
import type { RebuildRecord, ReplicaRecord, VolumeRecord, World, Worlds } from './world.ts';

export type Json = Readonly<Record<string, unknown>>;

const BLOCK_BYTES = 512;
const CLUSTER_BYTES = 4 * 1024 * 1024;
const HOST_NQN = 'nqn.2019-05.io.openebs:node-name:';

export class VolumeDocuments {
  readonly #worlds: Worlds;
  readonly #features: Features;

  constructor(worlds: Worlds, features: Features) {
    this.#worlds = worlds;
    this.#features = features;
  }

  get #actual(): World {
    return this.#worlds.actual;
  }

  get #observed(): World {
    return this.#worlds.observed;
  }

  volumes(): VolumeRecord[] {
    return [...this.#actual.volumes.values()];
  }

  /** Those whose target answers. */
  published(): VolumeRecord[] {
    return this.volumes().filter((volume) => targetUp(volume, this.#observed));
  }

  volume(volume: VolumeRecord): Json {
    const seen = this.#observed.volumes.get(volume.uuid) ?? volume;
    const replicas = volume.replicas.map((replica) => [replica.uuid, this.#replicaTopology(replica, seen)]);
    const status = volumeStatus(this.#observed, seen);
    return {
      spec: this.volumeSpec(volume),
      state: {
        uuid: volume.uuid,
        size: seen.sizeBytes,
        status,
        target: this.#up(seen) ? this.nexus(seen) : undefined,
        replica_topology: Object.fromEntries(replicas) as Json,
        usage: this.#features.usage ? this.#volumeUsage(seen) : undefined,
        health: this.#features.laterKeys ? status : undefined,
      },
    };
  }

  volumeSpec(volume: VolumeRecord): Json {
    const { target, affinityGroup, operation, snapshots } = volume;
    const { snapshots: knowsSnapshots, volumeProperty, frontendNodes } = this.#features;
    return {
      uuid: volume.uuid,
      size: volume.sizeBytes,
      num_replicas: volume.replicaCount,
      status: volume.specStatus,
      target: target && {
        node: target.node,
        protocol: 'nvmf',
        frontend_nodes:
          frontendNodes && target.frontendNode !== undefined
            ? [{ name: target.frontendNode, nqn: `${HOST_NQN}${target.frontendNode}` }]
            : undefined,
      },
      topology: volume.topology,
      policy: { self_heal: volume.selfHeal },
      thin: volume.thin,
      as_thin: knowsSnapshots && !volume.thin && snapshots.length > 0 ? true : undefined,
      affinity_group: affinityGroup === undefined ? undefined : { id: affinityGroup },
      num_snapshots: knowsSnapshots ? snapshots.length : undefined,
      max_snapshots: volumeProperty ? volume.maxSnapshots : undefined,
      labels: volume.labels,
      operation: operation === undefined ? undefined : { operation },
    };
  }

  #up(volume: VolumeRecord): boolean {
    return targetUp(volume, this.#observed);
  }

  #replicaTopology({ uuid, node, pool }: ReplicaRecord, seen: VolumeRecord): Json {
    const replica = seen.replicas.find((other) => other.uuid === uuid);
    if (replica === undefined) return { node, pool, state: 'Unknown' };
    const isReachable = reachable(this.#observed, replica);
    const isToldHere = this.#features.childOfReplica;
    const isChild = isToldHere && this.#up(seen) && replica.child !== undefined;
    return {
      node,
      pool,
      state: replicaStatus(this.#observed, replica),
      'child-status': isChild ? replica.child : undefined,
      'child-status-reason': isChild && replica.broken && this.#features.laterKeys ? 'RebuildFailed' : undefined,
      'rebuild-progress': isToldHere ? this.#rebuildPercent(replica) : undefined,
      usage: this.#features.usage && isReachable ? this.#replicaUsage(seen, replica) : undefined,
    };
  }

  #replicaUsage(volume: VolumeRecord, replica: ReplicaRecord): Json {
    const snapshots = snapshotBytes(volume, replica);
    return {
      capacity: volume.sizeBytes,
      allocated: allocatedBytes(this.#observed, volume, replica),
      allocated_snapshots: snapshots,
      allocated_all_snapshots: snapshots,
    };
  }

  #volumeUsage(volume: VolumeRecord): Json {
    const replicas = volume.replicas.map((replica) => allocatedBytes(this.#observed, volume, replica));
    const snapshots = volume.replicas.map((replica) => snapshotBytes(volume, replica));
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const [largestReplica, largestSnapshot] = [Math.max(0, ...replicas), Math.max(0, ...snapshots)];
    return {
      capacity: volume.sizeBytes,
      allocated: largestReplica + largestSnapshot,
      allocated_replica: largestReplica,
      allocated_snapshots: largestSnapshot,
      allocated_all_snapshots: largestSnapshot,
      total_allocated: sum(replicas) + sum(snapshots),
      total_allocated_replicas: sum(replicas),
      total_allocated_snapshots: sum(snapshots),
    };
  }

  /** Of the volumes whose target answers. */
  nexuses(): Json[] {
    return [...this.#observed.volumes.values()]
      .filter((volume) => this.#up(volume))
      .map((volume) => this.nexus(volume));
  }

  nexus(volume: VolumeRecord): Json {
    const { target, sizeBytes } = volume;
    return {
      uuid: target?.nexusId,
      node: target?.node,
      deviceUri: `nvmf://${target?.node ?? ''}:8420/nqn.2019-05.io.openebs:${volume.uuid}`,
      protocol: 'nvmf',
      rebuilds: runningRebuilds(volume).length,
      size: sizeBytes,
      state: nexusStatus(volume),
      children: children(volume).map((replica) => this.child(volume, replica)),
    };
  }

  child(volume: VolumeRecord, replica: ReplicaRecord): Json {
    return {
      uri: replicaUri(replica, volume),
      state: replica.child,
      state_reason: replica.broken && this.#features.laterKeys ? 'RebuildFailed' : undefined,
      rebuildProgress: this.#rebuildPercent(replica),
    };
  }

  #rebuildPercent({ rebuild }: ReplicaRecord): number | undefined {
    return rebuild && rebuildPercent(rebuild, this.#observed.nowMs);
  }

  /** Those on nodes that answer. */
  replicas(): Json[] {
    return [...this.#observed.volumes.values()].flatMap((volume) =>
      volume.replicas
        .filter(({ node }) => nodeOnline(this.#observed, node))
        .map((replica) => this.replica(volume, replica)),
    );
  }

  replica(volume: VolumeRecord, replica: ReplicaRecord): Json {
    const allocated = allocatedBytes(this.#observed, volume, replica);
    const snapshots = snapshotBytes(volume, replica);
    return {
      uuid: replica.uuid,
      node: replica.node,
      pool: replica.pool,
      poolUuid: this.#actual.pools.get(replica.pool)?.uuid,
      share: volume.target?.node === replica.node ? 'none' : 'nvmf',
      size: volume.sizeBytes,
      space: this.#features.usage
        ? {
            capacity_bytes: volume.sizeBytes,
            allocated_bytes: allocated,
            allocated_bytes_snapshots: snapshots,
            allocated_bytes_all_snapshots: snapshots,
            cluster_size: CLUSTER_BYTES,
            clusters: Math.ceil(volume.sizeBytes / CLUSTER_BYTES),
            allocated_clusters: Math.ceil(allocated / CLUSTER_BYTES),
          }
        : undefined,
      state: replicaStatus(this.#observed, replica),
      thin: volume.thin,
      uri: replicaUri(replica, volume),
      kind: this.#features.snapshots ? 'Regular' : undefined,
    };
  }

  rebuildHistory(volume: VolumeRecord, wallMs: (monotonicMs: number) => number): Json {
    const { target, replicas } = this.#observed.volumes.get(volume.uuid) ?? volume;
    // Records outlive the replicas they are about.
    const uriOf = (id: string): string => {
      const replica = replicas.find(({ uuid }) => uuid === id);
      return replica === undefined
        ? `nvmf://unknown:8420/nqn.2019-05.io.openebs:${id}?uuid=${id}`
        : replicaUri(replica, volume);
    };
    const record = ({ bytesTotal, bytesDone, ...rebuild }: RebuildRecord): Json => ({
      childUri: uriOf(rebuild.replicaId),
      srcUri: uriOf(rebuild.sourceReplicaId),
      rebuildJobState: rebuild.state,
      blocksTotal: Math.ceil(bytesTotal / BLOCK_BYTES),
      blocksRecovered: Math.ceil(bytesDone / BLOCK_BYTES),
      blocksTransferred: Math.ceil(bytesDone / BLOCK_BYTES),
      blocksRemaining: Math.ceil(bytesTotal / BLOCK_BYTES) - Math.ceil(bytesDone / BLOCK_BYTES),
      blockSize: BLOCK_BYTES,
      isPartial: rebuild.partial,
      startTime: new Date(wallMs(rebuild.startedMs)).toISOString(),
      endTime: new Date(wallMs(rebuild.endsMs)).toISOString(),
    });
    return { targetUuid: target?.nexusId, records: (target?.history ?? []).map(record) };
  }

  /** Everything but the pools, which are described elsewhere. */
  specs(): Json {
    const published = this.volumes().filter(({ target }) => target !== undefined);
    return {
      volumes: this.volumes().map((volume) => this.volumeSpec(volume)),
      nexuses: published.map((volume) => ({
        uuid: volume.target?.nexusId,
        node: volume.target?.node,
        children: children(volume).map((replica) => replicaUri(replica, volume)),
        managed: true,
        owner: volume.uuid,
        share: 'nvmf',
        size: volume.sizeBytes,
        status: 'Created',
      })),
      replicas: this.volumes().flatMap((volume) =>
        volume.replicas.map(({ uuid, pool }) => ({
          uuid,
          pool,
          managed: true,
          owners: { volume: volume.uuid, nexuses: volume.target === undefined ? [] : [volume.target.nexusId] },
          share: 'none',
          size: volume.sizeBytes,
          status: 'Created',
          thin: volume.thin,
        })),
      ),
    };
  }
}
