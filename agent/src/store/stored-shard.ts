/**
 * What the store says of a shard that it holds, without a look into the file. Shards have one order, that of the folders on the
 * disk: by volume, stripe and file, each as a text, by code units.
 */
import type { VolumeId } from '@couchestor/common/base';
import { pathOfShard, type ShardName } from '../shards/index.ts';

export interface StoredShard {
  readonly name: ShardName;
  /** Of the file, whatever it holds. */
  readonly sizeBytes: number;
  /** `tombstoned`: it will be deleted when its grace is over, and can be read till then. */
  readonly state: 'live' | 'tombstoned';
  /** Nothing of its volume is deleted. */
  readonly quarantined: boolean;
}

export interface WalkOptions {
  /** Begins behind this one, which need not be there. */
  readonly after?: ShardName | undefined;
  /** Only shards of this volume. */
  readonly volumeId?: VolumeId | undefined;
}

/** Negative when `a` comes first, 0 when they are the same. */
export function compareShardNames(a: ShardName, b: ShardName): number {
  const [left, right] = [pathOfShard(a).split('/'), pathOfShard(b).split('/')];
  for (const [at, segment] of left.entries()) {
    const other = right[at] ?? '';
    if (segment !== other) return segment < other ? -1 : 1;
  }
  return 0;
}
