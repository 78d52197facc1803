/** Pools and shards as cells of a table. No cell but the last of a row has a blank, so that a pipe can cut rows at blanks; `-` is nothing. */
import { formatBytes } from '@couchestor/common/base';
import type { Column } from '@couchestor/common/command-line';
import type { StoredShard } from '../store/index.ts';
import { cellText, sentenceText } from './cell-text.ts';
import type { NoPool, SeenPool } from './look-at-pool.ts';

export type PoolRow =
  { readonly look: NoPool; readonly shards?: never } | { readonly look: SeenPool; readonly shards: number };

export interface ShardRow {
  readonly pool: string;
  readonly shard: StoredShard;
}

export interface FindingRow {
  readonly pool: string;
  readonly path: string;
  readonly problem: string;
  readonly detail: string;
}

const NOTHING = '-';

export const POOL_COLUMNS: readonly Column<PoolRow>[] = [
  { title: 'POOL', rank: 10, of: ({ look }) => cellText(look.path) },
  { title: 'UUID', rank: 3, of: ({ look }) => (look.kind === 'pool' ? look.identity.uuid : NOTHING) },
  { title: 'TIER', rank: 8, of: ({ look }) => (look.kind === 'pool' ? look.identity.tier : NOTHING) },
  { title: 'NODE', rank: 5, of: ({ look }) => (look.kind === 'pool' ? look.identity.node : NOTHING) },
  { title: 'STATE', rank: 9, of: ({ look }) => stateWord(look) },
  { title: 'PROCESS', rank: 1, of: processCell },
  { title: 'SIZE', rank: 4, of: ({ look }) => (look.kind === 'pool' ? size(look.usage.totalBytes) : NOTHING) },
  { title: 'USED', rank: 6, of: ({ look }) => (look.kind === 'pool' ? size(look.usage.usedBytes) : NOTHING) },
  { title: 'FREE', rank: 7, of: ({ look }) => (look.kind === 'pool' ? size(look.usage.freeForDataBytes) : NOTHING) },
  { title: 'SHARDS', rank: 2, of: ({ shards }) => (shards === undefined ? NOTHING : String(shards)) },
];

export const SHARD_COLUMNS: readonly Column<ShardRow>[] = [
  { title: 'POOL', rank: 0, of: ({ pool }) => cellText(pool) },
  { title: 'VOLUME', rank: 6, of: ({ shard }) => shard.name.volumeId },
  { title: 'STRIPE', rank: 5, of: ({ shard }) => shard.name.stripeId },
  { title: 'INDEX', rank: 4, of: ({ shard }) => String(shard.name.index) },
  { title: 'PLACEMENT', rank: 3, of: ({ shard }) => String(shard.name.placement) },
  { title: 'SIZE', rank: 1, of: ({ shard }) => size(shard.sizeBytes) },
  { title: 'STATE', rank: 2, of: ({ shard }) => shardState(shard) },
];

export const FINDING_COLUMNS: readonly Column<FindingRow>[] = [
  { title: 'POOL', rank: 1, of: ({ pool }) => cellText(pool) },
  { title: 'PATH', rank: 3, of: ({ path }) => cellText(path) },
  { title: 'PROBLEM', rank: 2, of: ({ problem }) => problem },
  { title: 'DETAIL', rank: 0, of: ({ detail }) => sentenceText(detail) },
];

/** A folder that is no pool has what it is instead. */
export function stateWord(look: SeenPool | NoPool): string {
  return look.kind === 'pool' ? look.state : `${look.problem.slice(0, 1).toUpperCase()}${look.problem.slice(1)}`;
}

function shardState({ state, quarantined }: StoredShard): string {
  return quarantined ? `${state},quarantined` : state;
}

function processCell({ look }: PoolRow): string {
  if (look.kind === 'problem' || !look.isInUse) return NOTHING;
  return look.holder === undefined ? '?' : String(look.holder.pid);
}

function size(bytes: number): string {
  return formatBytes(bytes).replace(' ', '');
}
