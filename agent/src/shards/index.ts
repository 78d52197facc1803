/** Shards as files: names, the format, writing and verified reading. */
export { parseShardPath, pathOfShard } from './shard-name.ts';
export type { ShardName } from './shard-name.ts';
