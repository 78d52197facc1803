/**
 * The facts that a storage system has to show, taken from the truth about the stand-in's cluster and not from what its API says.
 * Written apart from the readers under test, so that each holds the other to account.
 */
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import { restCapabilities, type StorageFacts } from '@couchestor/control-plane/adapters/mayastor';
import type { MayastorCluster, NodeView, PoolView, ReplicaView, VolumeView } from '@couchestor/sandbox/mayastor';

export const VERSION_OF = {
  '2.0': '2.0.1',
  '2.5': '2.5.0',
  '2.7': '2.7.1',
  '2.8': '2.8.0',
  '2.9': '2.9.0',
  '2.10': '2.10.0',
} as const;

export function truthOf(cluster: MayastorCluster): StorageFacts {
  const { volumes, pools, nodes } = cluster.view();
  const online = new Set(nodes.filter(({ status }) => status === 'Online').map(({ name }) => name));
  return {
    capabilities: restCapabilities(VERSION_OF[cluster.release]),
    volumes: volumes.map((volume) => volumeFacts(volume, cluster)),
    pools: pools.map((pool) => poolFacts(pool, cluster, online.has(pool.node))),
    nodes: nodes.map((node) => nodeFacts(node, cluster)),
  };
}

function volumeFacts(volume: VolumeView, cluster: MayastorCluster): StorageFacts['volumes'][number] {
  const { topology, target, rebuilds, replicas } = volume;
  const children = replicas.filter(({ childStatus }) => childStatus !== undefined);
  const running = rebuilds.filter(({ state }) => state === 'Rebuilding').length;
  const { pool_topology: pool, node_topology: node } = topology ?? {};
  const allowed = node?.explicit?.allowed_nodes;
  return {
    volumeId: parseVolumeId(volume.volumeId),
    sizeBytes: volume.sizeBytes,
    replicaCount: volume.replicaCount,
    specStatus: volume.specStatus,
    busy: false,
    status: volume.status,
    target:
      target === undefined
        ? undefined
        : {
            node: parseNodeName(target.node),
            status: children.every(({ childStatus }) => childStatus === 'Online') ? 'Online' : 'Degraded',
            rebuildCount: running,
            childCount: children.length,
          },
    replicas: replicas.map((replica) => replicaFacts(replica, cluster)),
    thin: volume.thin || (cluster.features.snapshots && volume.snapshotCount > 0),
    snapshotCount: cluster.features.snapshots ? volume.snapshotCount : 0,
    affinityGroup: volume.affinityGroup,
    topology: {
      poolInclusion: pool?.labelled?.inclusion ?? {},
      poolExclusion: pool?.labelled?.exclusion ?? {},
      nodeInclusion: node?.labelled?.inclusion ?? {},
      nodeExclusion: node?.labelled?.exclusion ?? {},
      allowedNodes: allowed?.map((name) => parseNodeName(name)),
    },
  };
}

function replicaFacts(
  { replicaId, pool, node, status, childStatus, rebuildPercent, allocatedBytes }: ReplicaView,
  { features }: MayastorCluster,
): StorageFacts['volumes'][number]['replicas'][number] {
  return {
    replicaId,
    pool: parsePoolName(pool),
    node: parseNodeName(node),
    status,
    childStatus,
    rebuildPercent,
    allocatedBytes: features.usage ? allocatedBytes : undefined,
  };
}

function poolFacts(pool: PoolView, { features }: MayastorCluster, reachable: boolean): StorageFacts['pools'][number] {
  const known = pool.status === 'Suspected' || pool.status === 'Offline' ? 'Unknown' : pool.status;
  return {
    pool: parsePoolName(pool.name),
    node: parseNodeName(pool.node),
    status: reachable ? known : 'Unknown',
    capacityBytes: pool.capacityBytes,
    usedBytes: pool.usedBytes,
    committedBytes: features.commitment ? pool.committedBytes : undefined,
    labels: pool.labels,
    topologyLabels: pool.labels,
    cordoned: pool.cordon?.replicas ?? false,
    encrypted: features.laterKeys && pool.encrypted,
  };
}

function nodeFacts(
  { name, labels, status, cordons, drains }: NodeView,
  { features }: MayastorCluster,
): StorageFacts['nodes'][number] {
  return {
    node: parseNodeName(name),
    status,
    cordoned: cordons.length + drains.length > 0,
    // Mayastor knows of none before 2.6.
    labels: features.nodeLabels ? labels : {},
    topologyLabels: features.nodeLabels ? labels : {},
    failureDomain: name,
  };
}
