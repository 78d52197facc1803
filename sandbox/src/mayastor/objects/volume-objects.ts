/**
 * Volumes, pools and nodes as the control plane before 1.0 mirrored them. The replica count of a volume's spec is what its
 * user wants: it is acted upon, one replica at a time, and never written back.
 */
import type { JsonObject } from '../../kube/index.ts';
import type { MayastorCluster } from '../cluster.ts';
import type { ChildStatus, ClusterView, NodeView, PoolView, ReplicaView, VolumeStatus, VolumeView } from '../types.ts';
import { AnnouncedObjects } from './announced-objects.ts';
import type { NewObject, StoredObjects } from './stored-objects.ts';
import { mayastorNodes, mayastorPools, mayastorVolumes } from './volume-definitions.ts';

export class VolumeObjects {
  readonly #cluster: MayastorCluster;
  readonly #stored: StoredObjects;
  readonly #namespace: string;
  readonly #volumes: AnnouncedObjects;
  readonly #pools: AnnouncedObjects;
  readonly #nodes: AnnouncedObjects;

  constructor(cluster: MayastorCluster, stored: StoredObjects, namespace: string) {
    this.#cluster = cluster;
    this.#stored = stored;
    this.#namespace = namespace;
    this.#volumes = new AnnouncedObjects(stored, mayastorVolumes);
    this.#pools = new AnnouncedObjects(stored, mayastorPools);
    this.#nodes = new AnnouncedObjects(stored, mayastorNodes);
  }

  sync({ nodes, pools, volumes }: ClusterView): void {
    for (const node of nodes) this.#nodes.show(this.#nodeObject(node), node.status.toLowerCase());
    for (const pool of pools) this.#pools.show(this.#poolObject(pool), poolStatus(pool));
    for (const volume of volumes) {
      this.#volumes.show(this.#volumeObject(volume), volumeStatus(volume, this.#follow(volume)));
    }
    this.#volumes.keepOnly(new Set(volumes.map(({ volumeId }) => volumeId)), this.#namespace);
  }

  /** Adds or removes a replica if the spec asks for it; returns why not, in the words of the storage system. */
  #follow({ volumeId, replicaCount }: VolumeView): string {
    const stored = this.#stored.get(mayastorVolumes, { namespace: this.#namespace, name: volumeId });
    const { replicaCount: wanted = replicaCount } = (stored?.spec ?? {}) as { replicaCount?: number };
    if (wanted === replicaCount) return '';
    try {
      this.#cluster.setReplicaCount(volumeId, replicaCount + Math.sign(wanted - replicaCount));
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  #nodeObject({ name }: NodeView): NewObject {
    return this.#object('MayastorNode', { name }, { grpcEndpoint: `${name}:10124` });
  }

  /** It knows of no topology: the labels of a pool are those of the object. */
  #poolObject({ name, node, disks, labels }: PoolView): NewObject {
    return this.#object('MayastorPool', { name, labels: { ...labels } }, { node, disks: [...disks] });
  }

  #volumeObject({ volumeId, replicaCount, sizeBytes }: VolumeView): NewObject {
    const everywhere = { local: false, preferredNodes: [], requiredNodes: [] };
    const size = { requiredBytes: sizeBytes, limitBytes: 0 };
    return this.#object(
      'MayastorVolume',
      { name: volumeId },
      { replicaCount, ...everywhere, ...size, protocol: 'nvmf' },
    );
  }

  #object(kind: string, metadata: NewObject['metadata'], spec: JsonObject): NewObject {
    const apiVersion = 'openebs.io/v1alpha1';
    return { apiVersion, kind, metadata: { namespace: this.#namespace, generation: 1, ...metadata }, spec };
  }
}

function poolStatus({ status, disks, capacityBytes, usedBytes }: PoolView): JsonObject {
  const state = status === 'Unknown' || status === 'Suspected' ? 'offline' : status.toLowerCase();
  const avail = Math.max(capacityBytes - usedBytes, 0);
  return { state, disks: [...disks], capacity: capacityBytes, used: usedBytes, avail };
}

const volumeStates: Readonly<Record<VolumeStatus, string>> = {
  Online: 'healthy',
  Degraded: 'degraded',
  Faulted: 'faulted',
  Shutdown: 'offline',
  Unknown: 'unknown',
};

/** `reason` says why what the spec asks for was refused; empty if it was not. */
function volumeStatus({ volumeId, sizeBytes, status, target, replicas }: VolumeView, reason: string): JsonObject {
  const uriOf = ({ replicaId, node }: ReplicaView): string =>
    target?.node === node ? `bdev:///${replicaId}` : `nvmf://${node}:8420/nqn.2019-05.io.openebs:${replicaId}`;
  const children = replicas.flatMap((replica) =>
    replica.childStatus === undefined
      ? []
      : [{ uri: uriOf(replica), state: engineState('CHILD', replica.childStatus) }],
  );
  const nexus = target && {
    node: target.node,
    deviceUri: `nvmf://${target.node}:8420/nqn.2019-05.io.openebs:nexus-${volumeId}`,
    state: engineState('NEXUS', status),
    children,
  };
  return {
    size: sizeBytes,
    state: volumeStates[status],
    targetNodes: target === undefined ? [] : [target.node],
    ...(reason === '' ? {} : { reason }),
    ...(nexus === undefined ? {} : { nexus }),
    replicas: replicas.map((replica) => {
      const { node, pool } = replica;
      return { node, pool, uri: uriOf(replica), offline: replica.status === 'Unknown' };
    }),
  };
}

/** In the spelling of the engine's interface of that time. */
const engineState = (prefix: 'CHILD' | 'NEXUS', status: ChildStatus | VolumeStatus): string =>
  `${prefix}_${status.toUpperCase()}`;
