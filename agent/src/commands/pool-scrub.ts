/** `pool scrub`: one pass over the shards of a pool, or the rest of one. Nothing is cleared away, repaired or deleted. */
import { formatBytes, formatDuration } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { Progress, jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { Pool } from '../pools/index.ts';
import { readScrubRecord, Scrub, type ScrubRecord, type ScrubReport } from '../scrub/index.ts';
import { pathOfShard } from '../shards/index.ts';
import { StoreView } from '../store/index.ts';
import { FindingPrinter } from './finding-printer.ts';
import { lookAtPool } from './look-at-pool.ts';
import { shardCount } from './shard-count.ts';
import type { ScrubRequest } from './requests.ts';
import { surveyOf, type Survey } from './survey.ts';

/** How much is looked at again after a kill. */
const CHECKPOINT_MS = 10_000;

const INTERRUPTED: ExitCode = 130;

export async function poolScrub(request: ScrubRequest, console: Console): Promise<ExitCode> {
  if (request.dryRun) return tellPlan(request, console);
  const pool = await Pool.open(request.folder, { clock: console.clock });
  try {
    return await scrubPool(pool, request, console);
  } finally {
    await pool.close();
  }
}

async function scrubPool(pool: Pool, request: ScrubRequest, console: Console): Promise<ExitCode> {
  const { folder, tranquility, bandwidthBytesPerSecond, restart, output } = request;
  const { clock, interrupted, unread, err } = console;
  const stopped = AbortSignal.any([interrupted, unread]);
  const view = await StoreView.open(pool);
  const progress = new Progress(console, folder);
  const survey = await surveyOf({ view }, progress, stopped);
  progress.clear();
  if (survey === undefined) return INTERRUPTED;
  const printer = new FindingPrinter(folder, console);
  const scrub: Scrub = await Scrub.open(
    { pool, walk: (options) => view.walk(options) },
    {
      ...{ crc32c: chooseCrc32c().crc32c, clock, checkpointMs: CHECKPOINT_MS },
      ...{ tranquility, bandwidthBytesPerSecond, restart },
      onResult: (_, { kind }) => {
        if (output === 'table' && kind !== 'ok' && kind !== 'vanished') {
          progress.clear();
          printer.print(findingsOf(scrub.report).at(-1));
        }
        progress.show(reachedOf(scrub.report, survey));
      },
    },
  );
  tellBegin(scrub.report, console);
  if (output === 'table') for (const finding of findingsOf(scrub.report)) printer.print(finding);
  const end = await scrub.run(stopped);
  progress.clear();
  const { report } = scrub;
  if (output === 'table') for (const one of passedOverIn(report)) printer.printPassedOver(one);
  if (output === 'json') console.out(jsonText(asJson(folder, report)));
  tellEnd(report, survey, console);
  if (end === 'done') return badOf(report) === 0 ? 0 : 1;
  if (end === 'throttled') return interrupted.aborted ? INTERRUPTED : 1;
  for (const { detail } of pool.health.reasons) err(`error: ${folder}: ${detail}\n`);
  return 1;
}

async function tellPlan(
  { folder, bandwidthBytesPerSecond, restart }: ScrubRequest,
  console: Console,
): Promise<ExitCode> {
  return lookAtPool(folder, console.clock, async (look) => {
    if (look.kind === 'problem') throw look.error;
    const progress = new Progress(console, folder);
    const survey = await surveyOf(look, progress, console.interrupted);
    progress.clear();
    if (survey === undefined) return INTERRUPTED;
    if (survey.refusal !== undefined) console.err(`error: ${survey.refusal.message}\n`);
    const last = await readScrubRecord(look.files).catch(() => undefined);
    const goesOn = last !== undefined && last.endedAt === undefined && !restart;
    const bytes = goesOn ? Math.max(survey.bytes - last.counters.bytes, 0) : survey.bytes;
    const leastMs = bandwidthBytesPerSecond === undefined ? 0 : Math.ceil(bytes / bandwidthBytesPerSecond) * 1000;
    const time = leastMs === 0 ? '' : ` in no less than ${formatDuration(leastMs)}`;
    const pass = goesOn ? `go on with pass ${last.pass}` : `begin pass ${(last?.pass ?? 0) + 1}`;
    console.out(
      `${folder}: it would ${pass} and read ${formatBytes(bytes)} of ${shardCount(survey.shards)}${time} (dry run).\n`,
    );
    if (look.isInUse)
      console.err(`${folder}: it could not now: the pool is in use by process ${look.holder?.pid ?? '?'}.\n`);
    return 0;
  });
}

function tellBegin({ pass, counters, begunAnew }: ScrubReport, { err }: Console): void {
  if (begunAnew !== undefined) err(`Begins anew: ${begunAnew}\n`);
  if (counters.shards > 0) err(`Goes on with pass ${pass}, of which ${shardCount(counters.shards)} are done.\n`);
}

function tellEnd(report: ScrubReport, survey: Survey, { err }: Console): void {
  const { pass, endedAt, counters, droppedFindings, checkpointError } = report;
  const { shards: count, bytes, ok, corrupt, missing, unreadable } = counters;
  const results = `${ok} ok, ${corrupt} corrupt, ${missing} missing, ${unreadable} unreadable`;
  const until = endedAt === undefined ? ` of ${survey.shards}` : '';
  err(`Pass ${pass}: ${count}${until} shards (${formatBytes(bytes)}): ${results}.\n`);
  const places = passedOverIn(report).length;
  if (places > 0)
    err(`${places} ${places === 1 ? 'place' : 'places'} could not be looked at; what is there was not scrubbed.\n`);
  if (droppedFindings > 0) err(`${shardCount(droppedFindings)} more that are not all right are not listed.\n`);
  if (checkpointError !== undefined) err(`How far it is could not be kept: ${checkpointError.message}\n`);
  else if (endedAt === undefined) err('Stopped; the next scrub goes on there.\n');
}

function reachedOf({ counters }: ScrubReport, survey: Survey) {
  const bad = counters.shards - counters.ok;
  const detail = `${shardCount(counters.shards)}, ${formatBytes(counters.bytes)}${bad === 0 ? '' : `, ${bad} bad`}`;
  return { done: counters.bytes, total: Math.max(survey.bytes, counters.bytes), detail };
}

/** Those of this pass. */
function findingsOf({ pass, findings }: ScrubRecord) {
  return findings.filter((finding) => finding.pass === pass);
}

function passedOverIn({ pass, passedOver }: ScrubRecord) {
  return passedOver.filter((one) => one.pass === pass);
}

function badOf(record: ScrubRecord): number {
  const { corrupt, missing, unreadable } = record.counters;
  return corrupt + missing + unreadable + passedOverIn(record).length;
}

function asJson(path: string, report: ScrubReport): object {
  const { pool, pass, startedAt, endedAt, counters, droppedFindings } = report;
  return {
    ...{ path, pool, pass, startedAt: timeText(startedAt) },
    ...(endedAt === undefined ? {} : { endedAt: timeText(endedAt) }),
    ...counters,
    findings: findingsOf(report).map(({ name, kind, detail, foundAt }) => {
      return { path: pathOfShard(name), kind, detail, foundAt: timeText(foundAt) };
    }),
    droppedFindings,
    passedOver: passedOverIn(report).map(({ path: at, detail }) => ({ path: at, detail })),
  };
}

const timeText = (ms: number): string => new Date(ms).toISOString();
