/** What the parts of one store share. Of both mutexes, that of the shard is taken first. */
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import type { Pool } from '../pools/index.ts';
import { pathOfShard, type ShardName, type WindowPool } from '../shards/index.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import type { Quarantines } from './quarantines.ts';
import type { ShardFolders } from './shard-folders.ts';
import type { StoredVerifier } from './stored-verifier.ts';
import type { Tombstones } from './tombstones.ts';

/** What a store needs of the pool that it is on. */
export type StorePool = Pick<Pool, 'identity' | 'files' | 'health' | 'admit'>;

export interface StoreParts {
  readonly pool: StorePool;
  readonly clock: Clock;
  /** Of shards that are being written: each has one from its beginning to its end, also while nothing comes. */
  readonly windows: WindowPool;
  /** Ends the waiting for these when the store is closed: other stores may have them. */
  readonly closing: AbortSignal;
  /** Of shards that are being read: one for each call. */
  readonly readWindows: WindowPool;
  readonly crc32c: Crc32c;
  readonly verifier: StoredVerifier;
  readonly tombstones: Tombstones;
  readonly quarantines: Quarantines;
  readonly folders: ShardFolders;
  /** By path of the shard: what is under its name changes by one call at a time. */
  readonly names: KeyedMutex;
  /** By volume: its folders are made and removed, shards go, and quarantine begins, one after the other. */
  readonly volumes: KeyedMutex;
}

/** @throws CoucheStorError `conflict` for a name that takes no shard. */
export function refusePut({ tombstones, quarantines }: StoreParts, name: ShardName): void {
  quarantines.refuse(name.volumeId);
  if (!tombstones.has(name)) return;
  const path = pathOfShard(name);
  throw new CoucheStorError(
    'conflict',
    `name: ${path} waits for its deletion; undelete it, or give the shard another placement.`,
    { fields: { field: 'name', path } },
  );
}

/** Whether work in the background has a point: the disk would refuse it. */
export function takesWrites({ pool }: StoreParts): boolean {
  return pool.health.state === 'Online' || pool.health.state === 'Degraded';
}
