/** How a pool is, and why: the worst of the reasons that hold. */

export const POOL_STATES = ['Online', 'Degraded', 'ReadOnly', 'Faulted'] as const;

/** Writes are refused in ReadOnly and Faulted; reads go on in ReadOnly, and are tried in Faulted. */
export type PoolState = (typeof POOL_STATES)[number];

export type HealthCause =
  | 'syncFailed'
  | 'withoutLock'
  | 'fileSystemReadOnly'
  | 'noSpace'
  | 'tooManyOpenFiles'
  | 'diskErrors'
  | 'manyDiskErrors'
  | 'fileSystemFailed'
  | 'corruptShards';

export interface HealthReason {
  readonly cause: HealthCause;
  /** One sentence for people. */
  readonly detail: string;
  /** Wall time in milliseconds. */
  readonly sinceMs: number;
}

export interface PoolHealthReport {
  readonly state: PoolState;
  readonly reasons: readonly HealthReason[];
}

export interface PoolHealth extends PoolHealthReport {
  /** A shard whose bytes are not those that were written, by its path. */
  noteCorrupt(path: string): void;
  /** A pass of the scrub has ended: what it has found replaces what was noted before. */
  scrubbed(found: { readonly corruptShards: number; readonly unreadableShards: number }): void;
  /** Called after each change; the result ends it. */
  onChange(listener: (report: PoolHealthReport) => void): () => void;
}
