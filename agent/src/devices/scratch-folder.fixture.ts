/** A folder of its own for each test, gone afterwards; on a disk or in memory, where that makes the difference. */
import { afterEach, beforeEach, describe } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ScratchFolder {
  /** A path in the folder of the running test. */
  path(name: string): string;
}

export function scratchFolder(parent = tmpdir()): ScratchFolder {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(parent, 'couchestor-device-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return { path: (name) => join(folder, name) };
}

const TMPFS = 0x01021994;
const MEMORY = '/dev/shm';
const CHECKOUT = join(import.meta.dirname, '..', '..', '..');

const isTmpfs = (folder: string): boolean => existsSync(folder) && statfsSync(folder).type === TMPFS;

/** A `describe` that gets scratch folders on a disk; where there is none it counts as skipped, and its name says why. */
export function describeOnDisk(title: string, body: (scratch: ScratchFolder) => void): void {
  const parent = [tmpdir(), CHECKOUT].find((folder) => !isTmpfs(folder));
  if (parent !== undefined) describe(title, () => body(scratchFolder(parent)));
  else describe.skip(`${title} [skipped: needs a temporary folder on a disk; set TMPDIR]`, () => body(scratchFolder()));
}

/** The same in memory. */
export function describeOnTmpfs(title: string, body: (scratch: ScratchFolder) => void): void {
  if (isTmpfs(MEMORY)) describe(title, () => body(scratchFolder(MEMORY)));
  else describe.skip(`${title} [skipped: needs a tmpfs at ${MEMORY}]`, () => body(scratchFolder()));
}
