/**
 * What a pool may still take, counted before anything is written: a shard that does not fit is refused at its beginning, and a share
 * is kept free for repair, which needs room exactly when disks are full.
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
  /** Of bytes and of inodes, for repair alone. */
  readonly reserveRatio?: number;
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

const DEFAULT_RESERVE_RATIO = 0.05;

/** A shard, and the folders of its stripe and its volume. */
const INODES_EACH = 3;

interface Room {
  readonly bytes: number;
  readonly inodes: number;
}

export class PoolSpace {
  readonly #files: PoolFiles;
  readonly #capacityBytes: number;
  readonly #reserveRatio: number;
  #reservedBytes = 0;
  #reservations = 0;

  /** @throws CoucheStorError `invalid` for impossible limits. */
  constructor(files: PoolFiles, { capacityBytes = Infinity, reserveRatio = DEFAULT_RESERVE_RATIO }: PoolLimits = {}) {
    if (!(capacityBytes > 0)) throw badLimit('capacityBytes', capacityBytes, 'give more than 0, or leave it out');
    if (!(reserveRatio >= 0 && reserveRatio < 1)) {
      throw badLimit('reserveRatio', reserveRatio, 'give a number from 0 to less than 1');
    }
    this.#files = files;
    this.#capacityBytes = capacityBytes;
    this.#reserveRatio = reserveRatio;
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
    const keptRatio = purpose === 'repair' ? 0 : this.#reserveRatio;
    const withinCapacity = this.#capacityBytes - (space.totalBytes - space.freeBytes);
    const free = Math.min(space.availableBytes, withinCapacity);
    const freeInodes = space.freeInodes - this.#reservations * INODES_EACH - space.totalInodes * keptRatio;
    return {
      bytes: Math.floor(free - this.#reservedBytes - this.#totalBytes(space) * keptRatio),
      inodes: space.totalInodes === 0 ? Infinity : Math.floor(freeInodes),
    };
  }

  #full(purpose: SpacePurpose, what: string, room: Room): CoucheStorError {
    const freeBytes = Math.max(room.bytes, 0);
    const remedy =
      'Delete volumes, add a disk, or wait until what is being deleted is gone; what is stored stays readable.';
    const kept = purpose === 'data' ? `, with ${this.#reserveRatio * 100} % kept for repair` : '';
    const rest = `${formatBytes(freeBytes)} are free for it${kept}, and ${formatBytes(this.#reservedBytes)} are promised to others`;
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
