/**
 * Whether a pool can take one more replica, by Mayastor's own rule and with the reserve that the operator asks for on top.
 * Thick replicas take their size at once. Thin ones take what is allocated now, and Mayastor wants 40 % of the size free beside it
 * and no more than 250 % of the pool promised.
 */
import type { PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { dataBytesOf } from './data-bytes.ts';
import type { Ledger } from './ledger.ts';

const THIN_HEADROOM = 0.4;
export const MAX_COMMITMENT = 2.5;

export interface Room {
  readonly freeAfterBytes: number;
  readonly committedAfterBytes: number;
  /** What migrations that run or are decided will still take of it. */
  readonly bookedBytes: number;
  /** What is missing, to the byte; 0: nothing. */
  readonly spaceShortBytes: number;
  readonly commitmentShortBytes: number;
  /** The volume is as large as the whole pool: no free space changes that. */
  readonly poolTooSmall: boolean;
}

export function roomAfterMove(pool: PoolFacts, volume: VolumeFacts, ledger: Ledger): Room {
  const taken = ledger.takenOf(pool);
  const freeAfterBytes = pool.capacityBytes - pool.usedBytes - taken.bookedBytes - dataBytesOf(volume);
  const committedAfterBytes = taken.committedBytes + volume.sizeBytes;
  const margin = marginBytes(pool, volume, ledger.poolReserve);
  const commitmentLimit = pool.capacityBytes * MAX_COMMITMENT;
  return {
    freeAfterBytes,
    committedAfterBytes,
    bookedBytes: taken.bookedBytes,
    spaceShortBytes: Math.max(0, margin - freeAfterBytes),
    commitmentShortBytes: volume.thin ? Math.max(0, Math.ceil(committedAfterBytes - commitmentLimit)) : 0,
    poolTooSmall: pool.capacityBytes < dataBytesOf(volume) + margin || pool.capacityBytes <= volume.sizeBytes,
  };
}

/** What a pool made for this one replica needs in free space. */
export function freeBytesWanted(volume: VolumeFacts, poolReserve: number): number {
  const headroom = volume.thin ? Math.ceil(THIN_HEADROOM * volume.sizeBytes) : 0;
  const share = Math.min(poolReserve, 0.99);
  const data = dataBytesOf(volume);
  return Math.max(Math.ceil((data + 1) / (1 - share)), data + headroom + 1, volume.sizeBytes + 1);
}

/** Mayastor asks for more than it needs, never for exactly as much; hence one byte at least. */
function marginBytes(pool: PoolFacts, volume: VolumeFacts, poolReserve: number): number {
  const headroom = volume.thin ? Math.ceil(THIN_HEADROOM * volume.sizeBytes) : 0;
  return Math.max(Math.ceil(pool.capacityBytes * poolReserve), headroom + 1);
}
