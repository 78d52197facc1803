/** What the store answers, and what it is asked with. */
import type { CoucheStorError, VolumeId } from '@couchestor/common/base';
import type {
  CommittedShard,
  MissingReason,
  RangeRead,
  ShardIdentity,
  ShardReader,
  StripeSummary,
  UnreadableShard,
} from '../shards/index.ts';
import type { StoredShard } from './stored-shard.ts';

export type PutRequest = ShardIdentity;

export interface PutOptions {
  /** What append() may take in all; room for it is set aside until the shard is committed or aborted. */
  readonly maxPayloadBytes: number;
  /** `repair` may use the reserve of the pool. */
  readonly purpose: 'data' | 'repair';
}

/**
 * A shard on its way into the store, by one call at a time. End it with commit(), or with abort(); after a failed commit() there is
 * nothing to abort. After the end, and when the store is closed, calls are refused as `gone`.
 */
export interface PutShard {
  readonly appendedBytes: number;
  /** Of the payload so far: for the record, which has those of all shards of the stripe. */
  readonly checksum: number;
  /** @throws CoucheStorError `invalid`, with nothing taken, beyond maxPayloadBytes; else as ShardWriter.append(). */
  append(bytes: Uint8Array): Promise<void>;
  /**
   * Ends when the shard is under its name, survives a power loss, and was read back wholly. The same shard put twice succeeds twice.
   * @throws CoucheStorError `conflict` for a name that holds another content, has a tombstone, or is of a quarantined volume;
   * `corrupt` when what was read back is not what was written; `invalid` for what no footer can hold, after which it may be called
   * again; else of the disk. Nothing is acknowledged then, and what was there before is as it was, unless it was no shard.
   */
  commit(stripe: StripeSummary): Promise<CommittedShard>;
  /** Also beside another call: waits for its end, and lets no other one begin. Does nothing after the end. */
  abort(): Promise<void>;
}

export type StoredShardReader = Pick<
  ShardReader,
  'identity' | 'payloadBytes' | 'checksum' | 'stripe' | 'read' | 'verify'
>;

export interface OpenShard {
  readonly kind: 'open';
  readonly reader: StoredShardReader;
  /** After the last read. May be called again. */
  close(): Promise<void>;
}

/** `absent`: there is no file. */
export interface MissingFromStore {
  readonly kind: 'missing';
  readonly reason: MissingReason | 'absent';
  /** A clause for people. */
  readonly detail: string;
}

/** `unreadable` with a block: its ends were confirmed. */
export type RangeFromStore = RangeRead | MissingFromStore;

export type FoundShard = OpenShard | MissingFromStore | UnreadableShard;

export type Deleted = { readonly kind: 'tombstoned'; readonly dueInMs: number } | { readonly kind: 'absent' };

export interface ListOptions {
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly volumeId?: VolumeId | undefined;
}

export interface ShardPage {
  readonly shards: readonly StoredShard[];
  /** Absent: there are no more. */
  readonly next?: string;
}

export interface VolumeTotals {
  readonly shards: number;
  readonly bytes: number;
}

/** What a start-up scan has seen so far. */
export interface ScanReport extends VolumeTotals {
  readonly isDone: boolean;
  /** From 0 to 1, by volumes and stripes. */
  readonly progress: number;
  readonly volumes: ReadonlyMap<VolumeId, VolumeTotals>;
  /** What is no part of a pool. It is never touched. */
  readonly foreign: number;
  /** Paths of the first of them. */
  readonly foreignExamples: readonly string[];
  /** Folders without a shard that a crash had left, and that are gone now. */
  readonly emptyFolders: number;
  /** Paths that the disk refuses to list or to measure, and why; the first of them. What is there is counted nowhere. */
  readonly refused: ReadonlyMap<string, CoucheStorError>;
}

/** A shard whose grace is over and that was not deleted. */
export interface KeptShard {
  /** Below the pool. */
  readonly path: string;
  /** A clause for people. */
  readonly detail: string;
  readonly error?: CoucheStorError;
}

export interface Quarantine {
  readonly volumeId: VolumeId;
  readonly reason: string;
  /** Wall time in milliseconds since the epoch; for people. */
  readonly since: number;
}
