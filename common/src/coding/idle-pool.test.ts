import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const program = join(import.meta.dirname, 'idle-pool.fixture.ts');

describe('a process with a pool', () => {
  it.each([
    [1, 0],
    [2, 1],
    [2, 9],
  ])('of %d threads ends by itself when its %d pieces of work are done, and not before', (threads, pieces) => {
    const argv = ['--no-warnings', program, String(threads), String(pieces)];
    const { status, signal, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 15_000 });
    expect({ status, signal, done: stdout.split('done').length - 1 }).toEqual({
      status: 0,
      signal: null,
      done: pieces,
    });
  });
});
