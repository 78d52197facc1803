/** What a pool may still take, counted before anything is written. */

/** `repair` may use the reserve that is kept for it. */
export type SpacePurpose = 'data' | 'repair';

export interface PoolReservation {
  /** May be called again. */
  release(): void;
}

export interface PoolLimits {
  /** The pool is used as if its file system had no more than this. */
  readonly capacityBytes?: number;
  /** Of bytes and of inodes, for repair alone. Default 0.05. */
  readonly reserveRatio?: number;
}

export interface PoolUsage {
  readonly totalBytes: number;
  readonly usedBytes: number;
  /** What `data` may still take. */
  readonly freeForDataBytes: number;
  /** What `repair` may still take. */
  readonly freeForRepairBytes: number;
  readonly reservedBytes: number;
  /** 0 of 0 where the file system has no fixed number. */
  readonly totalInodes: number;
  readonly freeInodes: number;
}
