/**
 * The durable half of the store: one SQLite file per data directory, one transaction per revision. node:sqlite was
 * chosen over lmdb because it is part of Node (nothing to compile or to ship), works under jest's ESM runner, and a
 * transaction per write costs less than the JSON around it. WAL with synchronous=NORMAL hands every commit to the
 * kernel before the request is answered, so kill -9 loses nothing; a power cut may lose the last commits but never
 * their order.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { KubeObject } from '../types.ts';

export interface PersistedWrite {
  revision: number;
  bucket: string;
  key: string;
  /** Absent for a deletion. */
  object: KubeObject | undefined;
}

export interface Persistence {
  load(): { revision: number; objects: { bucket: string; key: string; object: KubeObject }[] };
  /** Returns once the write survives the death of the process. */
  write(write: PersistedWrite): void;
  clear(): void;
  close(): void;
}

/** Creates the directory and the file when they are missing. */
export function openPersistence(directory: string): Persistence {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(directory, 'objects.sqlite'));
  // One process at a time: a second one gets "database is locked" here. The lock dies with its holder.
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS objects (bucket TEXT, key TEXT, json TEXT, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS revision (id INTEGER PRIMARY KEY CHECK (id = 0), value INTEGER);`);
  const upsert = database.prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM objects WHERE bucket = ? AND key = ?');
  const setRevision = database.prepare('INSERT OR REPLACE INTO revision VALUES (0, ?)');
  const transaction = (run: () => void): void => {
    database.exec('BEGIN IMMEDIATE');
    try {
      run();
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  };
  return {
    load: () => ({
      revision: Number(database.prepare('SELECT value FROM revision').get()?.value ?? 0),
      objects: database
        .prepare('SELECT bucket, key, json FROM objects')
        .all()
        .map(({ bucket, key, json }) => ({
          bucket: String(bucket),
          key: String(key),
          object: JSON.parse(String(json)) as KubeObject,
        })),
    }),
    write: ({ revision, bucket, key, object }) =>
      transaction(() => {
        if (object === undefined) remove.run(bucket, key);
        else upsert.run(bucket, key, JSON.stringify(object));
        setRevision.run(revision);
      }),
    clear: () => transaction(() => database.exec('DELETE FROM objects; DELETE FROM revision;')),
    close: () => (database.isOpen ? database.close() : undefined),
  };
}
