/** Paths below a pool: names with '/' between them. Every implementation of PoolFiles refuses the same ones. */
import { quote } from '@couchestor/common/base';
import { deviceError, type FailedCall } from '../devices/index.ts';
import { LOCK_PATH } from './layout.ts';

/** Operations that may be asked of the pool's own folder, whose path is empty. */
const OF_THE_POOL: ReadonlySet<string> = new Set(['entries', 'stat', 'syncFolder', 'space', 'lock']);

const MAX_NAME_BYTES = 255;

/** @throws CoucheStorError `invalid`: the path leads, or could lead, elsewhere, or to what is not to be touched. */
export function checkPath(path: string, call: FailedCall): void {
  if (path === '' && OF_THE_POOL.has(call.operation)) return;
  for (const name of path.split('/')) {
    if (isName(name)) continue;
    throw deviceError('badPath', call, `${quote(path)} is no path below a pool`);
  }
  // The kernel takes a lock from a process that closes any descriptor of the file (fcntl(2), "Advisory record locking").
  if (path === LOCK_PATH && call.operation === 'open') {
    throw deviceError('badPath', call, 'whoever opened and closed it would give up the lock of the pool');
  }
}

function isName(name: string): boolean {
  return (
    name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && Buffer.byteLength(name) <= MAX_NAME_BYTES
  );
}

/** The folders above a path, from the top, without the pool. */
export function ancestorsOf(path: string): string[] {
  const names = path.split('/');
  return names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join('/'));
}

/** The folder that a path is in; '' is the pool. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}
