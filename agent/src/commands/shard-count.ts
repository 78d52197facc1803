/** A number of shards, for people. */
export function shardCount(count: number): string {
  return `${count} ${count === 1 ? 'shard' : 'shards'}`;
}
