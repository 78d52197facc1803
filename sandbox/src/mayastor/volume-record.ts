/** A volume as it is before it has replicas. */
import type { Features } from './features.ts';
import type { VolumeRecord } from './world.ts';
import type { LabelledTopology, Topology, VolumeOptions } from './types.ts';

type Known = Pick<Features, 'affinityGroups' | 'affinityKeys' | 'volumeProperty'>;

/** What the release does not know of, it ignores. */
export function newVolume(uuid: string, options: VolumeOptions, known: Known): VolumeRecord {
  const { sizeBytes, replicaCount, thin = false, dataBytes = 0 } = options;
  return {
    uuid,
    sizeBytes,
    thin,
    replicaCount,
    askedReplicaCount: replicaCount,
    dataBytes: thin ? dataBytes : sizeBytes,
    topology: known.affinityKeys ? options.topology : withoutAffinityKeys(options.topology),
    affinityGroup: known.affinityGroups ? options.affinityGroup : undefined,
    labels: options.labels,
    selfHeal: options.selfHeal ?? true,
    maxSnapshots: known.volumeProperty ? options.maxSnapshots : undefined,
    specStatus: 'Created',
    operation: undefined,
    everPublished: false,
    target: undefined,
    replicas: [],
    snapshots: [],
    workload: { readOps: 0, writeOps: 0 },
    reconcileAtMs: undefined,
    reconcileWaitMs: 0,
  };
}

function withoutAffinityKeys(topology: Topology | undefined): Topology | undefined {
  const { node_topology: node, pool_topology: pool } = topology ?? {};
  return (
    topology && {
      ...(node && { node_topology: { ...node, ...withoutKeys(node.labelled) } }),
      ...(pool && { pool_topology: { ...withoutKeys(pool.labelled) } }),
    }
  );
}

function withoutKeys(labelled: LabelledTopology | undefined): { readonly labelled?: LabelledTopology } {
  return labelled === undefined ? {} : { labelled: { inclusion: labelled.inclusion, exclusion: labelled.exclusion } };
}
