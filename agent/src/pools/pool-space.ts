/**
 * What a pool may still take, counted before anything is written: a shard that does not fit is refused at its beginning. A share
 * is kept free for repair, which needs room exactly when disks are full, and some from everybody for the pool's own records, without which
 * nothing could be deleted from a disk that is full.
 */
import { CoucheStorError, formatBytes } from '@couchestor/common/base';
import type { FileSystemSpace, PoolFiles } from './pool-files.ts';

/** `repair` may use the reserve that is kept for it. */
export type SpacePurpose = 'data' | 'repair';

export interface PoolReservation {
  /** Once what it was for is written, or given up. May be called again. */
  release(): void;
}

export interface PoolLimits {
  /** The pool is used as if its file system had no more than this. */
  readonly capacityBytes?: number;
}

export interface PoolUsage {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** What `data` may still take. */
  readonly freeForDataBytes: number;
  /** What `repair` may still take. */
  readonly freeForRepairBytes: number;
  /** Promised to what is being written. */
  readonly reservedBytes: number;
  /** 0 of 0 where the file system has no fixed number. */
  readonly totalInodes: number;
  readonly freeInodes: number;
}

/** Of bytes and of inodes: what `data` does not get. */
const REPAIR_RATIO = 0.05;

/** What nobody gets, of bytes and of inodes: tombstones, each of one block of the file system at least. */
const RECORDS_RATIO = 0.01;

const MAX_RECORDS: Room = { bytes: 64 * 1024 * 1024, inodes: 16_384 };

/** A shard, and the folders of its stripe and its volume. */
const INODES_EACH = 3;

interface Room {
  readonly bytes: number;
  readonly inodes: number;
}

export class PoolSpace {
  readonly #files: PoolFiles;
  readonly #capacityBytes: number;
  #reservedBytes = 0;
  #reservations = 0;

  /** @throws CoucheStorError `invalid` for impossible limits. */
  constructor(files: PoolFiles, { capacityBytes = Infinity }: PoolLimits = {}) {
    if (!(capacityBytes > 0)) throw badLimit('capacityBytes', capacityBytes, 'give more than 0, or leave it out');
    this.#files = files;
    this.#capacityBytes = capacityBytes;
  }

  /**
   * Room for one shard of at most `bytes`. What is on the disk of it meanwhile counts twice, so rather too little is given out.
   * @throws CoucheStorError `resourceExhausted`, retryable: there is no room.
   */
  async admit(bytes: number, purpose: SpacePurpose): Promise<PoolReservation> {
    const space = await this.#files.space();
    // Nothing waits from here on, so two at once do not get the same room.
    const room = this.#roomFor(purpose, space);
    if (bytes > room.bytes) throw this.#full(purpose, `${formatBytes(bytes)} do not fit`, room);
    if (room.inodes < INODES_EACH) throw this.#full(purpose, 'there are no inodes for another file', room);
    this.#reservedBytes += bytes;
    this.#reservations += 1;
    let isReleased = false;
    return {
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#reservedBytes -= bytes;
        this.#reservations -= 1;
      },
    };
  }

  async usage(): Promise<PoolUsage> {
    const space = await this.#files.space();
    return {
      totalBytes: this.#totalBytes(space),
      usedBytes: space.totalBytes - space.freeBytes,
      freeForDataBytes: Math.max(this.#roomFor('data', space).bytes, 0),
      freeForRepairBytes: Math.max(this.#roomFor('repair', space).bytes, 0),
      reservedBytes: this.#reservedBytes,
      totalInodes: space.totalInodes,
      freeInodes: space.freeInodes,
    };
  }

  #totalBytes({ totalBytes }: FileSystemSpace): number {
    return Math.min(totalBytes, this.#capacityBytes);
  }

  #roomFor(purpose: SpacePurpose, space: FileSystemSpace): Room {
    const kept = this.#keptFrom(purpose, space);
    const withinCapacity = this.#capacityBytes - (space.totalBytes - space.freeBytes);
    const free = Math.min(space.availableBytes, withinCapacity);
    const freeInodes = space.freeInodes - this.#reservations * INODES_EACH - kept.inodes;
    return {
      bytes: Math.floor(free - this.#reservedBytes - kept.bytes),
      inodes: space.totalInodes === 0 ? Infinity : Math.floor(freeInodes),
    };
  }

  #keptFrom(purpose: SpacePurpose, space: FileSystemSpace): Room {
    const [bytes, inodes] = [this.#totalBytes(space), space.totalInodes];
    if (purpose === 'data') return { bytes: bytes * REPAIR_RATIO, inodes: inodes * REPAIR_RATIO };
    return {
      bytes: Math.min(bytes * RECORDS_RATIO, MAX_RECORDS.bytes),
      inodes: Math.min(inodes * RECORDS_RATIO, MAX_RECORDS.inodes),
    };
  }

  #full(purpose: SpacePurpose, what: string, room: Room): CoucheStorError {
    const freeBytes = Math.max(room.bytes, 0);
    const remedy =
      'Delete volumes, add a disk, or wait until what is being deleted is gone; what is stored stays readable.';
    const kept = purpose === 'data' ? `${REPAIR_RATIO * 100} % kept for repair` : 'some kept for deletions';
    const rest = `${formatBytes(freeBytes)} are free for it, with ${kept}, and ${formatBytes(this.#reservedBytes)} are promised to others`;
    return new CoucheStorError('resourceExhausted', `${this.#files.label}: ${what}: ${rest}. ${remedy}`, {
      fields: {
        pool: this.#files.label,
        fault: 'poolFull',
        purpose,
        freeBytes,
        reservedBytes: this.#reservedBytes,
        remedy,
        ...(Number.isFinite(room.inodes) ? { freeInodes: Math.max(room.inodes, 0) } : {}),
      },
    });
  }
}

function badLimit(field: string, value: number, remedy: string): CoucheStorError {
  return new CoucheStorError('invalid', `${field}: ${value} is no limit; ${remedy}.`, { fields: { field, value } });
}
