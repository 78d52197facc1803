/**
 * The full name of a shard, and its path below a pool: `volumeId/stripeId/index.placement.shard`. One name has one path and one
 * path one name, and nothing that a name or a path can hold leads out of the pool.
 */
import {
  CoucheStorError,
  parsePlacement,
  parseShardIndex,
  parseStripeId,
  parseVolumeId,
  quote,
  type Placement,
  type ShardIndex,
  type StripeId,
  type VolumeId,
} from '@couchestor/common/base';

/** Names one content for ever: another encoding has another stripe id, a moved or rebuilt shard another placement. */
export interface ShardName {
  readonly volumeId: VolumeId;
  readonly stripeId: StripeId;
  readonly index: ShardIndex;
  readonly placement: Placement;
}

const SHARD_FILE = /^([^.]*)\.([^.]*)\.shard$/;

/** Relative to the pool. */
export function pathOfShard({ volumeId, stripeId, index, placement }: ShardName): string {
  return `${volumeId}/${stripeId}/${index}.${placement}.shard`;
}

/**
 * The shard that has this path below a pool.
 * @throws CoucheStorError `invalid` for every text that pathOfShard() does not give.
 */
export function parseShardPath(path: string): ShardName {
  const [volumeId, stripeId, file, ...rest] = path.split('/', 4);
  const [, index, placement] = SHARD_FILE.exec(file ?? '') ?? [];
  if (index === undefined || placement === undefined || rest.length > 0) {
    throw new CoucheStorError(
      'invalid',
      `path: ${quote(path)} is not the path of a shard; it has the form volumeId/stripeId/index.placement.shard.`,
      { fields: { field: 'path', value: quote(path) } },
    );
  }
  return {
    volumeId: parseVolumeId(volumeId),
    stripeId: parseStripeId(stripeId),
    index: parseShardIndex(index),
    placement: parsePlacement(placement),
  };
}
