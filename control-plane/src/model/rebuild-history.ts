/** What the storage system remembers of rebuilds of a volume; forgotten when its target is made anew. */
export type RebuildState = 'Running' | 'Paused' | 'Stopped' | 'Failed' | 'Completed' | 'Unknown';

export interface RebuildRecord {
  /** The replica that was, or is, rebuilt; undefined when the record does not name one that is known. */
  readonly replicaId: string | undefined;
  readonly state: RebuildState;
  readonly totalBytes: number;
  readonly recoveredBytes: number;
  readonly startedAtMs: number;
  /** Undefined while it runs. */
  readonly endedAtMs: number | undefined;
}

export type RebuildHistory =
  | { readonly kind: 'known'; readonly records: readonly RebuildRecord[] }
  /** The release has none, or the volume is not published. */
  | { readonly kind: 'unavailable'; readonly reason: string };
