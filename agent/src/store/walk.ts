/** Shards as the store knows them, in their order: all of them, or a page of them. */
import { CoucheStorError, quote } from '@couchestor/common/base';
import { parseShardPath, pathOfShard, type ShardName } from '../shards/index.ts';
import type { ListOptions, ShardPage } from './answers.ts';
import { ShardTree } from './shard-tree.ts';
import type { Quarantines } from './quarantines.ts';
import type { StorePool } from './store-parts.ts';
import { unlessRefused, type StoredShard, type WalkOptions } from './stored-shard.ts';
import type { Tombstones } from './tombstones.ts';
import { unlessInvalid } from './unless-invalid.ts';

/** Bounds what one answer holds. */
export const MAX_LISTED = 1000;

const STATS_AT_ONCE = 32;

/** What shards are known from without a look into their files. */
export interface WalkedParts {
  readonly pool: Pick<StorePool, 'files'>;
  readonly tombstones: Pick<Tombstones, 'has'>;
  readonly quarantines: Pick<Quarantines, 'has'>;
}

export async function* walk(parts: WalkedParts, options: WalkOptions): AsyncGenerator<StoredShard> {
  const tree = new ShardTree(parts.pool.files, options);
  for (let steps = await tree.next(); steps !== undefined; steps = await tree.next()) {
    yield* await storedOf(
      parts,
      steps.flatMap(({ shards }) => shards),
      options,
    );
  }
}

/** Of those that are still there. */
export async function storedOf(
  parts: WalkedParts,
  names: readonly ShardName[],
  options: Pick<WalkOptions, 'onRefused'> = {},
): Promise<StoredShard[]> {
  const stored: StoredShard[] = [];
  for (let at = 0; at < names.length; at += STATS_AT_ONCE) {
    const some = await Promise.all(
      names
        .slice(at, at + STATS_AT_ONCE)
        .map((name) => unlessRefused(pathOfShard(name), options, () => storedUnder(parts, name))),
    );
    stored.push(...some.filter((shard) => shard !== undefined));
  }
  return stored;
}

async function storedUnder(
  { pool, tombstones, quarantines }: WalkedParts,
  name: ShardName,
): Promise<StoredShard | undefined> {
  const stat = await pool.files.stat(pathOfShard(name));
  if (stat?.kind !== 'file') return undefined;
  return {
    name,
    sizeBytes: stat.sizeBytes,
    state: tombstones.has(name) ? 'tombstoned' : 'live',
    quarantined: quarantines.has(name.volumeId),
  };
}

export async function list(parts: WalkedParts, { cursor, limit, volumeId }: ListOptions): Promise<ShardPage> {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED) {
    throw new CoucheStorError('invalid', `limit: ${limit} is no number of shards; ask for 1 to ${MAX_LISTED}.`, {
      fields: { field: 'limit' },
    });
  }
  const after = cursor === undefined ? undefined : shardOfCursor(cursor, volumeId);
  const shards: StoredShard[] = [];
  for await (const shard of walk(parts, { after, volumeId })) {
    if (shards.length === limit) return { shards, next: pathOfShard(shards[limit - 1]?.name ?? shard.name) };
    shards.push(shard);
  }
  return { shards };
}

function shardOfCursor(cursor: string, volumeId: string | undefined): ShardName {
  const name = unlessInvalid(() => parseShardPath(cursor));
  if (name !== undefined && (volumeId === undefined || name.volumeId === volumeId)) return name;
  const whose = name === undefined ? 'is not one that this store gave' : 'is of another volume';
  throw new CoucheStorError('invalid', `cursor: ${quote(cursor)} ${whose}; begin again without one.`, {
    fields: { field: 'cursor', value: quote(cursor) },
  });
}
