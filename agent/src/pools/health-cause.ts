/** What an error says about a disk: pure, from the errno, the call that met it and what it was asked of. */
import type { CoucheStorError } from '@couchestor/common/base';
import type { DeviceOperation } from '../devices/index.ts';
import { INCOMING_FOLDER, POOL_FOLDER, SCRUB_PATH } from './layout.ts';

export interface MetError {
  readonly error: CoucheStorError;
  readonly operation: DeviceOperation;
  /** Below the pool. */
  readonly path: string;
}

type ErrorCause =
  'noSpace' | 'tooManyOpenFiles' | 'fileSystemReadOnly' | 'syncFailed' | 'fileSystemFailed' | 'diskErrors';

/** Whatever the call. */
const CAUSE_OF_ERRNO: ReadonlyMap<unknown, ErrorCause> = new Map([
  ['EROFS', 'fileSystemReadOnly'],
  ['EMFILE', 'tooManyOpenFiles'],
  ['ENFILE', 'tooManyOpenFiles'],
  ['EUCLEAN', 'fileSystemFailed'],
  ['ESHUTDOWN', 'fileSystemFailed'],
  ['ENODEV', 'fileSystemFailed'],
  ['ENXIO', 'fileSystemFailed'],
]);

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Calls on one file, which may be all that a bad sector takes. */
const OF_ONE_FILE: ReadonlySet<DeviceOperation> = new Set(['open', 'read', 'write', 'close']);

/** Undefined: nothing about the disk, such as that something is not there or may not be touched. */
export function causeOf({ error, operation, path }: MetError): ErrorCause | undefined {
  const { errno, fault } = error.fields;
  const known = CAUSE_OF_ERRNO.get(errno);
  if (known !== undefined) return known;
  // What a file lost for want of room is its own; what a folder lost are names of files that others rely on.
  if (FULL.has(errno)) return operation === 'syncFolder' ? 'syncFailed' : 'noSpace';
  if (fault === 'noProgress') return 'diskErrors';
  if (errno !== 'EIO') return undefined;
  if (operation === 'sync' || operation === 'syncFolder') return 'syncFailed';
  return OF_ONE_FILE.has(operation) && isShardPath(path) ? 'diskErrors' : 'fileSystemFailed';
}

/** Whether a cause is counted by files. */
export function isShardError(cause: ErrorCause): cause is 'diskErrors' {
  return cause === 'diskErrors';
}

/** What can be had again counts as one: a file that is being written, and how far a scrub is. */
function isShardPath(path: string): boolean {
  return !path.startsWith(`${POOL_FOLDER}/`) || path.startsWith(`${INCOMING_FOLDER}/`) || path === SCRUB_PATH;
}
