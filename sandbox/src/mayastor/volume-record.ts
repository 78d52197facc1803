/** A volume as it is before it has replicas. */
import type { VolumeRecord } from './world.ts';
import type { VolumeOptions } from './types.ts';

export function newVolume(uuid: string, options: VolumeOptions): VolumeRecord {
  const { sizeBytes, replicaCount, thin = false, dataBytes = 0 } = options;
  return {
    uuid,
    sizeBytes,
    thin,
    replicaCount,
    askedReplicaCount: replicaCount,
    dataBytes: thin ? dataBytes : sizeBytes,
    topology: options.topology,
    affinityGroup: options.affinityGroup,
    labels: options.labels,
    selfHeal: options.selfHeal ?? true,
    maxSnapshots: options.maxSnapshots,
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
