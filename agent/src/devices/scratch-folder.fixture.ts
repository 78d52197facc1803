/** A folder of its own for each test, gone afterwards. */
import { afterEach, beforeEach } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
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
