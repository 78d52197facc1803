/**
 * What an earlier process has left, whatever ended it: files that it was writing go, tombstones and quarantines stay in force. Their
 * folders are synced first, so that what is found there does not vanish in a later power loss.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { INCOMING_FOLDER, QUARANTINE_FOLDER, TOMBSTONES_FOLDER, type PoolEntry } from '../pools/index.ts';
import { takesWrites, type StoreParts } from './store-parts.ts';

export interface Leftovers {
  /** Files that nobody was told of, and that are gone now. */
  readonly incoming: number;
  readonly tombstones: number;
  readonly quarantines: number;
  /** Paths of what is none of these. It is never touched. */
  readonly foreign: readonly string[];
}

/** @throws CoucheStorError `corrupt` when a folder is not there, since nobody can know what it held; else of the disk. */
export async function adoptLeftovers(parts: StoreParts): Promise<Leftovers> {
  const { tombstones, quarantines } = parts;
  const incoming = await entriesOf(parts, INCOMING_FOLDER);
  const tombstoneFiles = await entriesOf(parts, TOMBSTONES_FOLDER);
  const quarantineFiles = await entriesOf(parts, QUARANTINE_FOLDER);
  const isWritable = takesWrites(parts);
  if (isWritable) {
    await parts.pool.files.syncFolder(TOMBSTONES_FOLDER);
    await parts.pool.files.syncFolder(QUARANTINE_FOLDER);
  }
  const foreign = [
    ...foldersIn(INCOMING_FOLDER, incoming),
    ...foldersIn(TOMBSTONES_FOLDER, tombstoneFiles),
    ...foldersIn(QUARANTINE_FOLDER, quarantineFiles),
    ...tombstones.adopt(filesIn(tombstoneFiles)).map((name) => `${TOMBSTONES_FOLDER}/${name}`),
    ...(await quarantines.adopt(filesIn(quarantineFiles))).map((name) => `${QUARANTINE_FOLDER}/${name}`),
  ];
  return {
    incoming: isWritable ? await removeAll(parts, filesIn(incoming)) : 0,
    tombstones: tombstones.size,
    quarantines: quarantines.size,
    foreign,
  };
}

async function entriesOf({ pool }: StoreParts, folder: string): Promise<readonly PoolEntry[]> {
  const entries = await pool.files.entries(folder);
  if (entries !== undefined) return entries;
  const path = `${pool.files.label}/${folder}`;
  throw new CoucheStorError(
    'corrupt',
    `${path} is not there, and with it is lost what must not be deleted. Restore it; or make it again, empty, when no shard was deleted and no volume quarantined.`,
    { fields: { path } },
  );
}

function filesIn(entries: readonly PoolEntry[]): string[] {
  return entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
}

function foldersIn(folder: string, entries: readonly PoolEntry[]): string[] {
  return entries.filter(({ kind }) => kind !== 'file').map(({ name }) => `${folder}/${name}`);
}

/** Those that the disk does not give up are left to the next one who opens the pool: nothing rests on their being gone. */
async function removeAll({ pool }: StoreParts, names: readonly string[]): Promise<number> {
  let removed = 0;
  for (const name of names) {
    try {
      if (await pool.files.unlink(`${INCOMING_FOLDER}/${name}`)) removed += 1;
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
    }
  }
  return removed;
}
