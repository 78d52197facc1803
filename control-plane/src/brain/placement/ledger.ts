/**
 * What is taken of each pool at this moment of a round: what the snapshot shows, what running migrations will still take, and
 * what earlier moves of the round were promised. A volume that leaves a pool gives nothing back before it has really left, so
 * the order in which migrations finish cannot overfill a pool.
 */
import { isFinal } from '@couchestor/common/api';
import type { NodeName, PoolName, VolumeId } from '@couchestor/common/base';
import type { ClusterSnapshot, PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import { dataBytesOf } from './data-bytes.ts';
import { indexOf } from './storage-index.ts';

export interface PoolTaken {
  /** On top of what the pool reports as used. */
  readonly bookedBytes: number;
  /** Promised in all; from the sizes of the replicas where the release does not report it. */
  readonly committedBytes: number;
  readonly replicaCount: number;
  /** The known heat of the volumes that have a replica on it. */
  readonly loadIOPS: number;
}

interface Booking {
  bookedBytes: number;
  bookedCommitmentBytes: number;
  replicaSizeBytes: number;
  replicaCount: number;
  /** Whole thousandths, so that the sum does not depend on the order of the volumes. */
  loadMilliIOPS: number;
}

export class Ledger {
  readonly poolReserve: number;
  readonly #heatOfVolume: (volumeId: VolumeId) => number | undefined;
  readonly #bookings = new Map<PoolName, Booking>();
  readonly #groups = new Map<string, Map<NodeName, Set<VolumeId>>>();

  /** `poolReserve`: the share of a pool, from 0 to 1, that stays free. `heatOfVolume` in IOPS; undefined: unknown. */
  constructor(
    snapshot: ClusterSnapshot,
    poolReserve: number,
    heatOfVolume: (volumeId: VolumeId) => number | undefined,
  ) {
    this.poolReserve = poolReserve;
    this.#heatOfVolume = heatOfVolume;
    for (const volume of snapshot.storage.volumes) this.#enter(volume);
    this.#bookRunning(snapshot);
  }

  /** Books what the move will take; call it once for every move that is decided. */
  reserve(move: Pick<PlannedMove, 'target'>, volume: VolumeFacts): void {
    this.#bookReplica(move.target.pool, volume);
    this.#joinGroup(volume, move.target.node);
  }

  takenOf(pool: PoolFacts): PoolTaken {
    const booking = this.#bookings.get(pool.pool);
    const committedBytes = pool.committedBytes ?? Math.max(pool.usedBytes, booking?.replicaSizeBytes ?? 0);
    return {
      bookedBytes: booking?.bookedBytes ?? 0,
      committedBytes: committedBytes + (booking?.bookedCommitmentBytes ?? 0),
      replicaCount: booking?.replicaCount ?? 0,
      loadIOPS: (booking?.loadMilliIOPS ?? 0) / 1000,
    };
  }

  /** Whether another volume of this one's affinity group has a replica on the node, or is about to. */
  hasSibling(volume: VolumeFacts, node: NodeName): boolean {
    if (volume.affinityGroup === undefined) return false;
    const members = this.#groups.get(volume.affinityGroup)?.get(node);
    if (members === undefined) return false;
    return members.size > (members.has(volume.volumeId) ? 1 : 0);
  }

  #enter(volume: VolumeFacts): void {
    for (const { pool, node } of volume.replicas) {
      if (pool !== undefined) {
        const booking = this.#bookingOf(pool);
        booking.replicaSizeBytes += volume.sizeBytes;
        this.#addLoad(booking, volume);
      }
      if (node !== undefined) this.#joinGroup(volume, node);
    }
  }

  #bookRunning(snapshot: ClusterSnapshot): void {
    const running = snapshot.migrations.filter((migration) => !isFinal(migration.phase));
    if (running.length === 0) return;
    const volumes = new Map(snapshot.storage.volumes.map((volume) => [volume.volumeId, volume]));
    for (const { volumeId, targetPool } of running) {
      const volume = volumes.get(volumeId);
      if (volume === undefined || targetPool === undefined) continue;
      const arrived = volume.replicas.find((replica) => replica.pool === targetPool);
      if (arrived === undefined) {
        this.#bookReplica(targetPool, volume);
        const node = indexOf(snapshot.storage).pools.get(targetPool)?.node;
        if (node !== undefined) this.#joinGroup(volume, node);
      } else if (volume.thin) {
        // It is there and counted, and fills while it syncs.
        this.#bookingOf(targetPool).bookedBytes += Math.max(0, dataBytesOf(volume) - (arrived.allocatedBytes ?? 0));
      }
    }
  }

  #bookReplica(pool: PoolName, volume: VolumeFacts): void {
    const booking = this.#bookingOf(pool);
    booking.bookedBytes += dataBytesOf(volume);
    booking.bookedCommitmentBytes += volume.sizeBytes;
    this.#addLoad(booking, volume);
  }

  #addLoad(booking: Booking, volume: VolumeFacts): void {
    booking.replicaCount += 1;
    booking.loadMilliIOPS += Math.round((this.#heatOfVolume(volume.volumeId) ?? 0) * 1000);
  }

  #bookingOf(pool: PoolName): Booking {
    let booking = this.#bookings.get(pool);
    if (booking === undefined) {
      booking = { bookedBytes: 0, bookedCommitmentBytes: 0, replicaSizeBytes: 0, replicaCount: 0, loadMilliIOPS: 0 };
      this.#bookings.set(pool, booking);
    }
    return booking;
  }

  #joinGroup(volume: VolumeFacts, node: NodeName): void {
    if (volume.affinityGroup === undefined) return;
    const nodes = getOrAdd(this.#groups, volume.affinityGroup, () => new Map<NodeName, Set<VolumeId>>());
    getOrAdd(nodes, node, () => new Set<VolumeId>()).add(volume.volumeId);
  }
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
