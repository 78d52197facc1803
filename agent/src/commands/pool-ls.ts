/** `pool ls`: which pools there are, how they are and what they hold. */
import { CoucheStorError } from '@couchestor/common/base';
import { Progress, Table, jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import type { StoredShard } from '../store/index.ts';
import { JsonList } from './json-list.ts';
import { lookAtPool, refusedPool, withConcern, type NoPool, type SeenPool } from './look-at-pool.ts';
import { POOL_COLUMNS, SHARD_COLUMNS, stateWord, type PoolRow, type ShardRow } from './pool-cells.ts';
import type { ListRequest } from './requests.ts';
import { surveyOf } from './survey.ts';
import { twinConcern } from './twins.ts';

const INTERRUPTED: ExitCode = 130;

export function poolList(request: ListRequest, console: Console): Promise<ExitCode> {
  return request.shards ? listShards(request, console) : listPools(request, console);
}

async function listPools({ folders, output }: ListRequest, console: Console): Promise<ExitCode> {
  const seen: PoolRow[] = [];
  for (const folder of folders) {
    const row = await rowOf(folder, console);
    if (row === undefined) return INTERRUPTED;
    seen.push(row);
  }
  const looks = seen.map(({ look }) => look);
  const rows = seen.map((row) => withTwin(row, looks));
  if (output === 'json') console.out(jsonText(rows.map(poolAsJson)));
  else {
    const table = new Table(POOL_COLUMNS, rows, console.columns);
    console.out(table.heading());
    for (const row of rows) console.out(table.row(row));
    for (const { look } of rows) tellConcerns(look, console);
  }
  return rows.every(({ look }) => look.kind === 'pool' && look.state !== 'Faulted') ? 0 : 1;
}

/** Undefined: it was stopped. */
async function rowOf(folder: string, console: Console): Promise<PoolRow | undefined> {
  const progress = new Progress(console, folder);
  try {
    return await lookAtPool(folder, console.clock, async (look) => {
      if (console.interrupted.aborted) return undefined;
      if (look.kind === 'problem') return { look };
      const survey = await surveyOf(look, progress, console.interrupted);
      if (survey?.refusal !== undefined) return { look: refusedPool(folder, survey.refusal) };
      return survey && { look, shards: survey.shards };
    });
  } catch (thrown) {
    if (!(thrown instanceof CoucheStorError)) throw thrown;
    return { look: refusedPool(folder, thrown) };
  } finally {
    progress.clear();
  }
}

function withTwin(row: PoolRow, looks: readonly (SeenPool | NoPool)[]): PoolRow {
  const concern = twinConcern(row.look, looks);
  return row.shards === undefined || concern === undefined ? row : { ...row, look: withConcern(row.look, concern) };
}

async function listShards({ folders, volume, output }: ListRequest, console: Console): Promise<ExitCode> {
  const print = output === 'json' ? printJson(console) : printTable(console);
  let problems = 0;
  const onError = (error: CoucheStorError): void => {
    problems += 1;
    console.err(`error: ${error.message}\n`);
  };
  const onRefused = (_: string, error: CoucheStorError): void => onError(error);
  for (const folder of folders) {
    if (isStopped(console)) break;
    try {
      await lookAtPool(folder, console.clock, async (look) => {
        if (look.kind === 'problem') {
          onError(look.error);
          return;
        }
        for await (const shard of look.view.walk({ volumeId: volume, onRefused })) {
          if (isStopped(console)) break;
          print.row({ pool: folder, shard });
        }
      });
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      onError(thrown);
    }
  }
  print.end();
  if (console.interrupted.aborted) return INTERRUPTED;
  return problems === 0 ? 0 : 1;
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
