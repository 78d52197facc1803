/** Shards as files: names, the format, writing and verified reading. */
export { examineShard, openShard } from './open-shard.ts';
export type { ExpectedShard, MissingReason, MissingShard, OpenedShard, UnreadableShard } from './open-shard.ts';
export type { ShardRead } from './payload-transfer.ts';
export { readRange, verifyShard } from './read-range.ts';
export type { RangeRead } from './read-range.ts';
export type { StripeSummary } from './shard-footer.ts';
export type { ShardIdentity } from './shard-header.ts';
export type { ShardIo } from './shard-io.ts';
export { BLOCK_BYTES, layoutOf, MAX_PAYLOAD_BYTES, MAX_STRIPE_RECORD_BYTES } from './shard-layout.ts';
export type { ShardLayout, ShardLengths } from './shard-layout.ts';
export { parseShardPath, pathOfShard } from './shard-name.ts';
export type { ShardName } from './shard-name.ts';
export type { ShardReader } from './shard-reader.ts';
export { ShardWriter } from './shard-writer.ts';
export type { CommittedShard } from './shard-writer.ts';
export { WindowPool } from './window-pool.ts';
export type { WindowPoolOptions } from './window-pool.ts';
