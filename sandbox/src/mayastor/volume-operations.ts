/**
 * What the control plane does to volumes on request, with the conditions and the refusals of the real one. It decides on what
 * it has observed, which may be old, and acts on what is there.
 */
import { MayastorError, notFound } from './errors.ts';
import { newVolume } from './volume-record.ts';
import { placementCandidates, targetCandidates } from './placement.ts';
import { removalOrder } from './removal.ts';
import { children, noCounters, nodeOnline, poolUse, reachable, targetUp, volumeStatus } from './world.ts';
import type { Engine } from './engine.ts';
import type { Features } from './features.ts';
import type { Identifiers } from './identifiers.ts';
import type { ReplicaRecord, VolumeRecord, World } from './world.ts';
import type { VolumeOptions } from './types.ts';

const INSUFFICIENT = 'Operation failed due to insufficient resources';

export interface PublishOptions {
  /** Chosen by the control plane if absent. */
  readonly node?: string;
  readonly frontendNode?: string;
  /** Moves a target that exists. */
  readonly republish?: boolean;
}

export class VolumeOperations {
  readonly #engine: Engine;
  readonly #features: Features;
  readonly #ids: Identifiers;

  constructor(engine: Engine, features: Features, ids: Identifiers) {
    this.#engine = engine;
    this.#features = features;
    this.#ids = ids;
  }

  get #world(): World {
    return this.#engine.actual;
  }

  /** As it is now. */
  find(volumeId: string): VolumeRecord {
    this.#engine.settle();
    const volume = this.#world.volumes.get(volumeId);
    if (volume === undefined) throw notFound('Volume', volumeId);
    return volume;
  }

  /** As they are now, brought up to it once for all of them. */
  list(): readonly VolumeRecord[] {
    this.#engine.settle();
    return [...this.#world.volumes.values()];
  }

  create(options: VolumeOptions): VolumeRecord {
    this.#engine.settle();
    const { volumeId = this.#ids.uuid(), sizeBytes, replicaCount } = options;
    if (this.#world.volumes.has(volumeId)) {
      throw new MayastorError('AlreadyExists', `Volume Resource id ${volumeId} already exists`);
    }
    if (replicaCount < 1 || sizeBytes < 1) throw new MayastorError('InvalidArgument', 'Invalid Arguments');
    const volume = newVolume(volumeId, options, this.#features);
    this.#placeAll(volume, options.pools);
    this.#world.volumes.set(volumeId, volume);
    this.#engine.refresh(volumeId);
    return volume;
  }

  #placeAll(volume: VolumeRecord, pools: readonly string[] | undefined): void {
    const { replicaCount } = volume;
    for (const name of pools ?? []) {
      const pool = this.#world.pools.get(name);
      if (pool === undefined) throw notFound('Pool', name);
      if (this.#engine.createReplica(volume, pool, true) === undefined) throw noPools(0);
    }
    while (volume.replicas.length < replicaCount) {
      const created = placementCandidates(this.#engine.observed, volume).some((pool) => {
        const actual = this.#world.pools.get(pool.name);
        return actual !== undefined && this.#engine.createReplica(volume, actual, true) !== undefined;
      });
      if (!created) throw noPools(volume.replicas.length, replicaCount);
    }
  }

  destroy(volumeId: string): void {
    const volume = this.find(volumeId);
    refuseBusy(volume);
    this.#world.volumes.delete(volumeId);
    this.#engine.refresh(volumeId);
  }

  /** One step up or down. */
  setReplicaCount(volumeId: string, count: number): VolumeRecord {
    const volume = this.#change(volumeId);
    if (count === volume.replicaCount) {
      throw precondition(`Replica count of Volume '${volumeId}' is already '${count}'`);
    }
    if (count < 1) throw precondition(`Cannot remove the last replica '' of volume '${volumeId}'`);
    if (Math.abs(count - volume.replicaCount) > 1) {
      throw precondition('Replica count only allowed to change by a maximum of one at a time');
    }
    if (count > volume.replicaCount) this.#refuseIncrease(volume);
    if (volume.affinityGroup !== undefined && count < 2) {
      throw precondition(`Replica Count of ${count} is not attainable for AffinityGroup`);
    }
    if (count > volume.replicaCount) this.#addReplica(volume);
    else this.#dropReplica(volume, count);
    volume.replicaCount = count;
    this.#engine.refresh(volumeId);
    return volume;
  }

  #refuseIncrease(volume: VolumeRecord): void {
    const observed = this.#engine.observed;
    const status = volumeStatus(observed, observed.volumes.get(volume.uuid) ?? volume);
    if (status !== 'Online') {
      throw precondition(`Unable to increase replica count due to volume '${volume.uuid}' in state '${status}'`);
    }
    if (volume.target !== undefined && !this.#engine.rebuildAllowed()) {
      const most = this.#engine.maxRebuilds;
      const text = `Unable to start rebuild. Maximum number of rebuilds permitted is ${most}`;
      throw new MayastorError('ResourceExhausted', text);
    }
  }

  /** An unpublished volume gets an empty replica that says Online; nothing rebuilds it before the volume is published. */
  #addReplica(volume: VolumeRecord): void {
    const observed = this.#engine.observed;
    const candidates = placementCandidates(observed, volume);
    if (candidates.length === 0) throw noPools(0);
    for (const { name } of candidates) {
      const pool = this.#world.pools.get(name);
      if (pool === undefined || !nodeOnline(this.#world, pool.node)) continue;
      const replica = this.#engine.createReplica(volume, pool, !volume.everPublished);
      if (replica === undefined) continue;
      if (targetUp(volume, this.#world) && !this.#engine.attach(volume, replica)) this.#engine.wake(volume);
      return;
    }
    throw precondition(`Failed to create the desired number of replicas for Volume '${volume.uuid}'`);
  }

  #dropReplica(volume: VolumeRecord, count: number): void {
    const [first] = removalOrder(this.#world, volume, this.#features);
    if (first === undefined) return;
    const healthyOnline = volume.replicas.filter((replica) => replica.synced && reachable(this.#world, replica)).length;
    // A good copy goes only if enough others answer; else the count alone follows.
    if (first.synced && healthyOnline <= count) return;
    this.#engine.removeReplica(volume, first);
  }

  publish(volumeId: string, options: PublishOptions): VolumeRecord {
    const volume = this.find(volumeId);
    refuseBusy(volume);
    const { target } = volume;
    if (target !== undefined && options.republish !== true) {
      throw new MayastorError(
        'AlreadyPublished',
        `Volume '${volumeId}' is already published on node '${target.node}' with protocol 'Some(Nvmf)'`,
      );
    }
    const node = options.node ?? targetCandidates(this.#engine.observed, volume).find((name) => name !== target?.node);
    if (node === undefined)
      throw new MayastorError('ResourceExhausted', 'Not enough nodes available, 0/1', INSUFFICIENT);
    const record = this.#world.nodes.get(node);
    if (record === undefined) throw notFound('Node', node);
    // A cordon that steers replicas keeps the application from coming back to the node as well.
    if (record.cordons.length > 0 || record.drains.length > 0) throw precondition(`Node ${node} is cordoned`);
    if (!nodeOnline(this.#world, node)) throw precondition(`Node '${node}' is not online`);
    this.#createTarget(volume, node, options.frontendNode);
    this.#engine.refresh(volumeId);
    return volume;
  }

  /** The children of a new target are the replicas known to be good; the others are attached and rebuilt later. */
  #createTarget(volume: VolumeRecord, node: string, frontendNode: string | undefined): void {
    if (!volume.everPublished) for (const replica of volume.replicas) replica.synced = replica.filled = true;
    const good = volume.replicas.filter((replica) => replica.synced && reachable(this.#world, replica));
    if (good.length === 0) throw precondition(`No healthy replicas are available for Volume '${volume.uuid}'`);
    this.#detachAll(volume);
    this.#dropSurplus(volume);
    volume.target = { nexusId: this.#ids.uuid(), node, frontendNode, history: [], counters: noCounters() };
    volume.everPublished = true;
    for (const replica of volume.replicas) {
      if (good.includes(replica)) replica.child = 'Online';
      // From now on it misses writes.
      else replica.synced = false;
    }
    if (children(volume).length < volume.replicaCount) this.#engine.wake(volume);
  }

  /** What an earlier scale-down could not remove. */
  #dropSurplus(volume: VolumeRecord): void {
    for (const replica of removalOrder(this.#world, volume, this.#features)) {
      if (volume.replicas.length <= volume.replicaCount) return;
      this.#engine.removeReplica(volume, replica);
    }
  }

  #detachAll(volume: VolumeRecord): void {
    for (const replica of volume.replicas) {
      this.#engine.endRebuild(volume, replica, 'Stopped');
      replica.child = undefined;
    }
  }

  unpublish(volumeId: string, force = false): VolumeRecord {
    const volume = this.find(volumeId);
    refuseBusy(volume);
    if (volume.target === undefined) throw notPublished(volumeId);
    const { node } = volume.target;
    if (!nodeOnline(this.#world, node) && !force) throw precondition(`Node '${node}' is not online`);
    this.#detachAll(volume);
    volume.target = undefined;
    volume.reconcileAtMs = undefined;
    this.#engine.refresh(volumeId);
    return volume;
  }

  setMaxSnapshots(volumeId: string, maxSnapshots: number): VolumeRecord {
    const volume = this.#change(volumeId);
    volume.maxSnapshots = maxSnapshots;
    return volume;
  }

  resize(volumeId: string, sizeBytes: number): VolumeRecord {
    const volume = this.#change(volumeId);
    const { sizeBytes: currentBytes, thin, replicas } = volume;
    if (sizeBytes <= currentBytes) {
      throw new MayastorError(
        'NotAcceptable',
        `Volume '${volumeId}' - required size is invalid. Current size: '${currentBytes}', requested size: '${sizeBytes}'`,
      );
    }
    const growthBytes = thin ? 0 : sizeBytes - currentBytes;
    const fits = ({ pool }: ReplicaRecord): boolean => {
      const capacityBytes = this.#world.pools.get(pool)?.capacityBytes ?? 0;
      return poolUse(this.#world, pool).usedBytes + growthBytes < capacityBytes;
    };
    if (!replicas.every((replica) => reachable(this.#world, replica) && fits(replica))) {
      throw new MayastorError('ResourceExhausted', `Failed to resize replicas of Volume '${volumeId}'`);
    }
    for (const replica of replicas) replica.allocatedBytes += growthBytes;
    volume.sizeBytes = sizeBytes;
    volume.dataBytes += growthBytes;
    this.#engine.refresh(volumeId);
    return volume;
  }

  /** A child taken from the target by hand comes back by itself, and is rebuilt in full. */
  removeChild(volumeId: string, replica: ReplicaRecord): void {
    const volume = this.#change(volumeId);
    if (!children(volume).some(({ child, uuid }) => child === 'Online' && uuid !== replica.uuid)) {
      throw precondition(`Cannot remove the last healthy replica '${replica.uuid}' of volume '${volumeId}'`);
    }
    this.#engine.endRebuild(volume, replica, 'Stopped');
    replica.child = undefined;
    replica.synced = replica.filled = false;
    this.#engine.wake(volume);
    this.#engine.refresh(volumeId);
  }

  /** For operations that need a volume at rest. */
  #change(volumeId: string): VolumeRecord {
    const volume = this.find(volumeId);
    refuseBusy(volume);
    if (volume.target !== undefined && !targetUp(volume, this.#engine.observed)) {
      const text = `Volume Resource id ${volumeId} needs to be reconciled. Please retry`;
      throw new MayastorError('Unavailable', text);
    }
    return volume;
  }
}

function refuseBusy({ operation, specStatus, uuid }: VolumeRecord): void {
  if (operation !== undefined) throw new MayastorError('Conflict', 'Conflicts with existing operation - please retry');
  if (specStatus === 'Deleting' || specStatus === 'Deleted') {
    throw new MayastorError('Deleting', 'Volume Resource pending deletion - please retry');
  }
  if (specStatus === 'Creating') throw precondition(`Volume '${uuid}' is still being created..`);
}

export function notPublished(volumeId: string): MayastorError {
  return new MayastorError('NotPublished', `Volume '${volumeId}' not published`);
}

function precondition(text: string): MayastorError {
  return new MayastorError('FailedPrecondition', text);
}

function noPools(have: number, need = 1): MayastorError {
  return new MayastorError(
    'ResourceExhausted',
    INSUFFICIENT,
    `${INSUFFICIENT}: Not enough suitable pools available, ${have}/${need}`,
  );
}
