/**
 * What the engines count while time passes: the I/O of the applications, and that of the rebuilds, which replicas and pools
 * cannot tell apart. Targets serve reads from their healthy children in turn and write to all of them.
 */
import { children, noCounters, reachable, targetUp } from './world.ts';
import type { ReplicaRecord, VolumeRecord, World } from './world.ts';
import type { IoCounters } from './types.ts';

const DEFAULT_OPERATION_BYTES = 4096;
/** A rebuild copies in segments of this size. */
const SEGMENT_BYTES = 64 * 1024;
const LATENCY_US = { solidState: 120, rotational: 8_000 };

/** Adds `lengthMs` of I/O at the present rates; the caller sees to it that they do not change meanwhile. */
export function accrue(world: World, lengthMs: number): void {
  if (lengthMs <= 0) return;
  for (const volume of world.volumes.values()) {
    if (!targetUp(volume, world)) continue;
    serve(world, volume, lengthMs / 1000);
    for (const { rebuild } of volume.replicas) {
      if (rebuild === undefined || rebuild.endsMs <= rebuild.startedMs) continue;
      const bytes = (rebuild.bytesTotal * lengthMs) / (rebuild.endsMs - rebuild.startedMs);
      const find = (id: string): ReplicaRecord[] => volume.replicas.filter(({ uuid }) => uuid === id);
      for (const source of find(rebuild.sourceReplicaId))
        count(world, source, { readOps: bytes / SEGMENT_BYTES, readBytes: bytes });
      for (const copy of find(rebuild.replicaId))
        count(world, copy, { writeOps: bytes / SEGMENT_BYTES, writeBytes: bytes });
    }
  }
}

function serve(world: World, volume: VolumeRecord, seconds: number): void {
  const { workload, target } = volume;
  const healthy = children(volume).filter(({ child }) => child === 'Online');
  if (target === undefined || healthy.length === 0) return;
  const reads = workload.readOps * seconds;
  const writes = workload.writeOps * seconds;
  const readBytes = (workload.readBytes ?? workload.readOps * DEFAULT_OPERATION_BYTES) * seconds;
  const writeBytes = (workload.writeBytes ?? workload.writeOps * DEFAULT_OPERATION_BYTES) * seconds;
  const written = children(volume).filter((replica) => replica.child !== 'Faulted' && reachable(world, replica));
  for (const replica of written) count(world, replica, { writeOps: writes, writeBytes });
  for (const replica of healthy) {
    count(world, replica, { readOps: reads / healthy.length, readBytes: readBytes / healthy.length });
  }
  const mean = healthy.reduce((sum, replica) => sum + latencyUs(world, replica), 0) / healthy.length;
  // A write is done when the slowest replica has done it.
  const slowest = Math.max(...written.map((replica) => latencyUs(world, replica)));
  add(target.counters, { readOps: reads, writeOps: writes, readBytes, writeBytes }, { read: mean, write: slowest });
}

type Done = Partial<Pick<IoCounters, 'readOps' | 'writeOps' | 'readBytes' | 'writeBytes'>>;

function count(world: World, replica: ReplicaRecord, done: Done): void {
  const latency = latencyUs(world, replica);
  add(replica.counters, done, { read: latency, write: latency });
  const pool = world.pools.get(replica.pool);
  if (pool !== undefined) add(pool.counters, done, { read: latency, write: latency });
}

function add(counters: IoCounters, done: Done, latency: { read: number; write: number }): void {
  const { readOps = 0, writeOps = 0, readBytes = 0, writeBytes = 0 } = done;
  counters.readOps += readOps;
  counters.writeOps += writeOps;
  counters.readBytes += readBytes;
  counters.writeBytes += writeBytes;
  counters.readLatencyUs += readOps * latency.read;
  counters.writeLatencyUs += writeOps * latency.write;
}

function latencyUs(world: World, { pool }: ReplicaRecord): number {
  return world.pools.get(pool)?.rotational === true ? LATENCY_US.rotational : LATENCY_US.solidState;
}

/** What an exporter shows: whole numbers. */
export function whole(counters: IoCounters): IoCounters {
  const rounded = noCounters();
  for (const key of Object.keys(rounded) as (keyof IoCounters)[]) rounded[key] = Math.floor(counters[key]);
  return rounded;
}
