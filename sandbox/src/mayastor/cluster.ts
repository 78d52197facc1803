/**
 * A Mayastor cluster that exists in memory: nodes, pools, volumes and their data paths, on the clock it is given. Tests build
 * it, break it and look at the truth here; clients see it through REST, which shows and allows only what the release does.
 */
import { assertInvariant } from '@couchestor/common/base';
import type { Clock } from '@couchestor/common/base';
import { Checker } from './checker.ts';
import { Engine } from './engine.ts';
import { FaultInjector } from './faults.ts';
import { featuresOf } from './features.ts';
import type { Features } from './features.ts';
import { Identifiers } from './identifiers.ts';
import { InfrastructureOperations } from './infrastructure-operations.ts';
import { viewOf } from './view.ts';
import { VolumeOperations } from './volume-operations.ts';
import { children, nodeOnline, noCounters, reachable } from './world.ts';
import type { VolumeRecord, World, Worlds } from './world.ts';
import type {
  ClusterOptions,
  ClusterView,
  NodeOptions,
  NodeStatus,
  PoolOptions,
  PoolStatus,
  Release,
  SpecStatus,
  Violation,
  VolumeOptions,
  Workload,
} from './types.ts';

/** How full a thin volume is that nothing else is said of. */
const DEFAULT_FILL = 0.5;

export class MayastorCluster {
  readonly clock: Clock;
  readonly release: Release;
  readonly features: Features;
  readonly faults = new FaultInjector();
  /** What requests ask for, under the conditions of the real control plane. Through `request()` the checker watches too. */
  readonly volumes: VolumeOperations;
  readonly infrastructure: InfrastructureOperations;
  readonly #world: World;
  readonly #engine: Engine;
  readonly #checker: Checker;
  readonly #ids: Identifiers;

  constructor(options: ClusterOptions) {
    this.clock = options.clock;
    this.release = options.release;
    this.features = featuresOf(options.release);
    this.#ids = new Identifiers(options.seed ?? 1);
    this.#world = { nowMs: options.clock.monotonic(), nodes: new Map(), pools: new Map(), volumes: new Map() };
    this.#engine = new Engine(this.#world, this.#ids, options);
    this.volumes = new VolumeOperations(this.#engine, this.features, this.#ids);
    this.infrastructure = new InfrastructureOperations(this.#engine, ({ uuid }, node) => {
      this.volumes.publish(uuid, { node, republish: true });
    });
    this.#checker = new Checker(this.#world, () => this.#engine.wallMs(this.#world.nowMs));
  }

  get violations(): readonly Violation[] {
    return this.#checker.violations;
  }

  /** The truth, now. */
  view(): ClusterView {
    this.#engine.settle();
    return viewOf(this.#world, this.release, (monotonicMs) => this.#engine.wallMs(monotonicMs));
  }

  /** Brings the cluster up to the present and runs one request, watched by the checker. */
  request<Result>(name: string, run: (worlds: Worlds) => Result): Result {
    this.#engine.settle();
    this.#checker.inspect('self-heal');
    return this.#checker.watch(name, () => run(this.#engine));
  }

  wallMs(monotonicMs: number): number {
    return this.#engine.wallMs(monotonicMs);
  }

  addNode({ name, labels = {} }: NodeOptions): void {
    this.#engine.settle();
    assertInvariant(!this.#world.nodes.has(name), `node ${name} exists`);
    const { nowMs } = this.#world;
    this.#world.nodes.set(name, {
      name,
      labels,
      status: 'Online',
      cordons: [],
      drains: [],
      engineStartedMs: nowMs,
      offlineSinceMs: undefined,
    });
    this.#registered();
  }

  addPool({ name, node, labels = {}, rotational = false, encrypted = false, ...options }: PoolOptions): void {
    this.#engine.settle();
    assertInvariant(this.#world.nodes.has(node), `no node ${node} for pool ${name}`);
    assertInvariant(!this.#world.pools.has(name), `pool ${name} exists`);
    this.#world.pools.set(name, {
      name,
      node,
      labels,
      rotational,
      encrypted,
      uuid: this.#ids.uuid(),
      disks: options.disks ?? [`/dev/disk/by-id/${rotational ? 'ata' : 'nvme'}-${name}`],
      capacityBytes: options.capacityBytes,
      status: 'Online',
      cordon: undefined,
      counters: noCounters(),
    });
    this.#registered();
  }

  /** Nodes and pools announce themselves, so the control plane knows them at once. */
  #registered(): void {
    const { observed } = this.#engine;
    if (observed === this.#world) return;
    for (const [name, node] of this.#world.nodes) if (!observed.nodes.has(name)) observed.nodes.set(name, { ...node });
    for (const [name, pool] of this.#world.pools) if (!observed.pools.has(name)) observed.pools.set(name, { ...pool });
  }

  /** Returns its identifier. */
  createVolume(options: VolumeOptions): string {
    return this.volumes.create({ dataBytes: options.sizeBytes * DEFAULT_FILL, ...options }).uuid;
  }

  deleteVolume(volumeId: string): void {
    this.volumes.destroy(volumeId);
  }

  publish(volumeId: string, node: string): void {
    this.volumes.publish(volumeId, { node, frontendNode: node });
  }

  unpublish(volumeId: string): void {
    this.volumes.unpublish(volumeId, true);
  }

  /** As its user does it: what is asked for changes as well. */
  setReplicaCount(volumeId: string, count: number): void {
    this.volumes.setReplicaCount(volumeId, count).askedReplicaCount = count;
  }

  /** Every synced replica keeps a part of it. The blocks belong to the snapshot from now on and stay when the replica goes. */
  createSnapshot(volumeId: string): string {
    const volume = this.volumes.find(volumeId);
    const synced = volume.replicas.filter((replica) => replica.synced);
    const parts = synced.map((replica) => ({
      replicaId: replica.uuid,
      pool: replica.pool,
      bytes: replica.allocatedBytes,
    }));
    for (const replica of synced) replica.allocatedBytes = 0;
    const uuid = this.#ids.uuid();
    volume.snapshots.push({ uuid, parts });
    this.#engine.refresh(volumeId);
    return uuid;
  }

  deleteSnapshot(volumeId: string, snapshotId: string): void {
    const volume = this.volumes.find(volumeId);
    const gone = volume.snapshots.find(({ uuid }) => uuid === snapshotId);
    volume.snapshots = volume.snapshots.filter((snapshot) => snapshot !== gone);
    for (const { replicaId, bytes } of gone?.parts ?? []) {
      const replica = volume.replicas.find(({ uuid }) => uuid === replicaId);
      if (replica !== undefined) replica.allocatedBytes += bytes;
    }
    this.#engine.refresh(volumeId);
  }

  setWorkload(volumeId: string, workload: Workload): void {
    this.volumes.find(volumeId).workload = workload;
  }

  /** An operation that others conflict with until it is taken away again. */
  setOperation(volumeId: string, operation: string | undefined): void {
    this.volumes.find(volumeId).operation = operation;
  }

  setSpecStatus(volumeId: string, status: SpecStatus): void {
    this.volumes.find(volumeId).specStatus = status;
  }

  /** A node that goes takes its replicas out of their targets. Its own targets no longer answer, but lose nothing. */
  setNodeStatus(name: string, status: NodeStatus): void {
    const node = this.infrastructure.node(name);
    node.status = status;
    node.offlineSinceMs = status === 'Online' ? undefined : (node.offlineSinceMs ?? this.#world.nowMs);
    this.#reachabilityChanged();
  }

  setPoolStatus(name: string, status: PoolStatus): void {
    this.infrastructure.pool(name).status = status;
    this.#reachabilityChanged();
  }

  #reachabilityChanged(): void {
    for (const volume of this.#world.volumes.values()) {
      const { target } = volume;
      if (target === undefined) continue;
      // Nobody writes while the target is away, and nothing is copied either.
      if (!nodeOnline(this.#world, target.node)) this.#failRebuilds(volume, false);
      else this.#faultUnreachable(volume);
      this.#engine.wake(volume);
    }
  }

  #faultUnreachable(volume: VolumeRecord): void {
    for (const replica of children(volume)) {
      if (replica.child !== 'Faulted' && !reachable(this.#world, replica)) this.#engine.fault(volume, replica, false);
    }
  }

  #failRebuilds(volume: VolumeRecord, broken: boolean): void {
    for (const replica of volume.replicas)
      if (replica.rebuild !== undefined) this.#engine.fault(volume, replica, broken);
  }

  /** Fails what is being rebuilt of the volume; self-heal may then put the replica elsewhere. */
  failRebuild(volumeId: string): void {
    this.#failRebuilds(this.volumes.find(volumeId), true);
  }

  /** The engine comes back at once: its counters start anew, and its targets have forgotten their rebuilds. */
  restartEngine(name: string): void {
    this.infrastructure.node(name).engineStartedMs = this.#world.nowMs;
    for (const pool of this.#world.pools.values()) if (pool.node === name) pool.counters = noCounters();
    for (const { target, replicas } of this.#world.volumes.values()) {
      for (const replica of replicas) if (replica.node === name) replica.counters = noCounters();
      if (target?.node !== name) continue;
      target.counters = noCounters();
      target.history = [];
    }
  }
}
