/**
 * What the store says of a shard that it holds, without a look into the file. Shards have one order, that of the folders on the
 * disk: by volume, stripe and file, each as a text, by code units.
 */
import { CoucheStorError, type VolumeId } from '@couchestor/common/base';
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
  /**
   * Told of what the disk refuses to list or to measure, and will go on refusing: a folder of a volume or stripe, or a shard, by its path.
   * It is passed over, with all that is in it. Without this, and for the folder of the pool, the walk ends with the error.
   */
  readonly onRefused?: ((path: string, error: CoucheStorError) => void) | undefined;
}

/** @throws what `call` threw, unless it is a refusal that can be passed over; then undefined. */
export async function unlessRefused<T>(
  path: string,
  { onRefused }: Pick<WalkOptions, 'onRefused'>,
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (thrown) {
    if (onRefused === undefined || !(thrown instanceof CoucheStorError) || thrown.retryable) throw thrown;
    onRefused(path, thrown);
    return undefined;
  }
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
