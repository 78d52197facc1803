/**
 * One process per pool: a lock of the kernel on a file in it, taken by SQLite, which comes with Node and asks for locks as fcntl(2)
 * has them. It ends with the process, however that ends, and a second opening in the same process is refused too. Nothing is ever
 * written to the file. The kernel takes the lock away when this process closes any other descriptor of the file, so nobody opens it.
 */
import { DatabaseSync } from 'node:sqlite';
import { CoucheStorError, isError } from '@couchestor/common/base';
import { LOCK_PATH } from './layout.ts';
import type { LinuxPoolFiles } from './linux-pool-files.ts';

/** For somebody who only looked whether it is free, as isLocked() does; the thread waits. */
const BUSY_MS = 250;

/** sqlite.org/rescode.html; extended codes have these in their lowest byte. */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

const REFUSED = [
  'the file system refused',
  'Use a local file system with fcntl locks, and look at the kernel log.',
] as const;

const REFUSALS: ReadonlyMap<unknown, readonly [string, string]> = new Map([
  [
    SQLITE_CANTOPEN,
    ['the file cannot be opened', 'Check that it is a regular file which the user of the process may write.'],
  ],
  [SQLITE_NOTADB, ['the file is not empty', 'Delete it while no process uses the pool.']],
]);

/** MEMORY: a journal would be a file, for a transaction in which nothing is written. */
const TAKE = 'PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE';

export interface PoolLock {
  /** May be called again. */
  release(): void;
}

/** 'held': somebody has it. 'readOnly': there is no lock to be had, because nothing can be written. */
export type LockAttempt = PoolLock | 'held' | 'readOnly';

/** @throws CoucheStorError when the file system has no locks, or something else is in the place of the file. */
export async function takeLock(files: LinuxPoolFiles): Promise<LockAttempt> {
  if (await files.isReadOnly()) return 'readOnly';
  const { path, folder } = await lockPathOf(files);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_MS });
    database.exec(TAKE);
  } catch (error) {
    database?.close();
    const code = resultCodeOf(error);
    if (code === SQLITE_BUSY) return 'held';
    if (code === SQLITE_READONLY) return 'readOnly';
    throw notLockable(files, code, error);
  }
  const taken = database;
  let isHeld = true;
  const lock: PoolLock = {
    release() {
      if (isHeld) taken.close();
      isHeld = false;
    },
  };
  if (await files.isHeldAt(folder)) return lock;
  lock.release();
  throw movedAway(files);
}

/** Whether somebody has it, without taking it. */
export async function isLocked(files: LinuxPoolFiles): Promise<boolean> {
  const { path } = await lockPathOf(files);
  if ((await files.stat(LOCK_PATH)) === undefined) return false;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.prepare('SELECT 1 FROM sqlite_schema').all();
    return false;
  } catch (error) {
    const code = resultCodeOf(error);
    if (code === SQLITE_BUSY) return true;
    throw notLockable(files, code, error);
  } finally {
    database?.close();
  }
}

/** SQLite opens by paths alone, and follows links before it comes to the name. */
async function lockPathOf(files: LinuxPoolFiles): Promise<{ path: string; folder: string }> {
  const stat = await files.stat(LOCK_PATH);
  if (stat !== undefined && stat.kind !== 'file') throw notLockable(files, SQLITE_CANTOPEN, undefined);
  const folder = await files.realPath();
  if (!(await files.isHeldAt(folder))) throw movedAway(files);
  return { path: `${folder}/${LOCK_PATH}`, folder };
}

function resultCodeOf(error: unknown): number | undefined {
  if (!isError(error) || !('errcode' in error) || typeof error.errcode !== 'number') throw error;
  return error.errcode & 0xff;
}

function notLockable(files: LinuxPoolFiles, code: number | undefined, cause: unknown): CoucheStorError {
  const path = `${files.label}/${LOCK_PATH}`;
  const [what, remedy] = REFUSALS.get(code) ?? REFUSED;
  return new CoucheStorError('unavailable', `${path}: the pool cannot be locked: ${what}. ${remedy}`, {
    retryable: false,
    fields: {
      pool: files.label,
      file: path,
      fault: 'notLockable',
      remedy,
      ...(code === undefined ? {} : { sqlite: code }),
    },
    cause,
  });
}

function movedAway(files: LinuxPoolFiles): CoucheStorError {
  const remedy = 'Wait until mounting and renaming are done, and start again.';
  return new CoucheStorError('conflict', `${files.label}: something else is in the place of the pool now. ${remedy}`, {
    fields: { pool: files.label, fault: 'movedAway', remedy },
  });
}
