/**
 * Which pool a folder is, or what it is instead. Nothing is written, and nothing that is not certain is taken for a pool: an empty
 * folder is most often a disk that is not mounted, and never "all shards are gone".
 */
import { CoucheStorError, quote, type ErrorCode } from '@couchestor/common/base';
import {
  IDENTITY_PATH,
  LOCK_PATH,
  LOST_AND_FOUND,
  POOL_FOLDER,
  POOL_SUBFOLDERS,
  QUARANTINE_FOLDER,
  TOMBSTONES_FOLDER,
} from './layout.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import type { PoolFiles } from './pool-files.ts';
import { readHolder, type PoolHolder } from './pool-holder.ts';
import { parsePoolIdentity, type PoolIdentity } from './pool-identity.ts';
import { isLocked } from './pool-lock.ts';
import { readSealed } from './sealed-json.ts';

/** What a folder without a usable identity is; also the `fault` of the error. */
const FOLDERS = {
  emptyFolder: [
    'notFound',
    'it is empty',
    'Mount the disk of the pool there; or, if a new pool is wanted, make it with: couchestor-agent pool init.',
  ],
  unfinishedPool: [
    'notFound',
    'the making of a pool was interrupted here',
    'Make it again with: couchestor-agent pool init.',
  ],
  identityLost: [
    'corrupt',
    `${IDENTITY_PATH} is gone, and other content is there`,
    'Look at the health of the disk and restore the file; the shards in it are as they were.',
  ],
  foreignFolder: [
    'conflict',
    'it holds something else',
    'Check which disk is mounted there and which folder the configuration names; nothing was touched.',
  ],
} as const satisfies Record<string, readonly [ErrorCode, string, string]>;

type FolderProblem = keyof typeof FOLDERS;

export type PoolProblem = 'missingFolder' | 'notAFolder' | FolderProblem | 'damagedFile' | 'newerPool' | 'refused';

export type PoolInspection =
  | {
      readonly kind: 'pool';
      readonly identity: PoolIdentity;
      readonly isInUse: boolean;
      /** By whom it is in use, where that is known. */
      readonly holder?: PoolHolder;
    }
  | { readonly kind: 'problem'; readonly problem: PoolProblem; readonly error: CoucheStorError };

const IDENTITY_REMEDY =
  'Look at the health of the disk and restore the file from a copy. Do not delete it: without it nobody can tell that this is a pool, and the shards in it are as they were.';

/** What the making of a pool leaves when it is interrupted. */
const OF_THE_MAKING: ReadonlySet<string> = new Set([LOCK_PATH, ...POOL_SUBFOLDERS]);

/** Names shown of what is in a folder that is no pool. */
const MAX_SHOWN = 3;

/** Reads only, also beside a process that uses the pool. */
export async function inspectPool(path: string): Promise<PoolInspection> {
  try {
    return await inspected(path);
  } catch (error) {
    if (!(error instanceof CoucheStorError)) throw error;
    return { kind: 'problem', problem: problemOf(error), error };
  }
}

async function inspected(path: string): Promise<PoolInspection> {
  const files = await LinuxPoolFiles.open(path);
  try {
    const identity = await identityOf(files);
    const isInUse = await isLocked(files);
    const holder = isInUse ? await readHolder(files) : undefined;
    return { kind: 'pool', identity, isInUse, ...(holder === undefined ? {} : { holder }) };
  } finally {
    await files.close();
  }
}

/** @throws CoucheStorError whose `fault` says what is there instead. */
export async function identityOf(files: PoolFiles): Promise<PoolIdentity> {
  const identity = await readSealed(files, IDENTITY_PATH, parsePoolIdentity, IDENTITY_REMEDY);
  if (identity !== undefined) return identity;
  const names = (await namesIn(files, '')).filter((name) => name !== LOST_AND_FOUND);
  const records = names.includes(POOL_FOLDER) ? await recordsIn(files) : [];
  throw noPool(files.label, [...names, ...records]);
}

/** Paths of what only a whole pool gets. */
async function recordsIn(files: PoolFiles): Promise<readonly string[]> {
  const own = (await namesIn(files, POOL_FOLDER)).map((name) => `${POOL_FOLDER}/${name}`);
  const kept = [TOMBSTONES_FOLDER, QUARANTINE_FOLDER].filter((folder) => own.includes(folder));
  const inThem = await Promise.all(
    kept.map(async (folder) => (await namesIn(files, folder)).map((name) => `${folder}/${name}`)),
  );
  return [...own.filter((path) => !OF_THE_MAKING.has(path)), ...inThem.flat()];
}

async function namesIn(files: PoolFiles, folder: string): Promise<readonly string[]> {
  return ((await files.entries(folder)) ?? []).map(({ name }) => name);
}

/** @param names - in the folder, and paths of the records of a pool. */
function noPool(label: string, names: readonly string[]): CoucheStorError {
  const others = names.filter((name) => name !== POOL_FOLDER);
  const problem = problemWith(names, others);
  const [code, what, remedy] = FOLDERS[problem];
  const shown = others.slice(0, MAX_SHOWN).map(quote).join(', ');
  const found = others.length > MAX_SHOWN ? `${shown} and ${others.length - MAX_SHOWN} more` : shown;
  const detail = others.length === 0 ? what : `${what} (${found})`;
  return new CoucheStorError(code, `${label}: this is no pool: ${detail}. ${remedy}`, {
    fields: { pool: label, fault: problem, remedy, ...(others.length === 0 ? {} : { found }) },
  });
}

function problemWith(names: readonly string[], others: readonly string[]): FolderProblem {
  if (names.length === 0) return 'emptyFolder';
  if (others.length === 0) return 'unfinishedPool';
  return names.length > others.length ? 'identityLost' : 'foreignFolder';
}

function problemOf({ fields: { fault, errno } }: CoucheStorError): PoolProblem {
  if (errno === 'ENOENT') return 'missingFolder';
  if (fault === 'notAFolder' || fault === 'damagedFile' || fault === 'newerPool') return fault;
  return isFolderProblem(fault) ? fault : 'refused';
}

function isFolderProblem(fault: unknown): fault is FolderProblem {
  return typeof fault === 'string' && Object.hasOwn(FOLDERS, fault);
}
