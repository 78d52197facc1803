/**
 * Looks for what is wrong with a pool without reading all of it: what its own folder holds, what lies beside the shards, and both
 * ends of each shard. It reads only, beside whoever uses the pool: what goes or is replaced meanwhile is no problem.
 */
import { CoucheStorError, toCoucheStorError } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { allocateAligned } from '../devices/index.ts';
import { INCOMING_FOLDER, SCRUB_PATH } from '../pools/index.ts';
import { readScrubRecord } from '../scrub/index.ts';
import { examineShard, pathOfShard, WindowPool, type ShardName } from '../shards/index.ts';
import type { SeenPool } from './look-at-pool.ts';

export interface PoolFinding {
  /** Below the pool; '.': of the pool as a whole. */
  readonly path: string;
  /** One word. */
  readonly problem: string;
  /** A sentence or a clause for people. */
  readonly detail: string;
}

export interface CheckedShards {
  readonly shards: number;
  readonly bytes: number;
}

export interface CheckListener {
  readonly found: (finding: PoolFinding) => void;
  /** `share` of the pool, from 0 to 1. */
  readonly reached: (share: number, checked: CheckedShards) => void;
}

/** Read at a time. */
const SHARDS_AT_ONCE = 8;

/** Holds both ends of nearly every shard. */
const WINDOW_BYTES = 128 * 1024;

/** @returns what was looked at when it ended, or was stopped. */
export async function checkPool(pool: SeenPool, listener: CheckListener, stopped: AbortSignal): Promise<CheckedShards> {
  const checked = { shards: 0, bytes: 0 };
  try {
    await checkOwnFolder(pool, listener);
    const windows = new WindowPool({
      windowBytes: WINDOW_BYTES,
      windows: SHARDS_AT_ONCE,
      waiting: 0,
      allocate: allocateAligned,
    });
    const onRefused = (path: string, error: CoucheStorError): void => listener.found(refused(path, error));
    for await (const { shards, foreign, progress } of pool.view.stripes({ onRefused })) {
      for (const path of foreign) listener.found(foreignAt(path));
      for (let at = 0; at < shards.length; at += SHARDS_AT_ONCE) {
        if (stopped.aborted) return checked;
        const some = shards.slice(at, at + SHARDS_AT_ONCE);
        const findings = await Promise.all(some.map(async ({ name }) => checkShard(pool, windows, name)));
        for (const finding of findings) if (finding !== undefined) listener.found(finding);
        checked.shards += some.length;
        for (const { sizeBytes } of some) checked.bytes += sizeBytes;
      }
      listener.reached(progress, checked);
    }
  } catch (thrown) {
    if (!(thrown instanceof CoucheStorError)) throw thrown;
    listener.found({ ...refused('.', thrown), detail: `${thrown.message} What follows was not looked at.` });
  }
  return checked;
}

async function checkOwnFolder({ view, files, concerns }: SeenPool, { found }: CheckListener): Promise<void> {
  for (const { cause, detail } of concerns) {
    // Told by their paths.
    if (cause !== 'recordsLost') found({ path: '.', problem: cause, detail });
  }
  for (const path of view.own.missing) found({ path, problem: 'missing', detail: missingDetail(path) });
  for (const path of view.own.foreign) found(foreignAt(path));
  for await (const { path, error } of view.damagedRecords()) found(refused(path, error));
  await readScrubRecord(files).catch((thrown: unknown) => found(refused(SCRUB_PATH, toCoucheStorError(thrown))));
}

function missingDetail(path: string): string {
  if (path === INCOMING_FOLDER) return 'nothing is kept there; it is made again when the pool is opened';
  return 'what must not be deleted was kept there; restore the folder';
}

/** What looks bad is looked at again, for it may have been replaced meanwhile. */
async function checkShard(pool: SeenPool, windows: WindowPool, name: ShardName): Promise<PoolFinding | undefined> {
  return (await lookAtShard(pool, windows, name)) === undefined ? undefined : lookAtShard(pool, windows, name);
}

const { crc32c } = chooseCrc32c();

async function lookAtShard(
  { files }: SeenPool,
  windows: WindowPool,
  name: ShardName,
): Promise<PoolFinding | undefined> {
  const path = pathOfShard(name);
  try {
    const device = await files.openDirect(path);
    if (device === undefined) return undefined;
    try {
      const examined = await examineShard({ device, windows, crc32c }, name);
      if (examined.kind === 'open') return undefined;
      if (examined.kind === 'unreadable') return refused(path, examined.error);
      return { path, problem: examined.reason, detail: examined.detail };
    } finally {
      await device.close();
    }
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return refused(path, thrown);
    throw thrown;
  }
}

function refused(path: string, { code, message, fields: { fault } }: CoucheStorError): PoolFinding {
  const problem = code === 'corrupt' || code === 'conflict' ? 'damaged' : 'unreadable';
  return { path, problem: fault === 'damagedFile' ? 'damaged' : problem, detail: message };
}

function foreignAt(path: string): PoolFinding {
  return { path, problem: 'foreign', detail: 'it is no part of a pool, and is never touched; move it elsewhere' };
}
