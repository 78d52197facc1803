/** A pool as somebody sees it who only looks: without its lock, beside an agent that may be using it, and nothing is written. */
import { access, constants, stat } from 'node:fs/promises';
import { CoucheStorError, formatBytes, type Clock } from '@couchestor/common/base';
import { systemError } from '../devices/index.ts';
import {
  INCOMING_FOLDER,
  inspectPool,
  LinuxPoolFiles,
  PoolSpace,
  stateOf,
  type HealthCause,
  type PoolHolder,
  type PoolIdentity,
  type PoolProblem,
  type PoolState,
  type PoolUsage,
} from '../pools/index.ts';
import { readScrubRecord, type ScrubFinding } from '../scrub/index.ts';
import { StoreView } from '../store/index.ts';
import { shardCount } from './shard-count.ts';

/** What an agent refuses to open a pool for. */
type RefusalCause = 'recordsLost' | 'duplicate';

/** What is not well with a pool. */
export interface PoolConcern {
  readonly cause: HealthCause | RefusalCause;
  /** A clause for people. */
  readonly detail: string;
}

export interface SeenPool {
  readonly kind: 'pool';
  /** As it was named. */
  readonly path: string;
  readonly identity: PoolIdentity;
  /** Of the folder itself, under whatever name it is reached. */
  readonly folderKey: string;
  readonly isInUse: boolean;
  /** By whom, where that is known. */
  readonly holder?: PoolHolder | undefined;
  readonly usage: PoolUsage;
  /** As far as it can be told from outside; what an agent has met is known to that agent. */
  readonly state: PoolState;
  readonly concerns: readonly PoolConcern[];
  /** Until the look ends. */
  readonly view: StoreView;
  readonly files: LinuxPoolFiles;
}

export interface NoPool {
  readonly kind: 'problem';
  readonly path: string;
  readonly problem: PoolProblem;
  readonly error: CoucheStorError;
}

/** Calls `use` with the pool, which is held open until it ends. What the disk refuses is a problem of the pool. */
export async function lookAtPool<T>(
  path: string,
  clock: Clock,
  use: (look: SeenPool | NoPool) => Promise<T>,
): Promise<T> {
  const inspection = await inspectPool(path);
  if (inspection.kind === 'problem') return use({ ...inspection, path });
  const { identity, isInUse, holder } = inspection;
  const files = await unlessRefused(() => LinuxPoolFiles.open(path));
  if (files instanceof CoucheStorError) return use(refusedPool(path, files));
  try {
    const seen = await unlessRefused(() => facts(path, files, clock));
    if (seen instanceof CoucheStorError) return await use(refusedPool(path, seen));
    return await use({ kind: 'pool', path, identity, isInUse, holder, files, ...seen });
  } finally {
    await files.close();
  }
}

/** What is there and cannot be looked at. */
export function refusedPool(path: string, error: CoucheStorError): NoPool {
  return { kind: 'problem', path, problem: 'refused', error };
}

export function withConcern(look: SeenPool, concern: PoolConcern): SeenPool {
  const concerns = [...look.concerns, concern];
  return { ...look, concerns, state: stateWith(concerns) };
}

type Facts = Pick<SeenPool, 'folderKey' | 'usage' | 'concerns' | 'view' | 'state'>;

async function unlessRefused<T>(call: () => Promise<T>): Promise<T | CoucheStorError> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown;
    throw thrown;
  }
}

async function facts(path: string, files: LinuxPoolFiles, clock: Clock): Promise<Facts> {
  const usage = await new PoolSpace(files).usage();
  const view = await StoreView.open({ files, clock });
  const concerns = [
    ...recordConcerns(view),
    ...roomConcerns(usage),
    ...(await mountConcerns(path)),
    ...(await scrubConcerns(files)),
  ];
  return { folderKey: await folderKeyOf(path), usage, concerns, view, state: stateWith(concerns) };
}

function stateWith(concerns: readonly PoolConcern[]): PoolState {
  const causes = concerns.flatMap(({ cause }) => (cause === 'recordsLost' || cause === 'duplicate' ? [] : [cause]));
  return causes.length < concerns.length ? 'Faulted' : stateOf(causes);
}

async function folderKeyOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    throw systemError(error, { device: path, operation: 'stat' });
  }
}

/** Who opens a pool makes nothing but the folder for files that are being written. */
function recordConcerns({ own: { missing } }: StoreView): PoolConcern[] {
  const lost = missing.filter((path) => path !== INCOMING_FOLDER);
  if (lost.length === 0) return [];
  const what = `${lost.join(' and ')} ${lost.length === 1 ? 'is' : 'are'} gone`;
  return [{ cause: 'recordsLost', detail: `${what}, and what must not be deleted was kept there; restore it` }];
}

function roomConcerns({ freeForDataBytes, freeForRepairBytes, totalInodes, freeInodes }: PoolUsage): PoolConcern[] {
  if (totalInodes > 0 && freeInodes === 0) return [{ cause: 'noSpace', detail: 'it has no inodes left' }];
  if (freeForDataBytes > 0) return [];
  const rest = `${formatBytes(freeForRepairBytes)} are free, and those are kept for repair`;
  const detail = freeForRepairBytes === 0 ? 'it is full' : `it takes no new data: ${rest}`;
  return [{ cause: 'noSpace', detail }];
}

async function mountConcerns(path: string): Promise<PoolConcern[]> {
  try {
    await access(path, constants.W_OK);
    return [];
  } catch (error) {
    const isReadOnly = error instanceof Error && 'code' in error && error.code === 'EROFS';
    return isReadOnly ? [{ cause: 'fileSystemReadOnly', detail: 'its file system is mounted read-only' }] : [];
  }
}

/** A record that is damaged costs a pass of the scrub, and no more. */
async function scrubConcerns(files: LinuxPoolFiles): Promise<PoolConcern[]> {
  const record = await readScrubRecord(files).catch(() => undefined);
  if (record === undefined) return [];
  const { counters, findings, passedOver } = record;
  // Those of the pass before hold until their shards are looked at again; of those of this one, not all may be listed.
  const listed = (isMeant: (kind: ScrubFinding['kind']) => boolean): number =>
    findings.filter(({ kind }) => isMeant(kind)).length;
  const corrupt = Math.max(
    counters.corrupt + counters.missing,
    listed((kind) => kind !== 'unreadable'),
  );
  const unreadable = Math.max(
    counters.unreadable,
    listed((kind) => kind === 'unreadable'),
  );
  const places = passedOver.length;
  return [
    ...concernsOf('corruptShards', corrupt, `a scrub has found ${shardCount(corrupt)} corrupt`),
    ...concernsOf('diskErrors', unreadable, `a scrub could not read ${shardCount(unreadable)}`),
    ...concernsOf('diskErrors', places, `a scrub could not look at ${places} ${places === 1 ? 'place' : 'places'}`),
  ];
}

function concernsOf(cause: HealthCause, count: number, detail: string): PoolConcern[] {
  return count === 0 ? [] : [{ cause, detail }];
}
