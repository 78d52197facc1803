/** `pool check`: what is wrong with pools. */
import { formatBytes } from '@couchestor/common/base';
import { Progress, Table, jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { checkPool, type CheckedShards, type PoolFinding } from './check-pool.ts';
import { lookAtPool, withConcern, type NoPool, type SeenPool } from './look-at-pool.ts';
import { shardCount } from './shard-count.ts';
import { FINDING_COLUMNS, stateWord, type FindingRow } from './pool-cells.ts';
import type { CheckRequest } from './requests.ts';
import { twinConcern } from './twins.ts';

/** Of one pool; the others are counted. */
const MAX_LISTED = 1000;

interface CheckedPool {
  readonly look: SeenPool | NoPool;
  readonly checked: CheckedShards;
  /** The first of them. */
  readonly findings: readonly PoolFinding[];
  readonly problems: number;
}

export async function poolCheck({ folders, output }: CheckRequest, console: Console): Promise<ExitCode> {
  const { clock, interrupted, unread } = console;
  const stopped = AbortSignal.any([interrupted, unread]);
  const seen: CheckedPool[] = [];
  for (const folder of folders) {
    if (stopped.aborted) break;
    seen.push(await lookAtPool(folder, clock, (look) => checked(look, console, stopped)));
  }
  const looks = seen.map(({ look }) => look);
  const pools = seen.map((pool) => withTwin(pool, looks));
  if (output === 'json') console.out(jsonText(pools.map(asJson)));
  else {
    printFindings(pools, console);
    for (const pool of pools) tell(pool, console);
  }
  if (interrupted.aborted) {
    console.err('Stopped; what follows was not looked at.\n');
    return 130;
  }
  return pools.every(({ problems }) => problems === 0) ? 0 : 1;
}

async function checked(look: SeenPool | NoPool, console: Console, stopped: AbortSignal): Promise<CheckedPool> {
  if (look.kind === 'problem') {
    const finding = { path: '.', problem: look.problem, detail: look.error.message };
    return { look, checked: { shards: 0, bytes: 0 }, findings: [finding], problems: 1 };
  }
  const progress = new Progress(console, look.path);
  const findings: PoolFinding[] = [];
  let problems = 0;
  const listener = {
    found(finding: PoolFinding): void {
      problems += 1;
      if (findings.length < MAX_LISTED) findings.push(finding);
    },
    reached(share: number, reached: CheckedShards): void {
      progress.show({ done: share, total: 1, detail: `${shardCount(reached.shards)}, ${problemCount(problems)}` });
    },
  };
  const all = await checkPool(look, listener, stopped);
  progress.clear();
  return { look, checked: all, findings, problems };
}

function withTwin(pool: CheckedPool, looks: readonly (SeenPool | NoPool)[]): CheckedPool {
  const { look, findings, problems } = pool;
  const concern = twinConcern(look, looks);
  if (look.kind === 'problem' || concern === undefined) return pool;
  const finding = { path: '.', problem: concern.cause, detail: concern.detail };
  return { ...pool, look: withConcern(look, concern), findings: [finding, ...findings], problems: problems + 1 };
}

function printFindings(pools: readonly CheckedPool[], { out }: Console): void {
  const rows = pools.flatMap(({ look: { path: pool }, findings }): FindingRow[] =>
    findings.map((finding) => ({ pool, ...finding })),
  );
  if (rows.length === 0) return;
  // A problem is of no use without its detail, so a narrow terminal wraps lines.
  const table = new Table(FINDING_COLUMNS, rows);
  out(table.heading());
  for (const row of rows) out(table.row(row));
}

function tell({ look, checked, findings, problems }: CheckedPool, { err }: Console): void {
  if (look.kind === 'problem') return;
  const { path, view, isInUse } = look;
  const { incoming, tombstones, quarantines } = view.own;
  const notes = [
    ...(problems > findings.length ? [`${problems - findings.length} problems are not listed`] : []),
    ...(incoming === 0
      ? []
      : [
          `${incoming} begun ${incoming === 1 ? 'file is' : 'files are'} in its way in${isInUse ? '' : ', left by a crash'}`,
        ]),
    ...(tombstones === 0 ? [] : [`${shardCount(tombstones)} to be deleted when the grace is over`]),
    ...(quarantines.length === 0 ? [] : [`quarantined: ${quarantines.map(({ volumeId }) => volumeId).join(', ')}`]),
  ];
  err(`${path}: ${shardCount(checked.shards)} (${formatBytes(checked.bytes)}), ${problemCount(problems)}.\n`);
  for (const note of notes) err(`${path}: ${note}.\n`);
}

function problemCount(count: number): string {
  return count === 0 ? 'no problem' : count === 1 ? '1 problem' : `${count} problems`;
}

function asJson({ look, checked, findings, problems }: CheckedPool): object {
  const { path } = look;
  const found = { problems, findings };
  if (look.kind === 'problem') return { path, state: stateWord(look), ...found };
  const { identity, state, isInUse, holder, view } = look;
  const { incoming, tombstones, quarantines } = view.own;
  const who = holder === undefined ? {} : { holder };
  return { path, ...identity, state, isInUse, ...who, ...checked, incoming, tombstones, quarantines, ...found };
}
