/** `pool ls`: which pools there are, how they are and what they hold. */
import { Progress, Table, jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import type { StoredShard } from '../store/index.ts';
import { JsonList } from './json-list.ts';
import { lookAtPool, type NoPool, type SeenPool } from './look-at-pool.ts';
import { POOL_COLUMNS, SHARD_COLUMNS, stateWord, type PoolRow, type ShardRow } from './pool-cells.ts';
import type { ListRequest } from './requests.ts';
import { surveyOf } from './survey.ts';

const INTERRUPTED: ExitCode = 130;

export function poolList(request: ListRequest, console: Console): Promise<ExitCode> {
  return request.shards ? listShards(request, console) : listPools(request, console);
}

async function listPools({ folders, output }: ListRequest, console: Console): Promise<ExitCode> {
  const rows: PoolRow[] = [];
  for (const folder of folders) {
    await lookAtPool(folder, console.clock, async (look) => {
      if (look.kind === 'problem') {
        rows.push({ look });
        return;
      }
      const progress = new Progress(console, folder);
      const survey = await surveyOf(look, progress, console.interrupted);
      progress.clear();
      if (survey !== undefined) rows.push({ look, shards: survey.shards });
    });
    if (console.interrupted.aborted) return INTERRUPTED;
  }
  if (output === 'json') console.out(jsonText(rows.map(poolAsJson)));
  else {
    const table = new Table(POOL_COLUMNS, rows, console.columns);
    console.out(table.heading());
    for (const row of rows) console.out(table.row(row));
    for (const { look } of rows) tellConcerns(look, console);
  }
  return rows.every(({ look }) => look.kind === 'pool') ? 0 : 1;
}

async function listShards({ folders, volume, output }: ListRequest, console: Console): Promise<ExitCode> {
  const print = output === 'json' ? printJson(console) : printTable(console);
  let isWhole = true;
  for (const folder of folders) {
    const isPool = await lookAtPool(folder, console.clock, async (look) => {
      if (look.kind === 'problem') {
        tellConcerns(look, console);
        return false;
      }
      for await (const shard of look.view.walk({ volumeId: volume })) {
        if (isStopped(console)) break;
        print.row({ pool: folder, shard });
      }
      return true;
    });
    isWhole = isWhole && isPool;
    if (isStopped(console)) break;
  }
  print.end();
  if (console.interrupted.aborted) return INTERRUPTED;
  return isWhole ? 0 : 1;
}

interface Printer {
  row(row: ShardRow): void;
  end(): void;
}

function printJson({ out }: Console): Printer {
  const list = new JsonList(out);
  return { row: ({ pool, shard }) => list.add({ pool, ...shardAsJson(shard) }), end: () => list.end() };
}

function printTable({ out, err, columns }: Console): Printer {
  let table: Table<ShardRow> | undefined;
  return {
    row(row) {
      if (table === undefined) {
        table = new Table(SHARD_COLUMNS, [row], columns);
        out(table.heading());
      }
      out(table.row(row));
    },
    end() {
      if (table === undefined) err('No shards found.\n');
    },
  };
}

const isStopped = ({ interrupted, unread }: Console): boolean => interrupted.aborted || unread.aborted;

function tellConcerns(look: SeenPool | NoPool, { err }: Console): void {
  if (look.kind === 'problem') err(`error: ${look.error.message}\n`);
  else for (const { detail } of look.concerns) err(`${look.path}: ${detail}.\n`);
}

function poolAsJson({ look, shards }: PoolRow): object {
  const { path } = look;
  if (look.kind === 'problem') return { path, state: stateWord(look), error: look.error.message };
  const { identity, state, concerns, isInUse, holder, usage } = look;
  return { path, ...identity, state, concerns, isInUse, ...(holder === undefined ? {} : { holder }), ...usage, shards };
}

function shardAsJson({ name, sizeBytes, state, quarantined }: StoredShard): object {
  return { path: pathOfShard(name), ...partsOf(name), sizeBytes, state, quarantined };
}

function partsOf({ volumeId, stripeId, index, placement }: ShardName): object {
  return { volumeId, stripeId, index, placement };
}
