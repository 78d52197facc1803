/** The shards of one pool: writing, reading, deletion by proof, quarantine, lists. */
export type {
  Deleted,
  FoundShard,
  KeptShard,
  ListOptions,
  MissingFromStore,
  OpenShard,
  PutOptions,
  PutRequest,
  PutShard,
  Quarantine,
  RangeFromStore,
  ScanReport,
  ShardPage,
  StoredShardReader,
  VolumeTotals,
} from './answers.ts';
export type { Collector } from './collector.ts';
export { checkProof, parseDeletionProof } from './deletion-proof.ts';
export type {
  AbandonedByOwner,
  DeletionProof,
  Observation,
  Replaced,
  StripeRetired,
  StripeVoid,
  VerifiedShard,
} from './deletion-proof.ts';
export { FieldReader } from './field-reader.ts';
export type { Leftovers } from './leftovers.ts';
export { ShardStore } from './shard-store.ts';
export type { ShardStoreOptions, StoreLimits } from './shard-store.ts';
export type { StorePool } from './store-parts.ts';
export type { StoreScan } from './store-scan.ts';
export { StoreView } from './store-view.ts';
export type { OwnFolder, StoreViewOptions, ViewedStripe } from './store-view.ts';
export { compareShardNames } from './stored-shard.ts';
export type { StoredShard, WalkOptions } from './stored-shard.ts';
export { fileOfTombstone } from './tombstones.ts';
export type { Tombstone } from './tombstones.ts';
export type { Worker, WorkerState } from './worker.ts';
