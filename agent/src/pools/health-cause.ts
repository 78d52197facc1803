/** What an error says about a disk: pure, from the errno, the call that met it and what it was asked of. */
import type { CoucheStorError } from '@couchestor/common/base';
import { DISK_ERRNOS, type DeviceOperation } from '../devices/index.ts';
import { INCOMING_FOLDER, POOL_FOLDER, PROBE_PATH, SCRUB_PATH } from './layout.ts';

export interface MetError {
  readonly error: CoucheStorError;
  readonly operation: DeviceOperation;
  /** Below the pool. */
  readonly path: string;
}

type ErrorCause =
  'noSpace' | 'tooManyOpenFiles' | 'fileSystemReadOnly' | 'syncFailed' | 'fileSystemFailed' | 'diskErrors';

/** Whatever the call, but that a failed sync is worse than what passes by itself. */
const CAUSE_OF_ERRNO: ReadonlyMap<unknown, ErrorCause> = new Map([
  ['EROFS', 'fileSystemReadOnly'],
  ['EMFILE', 'tooManyOpenFiles'],
  ['ENFILE', 'tooManyOpenFiles'],
  ['EUCLEAN', 'fileSystemFailed'],
  ['EBADMSG', 'fileSystemFailed'],
  ['ESHUTDOWN', 'fileSystemFailed'],
  ['ENODEV', 'fileSystemFailed'],
  ['ENXIO', 'fileSystemFailed'],
]);

const DISK: ReadonlySet<unknown> = new Set(DISK_ERRNOS);

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Before anything was synced: a folder is opened for it, and a sync itself is not refused in this way. */
const OF_OPENING: ReadonlySet<unknown> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR'],
]);

/** Calls on one file, which may be all that a bad sector takes. */
const OF_ONE_FILE: ReadonlySet<DeviceOperation> = new Set(['open', 'read', 'write', 'close']);

/** Undefined: nothing about the disk, such as that something is not there or may not be touched. */
export function causeOf(met: MetError): ErrorCause | undefined {
  const { errno, fault } = met.error.fields;
  const known = CAUSE_OF_ERRNO.get(errno);
  if (known === 'fileSystemFailed') return known;
  if (isFailedSync(met)) return 'syncFailed';
  if (known !== undefined) return known;
  if (FULL.has(errno)) return 'noSpace';
  if (fault === 'noProgress') return 'diskErrors';
  if (!DISK.has(errno)) return undefined;
  return OF_ONE_FILE.has(met.operation) && isShardPath(met.path) ? 'diskErrors' : 'fileSystemFailed';
}

/** Whatever the kernel says of it: what was to be synced is lost, and the next sync will not tell. */
function isFailedSync({ error, operation }: MetError): boolean {
  const { errno, fault } = error.fields;
  if (fault !== 'system' || OF_OPENING.has(errno)) return false;
  // What a file lost for want of room is its own; what a folder lost are names of files that others rely on.
  return operation === 'syncFolder' || (operation === 'sync' && !FULL.has(errno));
}

/** Whether a cause is counted by files. */
export function isShardError(cause: ErrorCause): cause is 'diskErrors' {
  return cause === 'diskErrors';
}

/** What can be had again counts as one: a file that is being written, what a probe writes, and how far a scrub is. */
function isShardPath(path: string): boolean {
  if (path === PROBE_PATH || path === SCRUB_PATH) return true;
  return !path.startsWith(`${POOL_FOLDER}/`) || path.startsWith(`${INCOMING_FOLDER}/`);
}
