/**
 * The mover's port straight on the simulated Mayastor: states as old as the control plane's cache may be, specifications of now,
 * and calls that are refused, lost before or after their effect, or take effect only after their caller has given up.
 */
import {
  CoucheStorError,
  parseNodeName,
  parsePoolName,
  parseVolumeId,
  type VirtualClock,
} from '@couchestor/common/base';
import { restCapabilities } from '@couchestor/control-plane/adapters/mayastor';
import { MayastorError, type ClusterView, type MayastorCluster, type VolumeView } from '@couchestor/sandbox/mayastor';
import type { MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import { lost } from './in-memory-migrations.ts';

type Port = MigrationReconcilerOptions['mover'];
type VolumeFacts = NonNullable<Awaited<ReturnType<Port['volume']>>>;
type Surroundings = Awaited<ReturnType<Port['surroundings']>>;
type RebuildHistory = Awaited<ReturnType<Port['rebuildHistory']>>;

export type CallFault = 'none' | 'refused' | 'lost before' | 'lost after' | 'late';

export type CallKind = 'scale' | 'cordon' | 'uncordon';

export interface ClusterMoverOptions {
  readonly cluster: MayastorCluster;
  readonly clock: VirtualClock;
  readonly stalenessMs: number;
  /** For a call of this kind. */
  readonly draw: (kind: CallKind) => CallFault;
  /** How long the next call takes. */
  readonly delayMs: () => number;
  /** How long one look at the whole cluster is good for, unless a call changes something; only right now if absent. */
  readonly lookMs?: number;
}

/** With the longest delay still less than what is taken for settled. */
const LATE_MS = 8_000;

export class ClusterMover implements Port {
  /** Scale-downs at which too few replicas were healthy; stays empty. */
  readonly offences: string[] = [];
  readonly #options: ClusterMoverOptions;
  #cached: ClusterView;
  #cachedTick = -1;
  #look: { readonly view: ClusterView; readonly atMs: number } | undefined;

  constructor(options: ClusterMoverOptions) {
    this.#options = options;
    this.#cached = options.cluster.view();
  }

  async volume(volumeId: string): Promise<VolumeFacts | undefined> {
    await this.#delay();
    const now = this.#view().volumes.find((volume) => volume.volumeId === volumeId);
    if (now === undefined) return undefined;
    const cached = this.#cache().volumes.find((volume) => volume.volumeId === volumeId) ?? now;
    return factsOf(now, cached, this.#cache());
  }

  async surroundings(): Promise<Surroundings> {
    await this.#delay();
    const { cluster } = this.#options;
    const now = this.#view();
    const { nodes, pools } = this.#cache();
    return {
      capabilities: restCapabilities(`${cluster.release}.1`),
      pools: now.pools.map((pool) => ({
        pool: parsePoolName(pool.name),
        node: parseNodeName(pool.node),
        status: known(pools.find(({ name }) => name === pool.name)?.status),
        capacityBytes: pool.capacityBytes,
        usedBytes: pool.usedBytes,
        committedBytes: pool.committedBytes,
        labels: pool.labels,
        topologyLabels: pool.labels,
        cordoned: pool.cordon?.replicas === true,
        encrypted: pool.encrypted,
      })),
      nodes: now.nodes.map((node) => ({
        node: parseNodeName(node.name),
        status: nodes.find(({ name }) => name === node.name)?.status ?? 'Unknown',
        cordoned: node.cordons.length + node.drains.length > 0,
        labels: node.labels,
        topologyLabels: node.labels,
        failureDomain: node.name,
      })),
    };
  }

  /** Everything, as a round of planning wants it. */
  async observe(): Promise<Surroundings & { readonly volumes: readonly VolumeFacts[] }> {
    const surroundings = await this.surroundings();
    const cache = this.#cache();
    const cached = new Map(cache.volumes.map((volume) => [volume.volumeId, volume]));
    const { volumes } = this.#view();
    return { ...surroundings, volumes: volumes.map((now) => factsOf(now, cached.get(now.volumeId) ?? now, cache)) };
  }

  async rebuildHistory(volumeId: string): Promise<RebuildHistory> {
    await this.#delay();
    const { cluster } = this.#options;
    const volume = this.#view().volumes.find((candidate) => candidate.volumeId === volumeId);
    if (!cluster.features.rebuildHistory || volume?.target === undefined)
      return { kind: 'unavailable', reason: 'none' };
    const records = volume.rebuilds.map((rebuild) => ({
      replicaId: rebuild.replicaId,
      state: rebuild.state === 'Rebuilding' ? ('Running' as const) : rebuild.state,
      totalBytes: rebuild.bytesTotal,
      recoveredBytes: rebuild.bytesDone,
      startedAtMs: rebuild.startedAtMs,
      endedAtMs: rebuild.endedAtMs,
    }));
    return { kind: 'known', records };
  }

  async setReplicaCount(volumeId: string, count: number): Promise<void> {
    const { cluster } = this.#options;
    const change = (): void => {
      const volume = this.#view().volumes.find((candidate) => candidate.volumeId === volumeId);
      if (volume?.replicaCount === count) return;
      if (volume !== undefined && count < volume.replicaCount) this.#inspect(volume, count);
      cluster.request(`scale ${volumeId} to ${count}`, () => cluster.volumes.setReplicaCount(volumeId, count));
      this.#refresh(volumeId);
    };
    await this.#call('scale', change);
  }

  async cordonNode(node: string, label: string): Promise<void> {
    const { cluster } = this.#options;
    await this.#call('cordon', () => {
      if (!cluster.infrastructure.node(node).cordons.includes(label)) cluster.infrastructure.cordonNode(node, label);
    });
  }

  async uncordonNode(node: string, label: string): Promise<void> {
    const { cluster } = this.#options;
    await this.#call('uncordon', () => {
      if (cluster.infrastructure.node(node).cordons.includes(label)) cluster.infrastructure.uncordonNode(node, label);
    });
  }

  async cordonPool(pool: string): Promise<void> {
    await this.#call('cordon', () => this.#options.cluster.infrastructure.cordonPool(pool, { replicas: true }));
  }

  async uncordonPool(pool: string): Promise<void> {
    await this.#call('uncordon', () => this.#options.cluster.infrastructure.uncordonPool(pool, { replicas: true }));
  }

  async #call(kind: CallKind, change: () => unknown): Promise<void> {
    const fault = this.#options.draw(kind);
    await this.#delay();
    if (fault === 'refused') throw refused('409: busy');
    if (fault === 'lost before') throw lost();
    if (fault === 'late') {
      // One that lifts a cordon may hit another's of that name when it is late; the migrations are asked for no more than that.
      if (kind !== 'uncordon') this.#options.clock.setTimer(LATE_MS, () => quietly(change));
      throw lost();
    }
    try {
      change();
    } catch (error) {
      if (!(error instanceof MayastorError)) throw error;
      throw refused(error.message);
    } finally {
      this.#look = undefined;
    }
    if (fault === 'lost after') throw lost();
  }

  #view(): ClusterView {
    const { cluster, clock, lookMs = 0 } = this.#options;
    const nowMs = clock.monotonic();
    if (this.#look === undefined || nowMs - this.#look.atMs >= lookMs) {
      this.#look = { view: cluster.view(), atMs: nowMs };
    }
    return this.#look.view;
  }

  async #delay(): Promise<void> {
    const ms = this.#options.delayMs();
    if (ms > 0) await this.#options.clock.advance(ms);
    else await Promise.resolve();
  }

  #inspect({ replicas, volumeId }: VolumeView, count: number): void {
    const healthy = replicas.filter(({ synced }) => synced).length;
    if (healthy < count) this.offences.push(`scaled ${volumeId} to ${count} with ${healthy} healthy replicas`);
  }

  #cache(): ClusterView {
    const { clock, stalenessMs } = this.#options;
    const tick = stalenessMs === 0 ? clock.monotonic() : Math.floor(clock.monotonic() / stalenessMs);
    if (stalenessMs === 0 || tick !== this.#cachedTick) this.#cached = this.#view();
    this.#cachedTick = tick;
    return this.#cached;
  }

  /** Of its own work the control plane knows at once. */
  #refresh(volumeId: string): void {
    this.#look = undefined;
    const now = this.#view().volumes.filter((volume) => volume.volumeId === volumeId);
    const others = this.#cache().volumes.filter((volume) => volume.volumeId !== volumeId);
    this.#cached = { ...this.#cached, volumes: [...others, ...now] };
  }
}

function quietly(change: () => unknown): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof MayastorError)) throw error;
  }
}

function refused(message: string): CoucheStorError {
  return new CoucheStorError('conflict', message, { fields: { refused: true } });
}

type PoolStatus = Surroundings['pools'][number]['status'];

function known(status: string | undefined): PoolStatus {
  return status === 'Online' || status === 'Degraded' || status === 'Faulted' ? status : 'Unknown';
}

function factsOf(now: VolumeView, cached: VolumeView, { nodes }: ClusterView): VolumeFacts {
  const children = cached.replicas.filter(({ childStatus }) => childStatus !== undefined);
  const isUp = nodes.find(({ name }) => name === cached.target?.node)?.status === 'Online';
  const healthy = children.filter(({ childStatus }) => childStatus === 'Online').length;
  const state = healthy === 0 ? 'Faulted' : healthy === children.length ? 'Online' : 'Degraded';
  return {
    volumeId: parseVolumeId(now.volumeId),
    sizeBytes: now.sizeBytes,
    replicaCount: now.replicaCount,
    specStatus: now.specStatus,
    busy: false,
    status: cached.status,
    target: cached.target && {
      node: parseNodeName(cached.target.node),
      status: isUp ? state : 'Unknown',
      rebuildCount: children.filter(({ rebuildPercent }) => rebuildPercent !== undefined).length,
      childCount: children.length,
    },
    replicas: cached.replicas.map((replica) => ({
      replicaId: replica.replicaId,
      pool: parsePoolName(replica.pool),
      node: parseNodeName(replica.node),
      status: replica.status,
      childStatus: replica.childStatus,
      rebuildPercent: replica.rebuildPercent,
      allocatedBytes: replica.allocatedBytes,
    })),
    thin: now.thin,
    snapshotCount: now.snapshotCount,
    affinityGroup: now.affinityGroup,
    topology: { poolInclusion: {}, poolExclusion: {}, nodeInclusion: {}, nodeExclusion: {}, allowedNodes: undefined },
  };
}
