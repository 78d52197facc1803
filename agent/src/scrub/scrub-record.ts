/**
 * What a scrub keeps on the disk: how far it is, what it has counted and found. It is replaced as a whole, so that cursor and counters
 * belong together, and a scrub that was killed goes on from a moment at which each shard was counted once.
 */
import { parsePoolUuid, type Clock, type CoucheStorError, type PoolUuid } from '@couchestor/common/base';
import { readSealed, replaceSealed, SCRUB_PATH, type PoolFiles } from '../pools/index.ts';
import { parseShardPath, pathOfShard, type ShardName } from '../shards/index.ts';
import { FieldReader, type StoredShard } from '../store/index.ts';
import { parsePassedOver, withPassedOver, type PassedOver } from './passed-over.ts';
import { findingsAsJson, parseFindings, textOf, withResult, type ScrubFindings } from './scrub-findings.ts';
import type { ShardResult } from './shard-examination.ts';

export interface ScrubCounters {
  /** Each shard of the pass once: the sum of `ok`, `corrupt`, `missing` and `unreadable`. */
  readonly shards: number;
  /** Of their files. */
  readonly bytes: number;
  readonly ok: number;
  readonly corrupt: number;
  readonly missing: number;
  readonly unreadable: number;
  /** Deleted between list and look, and counted nowhere else. */
  readonly vanished: number;
  /** Of `ok`: bad at the first look. */
  readonly secondLooks: number;
}

/** `findings` are of this pass, and of the one before where the shards were not looked at again yet. */
export interface ScrubRecord extends ScrubFindings {
  readonly pool: PoolUuid;
  /** From 1. */
  readonly pass: number;
  /** Wall time in milliseconds since the epoch, as `endedAt`: for people. */
  readonly startedAt: number;
  /** Undefined while the pass lasts. */
  readonly endedAt: number | undefined;
  /** Why everything is looked at anew; undefined when nothing was lost. */
  readonly begunAnew: string | undefined;
  /** The last shard that was counted; undefined before the first. */
  readonly after: ShardName | undefined;
  readonly counters: ScrubCounters;
  /** Like findings, of what no shard is counted in. */
  readonly passedOver: readonly PassedOver[];
}

const NOTHING: ScrubCounters = {
  ...{ shards: 0, bytes: 0, ok: 0, corrupt: 0, missing: 0, unreadable: 0, vanished: 0, secondLooks: 0 },
};

export interface NewPass {
  readonly pool: PoolUuid;
  readonly clock: Clock;
  readonly last: ScrubRecord | undefined;
  readonly begunAnew: string | undefined;
}

/** The pass after `last`, whose findings stay until their shards are looked at again. */
export function newPass({ pool, clock, last, begunAnew }: NewPass): ScrubRecord {
  return {
    ...{ pool, begunAnew, pass: (last?.pass ?? 0) + 1, startedAt: wallTime(clock), endedAt: undefined },
    ...{ after: undefined, counters: NOTHING, findings: last?.findings ?? [], droppedFindings: 0 },
    passedOver: last?.passedOver ?? [],
  };
}

/** With one shard more. What it lies in can be looked at, then. */
export function counted(
  record: ScrubRecord,
  { name, sizeBytes }: StoredShard,
  result: ShardResult,
  clock: Clock,
): ScrubRecord {
  const { pass, counters } = record;
  const path = pathOfShard(name);
  const found = {
    ...withResult(record, { name, pass, foundAt: wallTime(clock) }, result),
    passedOver: record.passedOver.filter((one) => !`${path}/`.startsWith(`${one.path}/`)),
  };
  const one = { [result.kind]: counters[result.kind] + 1 };
  if (result.kind === 'vanished') return { ...record, ...found, after: name, counters: { ...counters, ...one } };
  const all = {
    shards: counters.shards + 1,
    bytes: counters.bytes + sizeBytes,
    secondLooks: counters.secondLooks + (result.kind === 'ok' && result.secondLook ? 1 : 0),
  };
  return { ...record, ...found, after: name, counters: { ...counters, ...one, ...all } };
}

/** The disk does not let this path be looked at. */
export function passingOver(record: ScrubRecord, path: string, error: CoucheStorError): ScrubRecord {
  return { ...record, passedOver: withPassedOver(record.passedOver, { path, pass: record.pass }, error) };
}

/** What was found earlier and not again is of shards that are gone, or can be looked at again. */
export function ended(record: ScrubRecord, clock: Clock): ScrubRecord {
  const isOfThis = ({ pass }: { readonly pass: number }): boolean => pass === record.pass;
  const [findings, passedOver] = [record.findings.filter(isOfThis), record.passedOver.filter(isOfThis)];
  return { ...record, findings, passedOver, endedAt: wallTime(clock) };
}

/**
 * As it was kept last; also beside a scrub that runs. Undefined: nothing was ever scrubbed.
 * @throws CoucheStorError `corrupt`, or of the disk.
 */
export async function readScrubRecord(files: PoolFiles): Promise<ScrubRecord | undefined> {
  return readSealed(files, SCRUB_PATH, parseScrubRecord);
}

/** Ends when it survives a power loss. */
export async function writeScrubRecord(files: PoolFiles, record: ScrubRecord): Promise<void> {
  const after = record.after && pathOfShard(record.after);
  await replaceSealed(files, SCRUB_PATH, { ...record, after, findings: findingsAsJson(record.findings) });
}

/** @throws CoucheStorError `invalid`, naming the field, for what no scrub has written. */
export function parseScrubRecord(value: unknown): ScrubRecord {
  const reader = FieldReader.of(value, 'scrub');
  const [endedAt, begunAnew, after] = ['endedAt', 'begunAnew', 'after'].map((field) => reader.take(field));
  const record = {
    pool: parsePoolUuid(reader.take('pool'), 'scrub.pool'),
    pass: reader.count('pass'),
    startedAt: reader.count('startedAt'),
    endedAt: endedAt === undefined ? undefined : FieldReader.of({ endedAt }, 'scrub').count('endedAt'),
    begunAnew: begunAnew === undefined ? undefined : textOf(begunAnew, 'begunAnew'),
    after: after === undefined ? undefined : parseShardPath(textOf(after, 'after')),
    counters: parseCounters(FieldReader.of(reader.take('counters'), 'scrub.counters')),
    findings: parseFindings(reader.take('findings')),
    droppedFindings: reader.count('droppedFindings'),
    passedOver: parsePassedOver(reader.take('passedOver') ?? []),
  };
  reader.end();
  return record;
}

function parseCounters(reader: FieldReader): ScrubCounters {
  const fields = Object.keys(NOTHING).map((field) => [field, reader.count(field)] as const);
  reader.end();
  return { ...NOTHING, ...Object.fromEntries(fields) };
}

/** In whole milliseconds, whatever the clock of the machine was set to. */
function wallTime(clock: Clock): number {
  return Math.max(0, Math.trunc(clock.now()));
}
