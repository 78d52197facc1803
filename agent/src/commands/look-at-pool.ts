/** A pool as somebody sees it who only looks: without its lock, beside an agent that may be using it, and nothing is written. */
import { access, constants } from 'node:fs/promises';
import { CoucheStorError, formatBytes, type Clock } from '@couchestor/common/base';
import {
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
import { readScrubRecord } from '../scrub/index.ts';
import { StoreView } from '../store/index.ts';
import { shardCount } from './shard-count.ts';

/** What is not well with a pool that can be used. */
export interface PoolConcern {
  readonly cause: HealthCause;
  /** A clause for people. */
  readonly detail: string;
}

export interface SeenPool {
  readonly kind: 'pool';
  /** As it was named. */
  readonly path: string;
  readonly identity: PoolIdentity;
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
  const files = await LinuxPoolFiles.open(path);
  try {
    const seen = await factsUnlessRefused(path, files, clock);
    if (seen instanceof CoucheStorError) return await use({ kind: 'problem', path, problem: 'refused', error: seen });
    return await use({ kind: 'pool', path, identity, isInUse, holder, files, ...seen });
  } finally {
    await files.close();
  }
}

type Facts = Pick<SeenPool, 'usage' | 'concerns' | 'view' | 'state'>;

async function factsUnlessRefused(path: string, files: LinuxPoolFiles, clock: Clock): Promise<Facts | CoucheStorError> {
  try {
    return await facts(path, files, clock);
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown;
    throw thrown;
  }
}

async function facts(path: string, files: LinuxPoolFiles, clock: Clock): Promise<Facts> {
  const usage = await new PoolSpace(files).usage();
  const concerns = [...roomConcerns(usage), ...(await mountConcerns(path)), ...(await scrubConcerns(files))];
  const view = await StoreView.open({ files, clock });
  return { usage, concerns, view, state: stateOf(concerns.map(({ cause }) => cause)) };
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
  const { counters } = (await readScrubRecord(files).catch(() => undefined)) ?? {};
  if (counters === undefined) return [];
  const bad = counters.corrupt + counters.missing;
  return [
    ...(bad === 0 ? [] : [{ cause: 'corruptShards' as const, detail: `a scrub has found ${shardCount(bad)} corrupt` }]),
    ...(counters.unreadable === 0
      ? []
      : [{ cause: 'diskErrors' as const, detail: `a scrub could not read ${shardCount(counters.unreadable)}` }]),
  ];
}
