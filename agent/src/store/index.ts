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
  ScanReport,
  ShardPage,
  VolumeTotals,
} from './answers.ts';
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
export { compareShardNames } from './stored-shard.ts';
export type { StoredShard, WalkOptions } from './stored-shard.ts';
export type { Worker, WorkerState } from './worker.ts';
