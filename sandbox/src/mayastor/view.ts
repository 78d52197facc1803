/** The truth about the cluster, copied: what is shown does not change afterwards. */
import { whole } from './counters.ts';
import {
  allocatedBytes,
  nodeOnline,
  poolStatus,
  poolUses,
  rebuildPercent,
  rebuiltBytes,
  replicaStatus,
  runningRebuilds,
  UNUSED,
  volumeStatus,
} from './world.ts';
import type { RebuildRecord, ReplicaRecord, VolumeRecord, World } from './world.ts';
import type { ClusterView, NodeView, PoolView, RebuildView, Release, ReplicaView, VolumeView } from './types.ts';

export function viewOf(world: World, release: Release, wallMs: (monotonicMs: number) => number): ClusterView {
  return {
    release,
    atMs: wallMs(world.nowMs),
    nodes: [...world.nodes.values()].map(({ name, labels, status, cordons, drains, engineStartedMs }): NodeView => ({
      name,
      labels,
      status,
      cordons: [...cordons],
      drains: [...drains],
      engineStartedAtMs: wallMs(engineStartedMs),
    })),
    pools: poolViews(world),
    volumes: [...world.volumes.values()].map((volume) => volumeView(world, volume, wallMs)),
  };
}

function poolViews(world: World): PoolView[] {
  const uses = poolUses(world);
  return [...world.pools.values()].map((pool) => {
    const { usedBytes, committedBytes } = uses.get(pool.name) ?? UNUSED;
    return { ...pool, usedBytes, committedBytes, status: poolStatus(world, pool), counters: whole(pool.counters) };
  });
}

function volumeView(world: World, volume: VolumeRecord, wallMs: (monotonicMs: number) => number): VolumeView {
  const { target } = volume;
  return {
    volumeId: volume.uuid,
    pvName: `pvc-${volume.uuid}`,
    sizeBytes: volume.sizeBytes,
    replicaCount: volume.replicaCount,
    askedReplicaCount: volume.askedReplicaCount,
    thin: volume.thin,
    topology: volume.topology,
    affinityGroup: volume.affinityGroup,
    maxSnapshots: volume.maxSnapshots,
    snapshotCount: volume.snapshots.length,
    specStatus: volume.specStatus,
    status: volumeStatus(world, volume),
    target: target && { nexusId: target.nexusId, node: target.node, counters: whole(target.counters) },
    replicas: volume.replicas.map((replica) => replicaView(world, volume, replica)),
    rebuilds: [...runningRebuilds(volume), ...(target?.history ?? [])].map((rebuild) =>
      rebuildView(rebuild, world.nowMs, wallMs),
    ),
  };
}

function replicaView(world: World, volume: VolumeRecord, replica: ReplicaRecord): ReplicaView {
  const { uuid, pool, node, child, synced, rebuild } = replica;
  const targetAnswers = volume.target !== undefined && nodeOnline(world, volume.target.node);
  return {
    replicaId: uuid,
    pool,
    node,
    status: replicaStatus(world, replica),
    childStatus: targetAnswers ? child : undefined,
    synced,
    rebuildPercent: rebuild && rebuildPercent(rebuild, world.nowMs),
    allocatedBytes: allocatedBytes(world, volume, replica),
    counters: whole(replica.counters),
  };
}

function rebuildView(rebuild: RebuildRecord, nowMs: number, wallMs: (monotonicMs: number) => number): RebuildView {
  const { replicaId, sourceReplicaId, state, bytesTotal, partial, startedMs, endsMs } = rebuild;
  return {
    replicaId,
    sourceReplicaId,
    state,
    bytesTotal,
    bytesDone: rebuiltBytes(rebuild, nowMs),
    partial,
    startedAtMs: wallMs(startedMs),
    endedAtMs: state === 'Rebuilding' ? undefined : wallMs(endsMs),
  };
}
