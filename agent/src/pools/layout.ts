/** What the program's own folder in a pool holds. */
import { randomBytes } from 'node:crypto';

/** Of the pool's own; everything beside it but lost+found is shards. */
export const POOL_FOLDER = '.couchestor';

export const IDENTITY_PATH = `${POOL_FOLDER}/pool.json`;
export const LOCK_PATH = `${POOL_FOLDER}/lock`;
export const HOLDER_PATH = `${POOL_FOLDER}/holder.json`;

/** Files that are being written. Nothing in it was acknowledged, so whoever holds the lock may empty it. */
export const INCOMING_FOLDER = `${POOL_FOLDER}/incoming`;
export const TOMBSTONES_FOLDER = `${POOL_FOLDER}/tombstones`;
export const QUARANTINE_FOLDER = `${POOL_FOLDER}/quarantine`;
export const SCRUB_PATH = `${POOL_FOLDER}/scrub.json`;

/** What a probe writes: not in INCOMING_FOLDER, which is emptied beside it. */
export const PROBE_PATH = `${POOL_FOLDER}/probe`;

/** What is there from the beginning. But for INCOMING_FOLDER, what is missing is lost. */
export const POOL_SUBFOLDERS = [INCOMING_FOLDER, TOMBSTONES_FOLDER, QUARANTINE_FOLDER] as const;

/** Made by the file system, not by us. */
export const LOST_AND_FOUND = 'lost+found';

const RANDOM_BYTES = 12;

/** A path in INCOMING_FOLDER that nobody else uses. */
export function newIncomingPath(): string {
  return `${INCOMING_FOLDER}/${randomBytes(RANDOM_BYTES).toString('hex')}.part`;
}
