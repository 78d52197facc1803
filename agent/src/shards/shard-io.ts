/** What one shard is written and read with. */
import type { Crc32c } from '@couchestor/common/coding';
import type { BlockDevice } from '../devices/index.ts';
import type { WindowPool } from './window-pool.ts';

export interface ShardIo {
  /** Holds this shard and nothing else. */
  readonly device: BlockDevice;
  /** Shared by the shards in flight. */
  readonly windows: WindowPool;
  readonly crc32c: Crc32c;
}
