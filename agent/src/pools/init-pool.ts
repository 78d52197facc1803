/**
 * Makes a pool of an empty folder. The identity comes last and at once, so that there is a whole pool or none; what an interrupted
 * attempt left behind is taken up by the next one.
 */
import { randomUUID } from 'node:crypto';
import { CoucheStorError, parsePoolUuid, type Clock, type NodeName, type PoolUuid } from '@couchestor/common/base';
import { identityOf } from './identify-pool.ts';
import { IDENTITY_PATH, POOL_FOLDER, POOL_SUBFOLDERS } from './layout.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import type { PoolFiles } from './pool-files.ts';
import { poolInUse } from './pool-holder.ts';
import { identityRecord, POOL_FORMAT_VERSION, type PoolIdentity, type PoolTier } from './pool-identity.ts';
import { takeLock } from './pool-lock.ts';
import { replaceSealed } from './sealed-json.ts';

export interface NewPool {
  readonly node: NodeName;
  readonly tier: PoolTier;
  /** Default: a random one. */
  readonly uuid?: PoolUuid;
  readonly clock: Clock;
  /** Says what would be made, or why it would be refused, and makes nothing. */
  readonly dryRun?: boolean;
}

/** Of which a pool is made. */
const FRESH: ReadonlySet<unknown> = new Set(['emptyFolder', 'unfinishedPool']);

/**
 * @param path - of a folder that is there and has nothing in it but lost+found.
 * @throws CoucheStorError `alreadyExists`: it is a pool; or whatever else it is, by `fault`.
 */
export async function initPool(path: string, pool: NewPool): Promise<PoolIdentity> {
  const identity: PoolIdentity = {
    formatVersion: POOL_FORMAT_VERSION,
    uuid: pool.uuid ?? parsePoolUuid(randomUUID()),
    node: pool.node,
    tier: pool.tier,
    createdAt: new Date(pool.clock.now()).toISOString(),
  };
  const files = await LinuxPoolFiles.open(path);
  try {
    await checkFresh(files);
    await checkOutside(files);
    if (pool.dryRun !== true) await make(files, identity);
  } finally {
    await files.close();
  }
  return identity;
}

async function make(files: LinuxPoolFiles, identity: PoolIdentity): Promise<void> {
  await files.makeFolder(POOL_FOLDER);
  const lock = await takeLock(files);
  if (lock === 'held' || lock === 'readOnly') throw poolInUse(files.label, undefined);
  try {
    // Somebody else may have made one before the lock was ours.
    await checkFresh(files);
    await writePool(files, identity);
  } finally {
    lock.release();
  }
}

/** On any file system that has checkFresh() behind it. */
export async function writePool(files: PoolFiles, identity: PoolIdentity): Promise<void> {
  await files.makeFolder(POOL_FOLDER);
  for (const folder of POOL_SUBFOLDERS) await files.makeFolder(folder);
  // Before the identity: a pool that has one has its folders, and where one is missing it was lost.
  await files.syncFolder(POOL_FOLDER);
  await files.syncFolder('');
  await replaceSealed(files, IDENTITY_PATH, identityRecord(identity));
}

/** A pool in a pool would be something foreign to the outer one, which does not know whose bytes it counts. */
async function checkOutside(files: LinuxPoolFiles): Promise<void> {
  const outer = await files.folderAbove(IDENTITY_PATH);
  if (outer === undefined) return;
  const remedy = 'Name a folder outside of it; one disk has one pool.';
  throw new CoucheStorError('conflict', `${files.label}: it is in the pool ${outer}. ${remedy}`, {
    fields: { pool: files.label, fault: 'insideAPool', outer, remedy },
  });
}

async function checkFresh(files: PoolFiles): Promise<void> {
  let identity: PoolIdentity;
  try {
    identity = await identityOf(files);
  } catch (error) {
    if (error instanceof CoucheStorError && FRESH.has(error.fields.fault)) return;
    throw error;
  }
  const remedy = 'Use it as it is; or name another folder.';
  throw new CoucheStorError(
    'alreadyExists',
    `${files.label}: this is the pool ${identity.uuid} of node ${identity.node} already. ${remedy}`,
    { fields: { pool: files.label, fault: 'alreadyAPool', uuid: identity.uuid, node: identity.node, remedy } },
  );
}
