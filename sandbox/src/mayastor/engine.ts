/**
 * Time in the simulated cluster: rebuilds that end, and the reconciler that looks after published volumes. Nothing runs by
 * itself. Whoever looks or acts calls `settle()` first, which plays everything that was due since, in order and each at its
 * own instant, so that a jump of the clock leaves the same behind as many small steps.
 */
import type { Clock } from '@couchestor/common/base';
import { accrue } from './counters.ts';
import { placementCandidates } from './placement.ts';
import {
  allocatedBytes,
  children,
  nodeOnline,
  noCounters,
  poolUse,
  reachable,
  rebuiltBytes,
  runningRebuilds,
  targetUp,
} from './world.ts';
import type { PoolRecord, RebuildRecord, ReplicaRecord, VolumeRecord, World, Worlds } from './world.ts';
import type { Identifiers } from './identifiers.ts';
import type { ClusterOptions, RebuildState } from './types.ts';

const DEFAULT_REBUILD_BYTES_PER_SECOND = 512 * 1024 * 1024;
const DEFAULT_RECONCILE_MS = 10_000;
const DEFAULT_FAULTED_CHILD_WAIT_MS = 600_000;
/** A volume that nothing can be done for is looked at less and less often, down to this. */
const MAX_RECONCILE_MS = 3_600_000;
/** Even nothing takes a moment to rebuild. */
const MIN_REBUILD_MS = 1000;
/** Records of a target that are kept. */
const MAX_HISTORY = 100;

export class Engine implements Worlds {
  /** The actual one. */
  readonly actual: World;
  readonly #clock: Clock;
  readonly #ids: Identifiers;
  readonly #stalenessMs: number;
  readonly #rebuildBytesPerSecond: number;
  readonly #reconcileMs: number;
  readonly #faultedChildWaitMs: number;
  readonly #maxRebuilds: number;
  #observed: World;
  #observedTick = 0;

  constructor(world: World, ids: Identifiers, options: ClusterOptions) {
    this.actual = world;
    this.#ids = ids;
    this.#clock = options.clock;
    this.#stalenessMs = options.stalenessMs ?? 0;
    this.#rebuildBytesPerSecond = options.rebuildBytesPerSecond ?? DEFAULT_REBUILD_BYTES_PER_SECOND;
    this.#reconcileMs = options.reconcileMs ?? DEFAULT_RECONCILE_MS;
    this.#faultedChildWaitMs = options.faultedChildWaitMs ?? DEFAULT_FAULTED_CHILD_WAIT_MS;
    this.#maxRebuilds = options.maxRebuilds ?? Infinity;
    this.#observed = structuredClone(world);
    this.#observedTick = this.#tick();
  }

  /** Wall time of a moment on the monotonic clock. */
  wallMs(monotonicMs: number): number {
    return Math.round(this.#clock.now() - this.#clock.monotonic() + monotonicMs);
  }

  /** The control plane's cache: the cluster as it was at the last poll, except where the control plane itself changed it since. */
  get observed(): World {
    return this.#stalenessMs > 0 ? this.#observed : this.actual;
  }

  /** Brings the cluster up to the present. */
  settle(): void {
    const tick = this.#tick();
    if (this.#stalenessMs > 0 && tick > this.#observedTick) {
      this.#run(tick * this.#stalenessMs);
      this.#observed = structuredClone(this.actual);
      this.#observedTick = tick;
    }
    this.#run(this.#clock.monotonic());
  }

  /** The control plane has just worked on this volume, and knows how it is. */
  refresh(volumeId: string): void {
    if (this.#stalenessMs === 0) return;
    const volume = this.actual.volumes.get(volumeId);
    if (volume === undefined) this.#observed.volumes.delete(volumeId);
    else this.#observed.volumes.set(volumeId, structuredClone(volume));
  }

  /** What was asked of nodes and pools, labels and cordons, is a specification: the control plane knows it at once. */
  refreshSpecs(): void {
    if (this.#stalenessMs === 0) return;
    for (const [name, { labels, cordons, drains }] of this.actual.nodes) {
      Object.assign(this.#observed.nodes.get(name) ?? {}, { labels, cordons: [...cordons], drains: [...drains] });
    }
    for (const [name, { labels, cordon }] of this.actual.pools) {
      Object.assign(this.#observed.pools.get(name) ?? {}, { labels, cordon });
    }
  }

  /** What the volume lacks is looked after from now on. */
  wake(volume: VolumeRecord): void {
    volume.reconcileWaitMs = this.#reconcileMs;
    volume.reconcileAtMs = this.actual.nowMs + this.#reconcileMs;
  }

  rebuildAllowed(): boolean {
    const running = [...this.actual.volumes.values()].flatMap(runningRebuilds).length;
    return running < this.#maxRebuilds;
  }

  get maxRebuilds(): number {
    return this.#maxRebuilds;
  }

  /** The engine of the pool refuses, and nothing is returned, when it has no room after all. */
  createReplica(volume: VolumeRecord, pool: PoolRecord, synced: boolean): ReplicaRecord | undefined {
    const bytes = volume.thin ? (synced ? volume.dataBytes : 0) : volume.sizeBytes;
    if (poolUse(this.actual, pool.name).usedBytes + bytes > pool.capacityBytes) return undefined;
    const replica: ReplicaRecord = {
      uuid: this.#ids.uuid(),
      pool: pool.name,
      node: pool.node,
      allocatedBytes: bytes,
      synced,
      filled: synced,
      child: undefined,
      rebuild: undefined,
      broken: false,
      counters: noCounters(),
    };
    volume.replicas.push(replica);
    return replica;
  }

  /** Adds a replica to the target, which rebuilds it from a healthy child. False when nothing can be read. */
  attach(volume: VolumeRecord, replica: ReplicaRecord, partial = false): boolean {
    const source = children(volume).find(({ child, uuid }) => child === 'Online' && uuid !== replica.uuid);
    if (source === undefined) return false;
    const bytesTotal = partial ? Math.ceil(volume.dataBytes / 20) : volume.dataBytes;
    const lengthMs = Math.max((bytesTotal / this.#rebuildBytesPerSecond) * 1000, MIN_REBUILD_MS);
    replica.child = 'Degraded';
    replica.synced = false;
    replica.rebuild = {
      replicaId: replica.uuid,
      sourceReplicaId: source.uuid,
      bytesTotal,
      partial,
      startedMs: this.actual.nowMs,
      endsMs: this.actual.nowMs + lengthMs,
      bytesDone: 0,
      state: 'Rebuilding',
    };
    return true;
  }

  /** Ends the rebuild that runs, if one does, and leaves its record in the target. */
  endRebuild(volume: VolumeRecord, replica: ReplicaRecord, state: Exclude<RebuildState, 'Rebuilding'>): void {
    const { rebuild } = replica;
    if (rebuild === undefined) return;
    replica.allocatedBytes = allocatedBytes(this.actual, volume, replica);
    const ended: RebuildRecord = {
      ...rebuild,
      state,
      bytesDone: state === 'Completed' ? rebuild.bytesTotal : rebuiltBytes(rebuild, this.actual.nowMs),
      endsMs: this.actual.nowMs,
    };
    replica.rebuild = undefined;
    volume.target?.history.push(ended);
    volume.target?.history.splice(0, volume.target.history.length - MAX_HISTORY);
    if (state === 'Completed') {
      replica.synced = true;
      replica.filled = true;
      replica.child = 'Online';
    }
  }

  /** What the target does when a child stops answering. The last good copy keeps its data: nothing is written without it. */
  fault(volume: VolumeRecord, replica: ReplicaRecord, broken: boolean): void {
    if (replica.child === undefined) return;
    const isLast = !children(volume).some(({ child, uuid }) => child === 'Online' && uuid !== replica.uuid);
    this.endRebuild(volume, replica, 'Failed');
    replica.child = 'Faulted';
    replica.broken = broken;
    if (!isLast) replica.synced = false;
    for (const other of volume.replicas) {
      if (other.rebuild?.sourceReplicaId === replica.uuid) this.fault(volume, other, false);
    }
    this.wake(volume);
  }

  removeReplica(volume: VolumeRecord, replica: ReplicaRecord): void {
    this.endRebuild(volume, replica, 'Stopped');
    volume.replicas.splice(volume.replicas.indexOf(replica), 1);
    for (const other of volume.replicas) {
      if (other.rebuild?.sourceReplicaId === replica.uuid) this.fault(volume, other, false);
    }
  }

  #tick(): number {
    return this.#stalenessMs > 0 ? Math.floor(this.#clock.monotonic() / this.#stalenessMs) : 0;
  }

  #run(untilMs: number): void {
    for (;;) {
      const due = this.#nextDue();
      if (due === undefined || due.atMs > untilMs) break;
      this.#moveTo(due.atMs);
      due.run();
    }
    this.#moveTo(untilMs);
  }

  #moveTo(atMs: number): void {
    accrue(this.actual, atMs - this.actual.nowMs);
    this.actual.nowMs = Math.max(this.actual.nowMs, atMs);
  }

  #nextDue(): { atMs: number; run: () => void } | undefined {
    let next: { atMs: number; run: () => void } | undefined;
    const consider = (atMs: number, run: () => void): void => {
      if (next === undefined || atMs < next.atMs) next = { atMs, run };
    };
    for (const volume of this.actual.volumes.values()) {
      if (volume.reconcileAtMs !== undefined) consider(volume.reconcileAtMs, () => this.#reconcile(volume));
      for (const replica of volume.replicas) {
        if (replica.rebuild === undefined) continue;
        consider(replica.rebuild.endsMs, () => this.endRebuild(volume, replica, 'Completed'));
      }
    }
    return next;
  }

  /** One look at a volume: everything that can be done for it now. Comes back while something is missing. */
  #reconcile(volume: VolumeRecord): void {
    volume.reconcileAtMs = undefined;
    if (!volume.selfHeal || !targetUp(volume, this.actual)) return;
    for (const replica of [...volume.replicas]) this.#heal(volume, replica);
    while (volume.replicas.length < volume.replicaCount) if (!this.#replace(volume, undefined)) break;
    const whole =
      volume.replicas.length >= volume.replicaCount &&
      volume.replicas.every(({ child, rebuild }) => child === 'Online' || rebuild !== undefined);
    if (whole) return;
    volume.reconcileAtMs = this.actual.nowMs + volume.reconcileWaitMs;
    volume.reconcileWaitMs = Math.min(volume.reconcileWaitMs * 2, MAX_RECONCILE_MS);
  }

  #heal(volume: VolumeRecord, replica: ReplicaRecord): void {
    if (replica.child === 'Online' || replica.rebuild !== undefined) return;
    const isReachable = reachable(this.actual, replica);
    if (replica.synced && isReachable && replica.child === 'Faulted') {
      replica.child = 'Online';
      return;
    }
    if (replica.broken || (!isReachable && this.#waitedFor(replica))) {
      if (this.#replace(volume, replica)) return;
    }
    if (isReachable && this.rebuildAllowed()) {
      // A child that was away for a while has kept most of its data.
      const partial = replica.filled && replica.child === 'Faulted' && !replica.broken;
      if (this.attach(volume, replica, partial)) replica.broken = false;
    }
  }

  #waitedFor({ node }: ReplicaRecord): boolean {
    const sinceMs = this.actual.nodes.get(node)?.offlineSinceMs;
    return (
      nodeOnline(this.actual, node) ||
      (sinceMs !== undefined && this.actual.nowMs - sinceMs >= this.#faultedChildWaitMs)
    );
  }

  /** A new replica under a new identifier, wherever placement puts it now; the old one, if any, goes. */
  #replace(volume: VolumeRecord, old: ReplicaRecord | undefined): boolean {
    if (!this.rebuildAllowed() || !children(volume).some(({ child }) => child === 'Online')) return false;
    for (const pool of placementCandidates(this.actual, volume)) {
      const replica = this.createReplica(volume, pool, false);
      if (replica === undefined) continue;
      if (old !== undefined) this.removeReplica(volume, old);
      this.attach(volume, replica);
      return true;
    }
    return false;
  }
}
