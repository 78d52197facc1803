/**
 * The file system below one pool, as everything above it sees it. Paths are relative to the pool ('' is the pool itself), with '/'
 * between names, and lead nowhere else: no symbolic link is followed on the way. What a call has done survives a power loss once the file
 * and the folder that names it were synced, and not before.
 */
import type { BlockDevice } from '../devices/index.ts';

/** Symbolic links, pipes and devices are `other`. */
export type PoolEntryKind = 'file' | 'folder' | 'other';

export interface PoolEntry {
  readonly name: string;
  readonly kind: PoolEntryKind;
}

export interface PoolFileStat {
  readonly kind: PoolEntryKind;
  /** Of a file: its bytes. */
  readonly sizeBytes: number;
}

/** A file system that has no fixed number of inodes says 0 of 0. */
export interface FileSystemSpace {
  readonly totalBytes: number;
  /** Free for somebody. */
  readonly freeBytes: number;
  /** Free for a user without privileges: what a pool goes by. */
  readonly availableBytes: number;
  readonly totalInodes: number;
  readonly freeInodes: number;
}

/** Every refusal is a CoucheStorError as devices give it: `device` (the path that people know), `operation`, `fault`, `remedy`, and `errno`. */
export interface PoolFiles {
  /** The path of the pool, for people. */
  readonly label: string;

  /** A new file, to be written. Refused with EEXIST where something is. */
  create(path: string): Promise<BlockDevice>;

  /** For reading. Undefined: there is no such file. What is no regular file is an error. */
  open(path: string): Promise<BlockDevice | undefined>;

  /** The same past the page cache where file system and length allow it, else as open(). */
  openDirect(path: string): Promise<BlockDevice | undefined>;

  /** Replaces a file that has the new name. */
  rename(from: string, to: string): Promise<void>;

  /** False: there was none. */
  unlink(path: string): Promise<boolean>;

  /** False: it was there already. Anything else of that name is an error, also a link to a folder. */
  makeFolder(path: string): Promise<boolean>;

  removeFolder(path: string): Promise<'removed' | 'missing' | 'notEmpty'>;

  /** Names that were made, renamed or removed in it before survive a power loss once this ends. */
  syncFolder(path: string): Promise<void>;

  /** Sorted by name, by code units. Undefined: there is no such folder. */
  entries(path: string): Promise<readonly PoolEntry[] | undefined>;

  /** Of the name itself, never of what a link leads to. Undefined: there is nothing. */
  stat(path: string): Promise<PoolFileStat | undefined>;

  space(): Promise<FileSystemSpace>;
}
