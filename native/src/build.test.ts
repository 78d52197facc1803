/** Where there is no compiler: in a copy of the package, whose compiler is another program. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const native = join(import.meta.dirname, '..');
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'couchestor-build-'));
  copyFileSync(join(native, 'build.mjs'), join(copy, 'build.mjs'));
  symlinkSync(join(native, 'addon'), join(copy, 'addon'));
  symlinkSync(join(native, '..', 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true }));

function build(folder: string, compiler: string, ...flags: string[]): { status: number | null; lines: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'build.mjs'), ...flags], {
    encoding: 'utf8',
    env: { ...process.env, CC: compiler },
  });
  return { status, lines: stderr.split('\n').filter((line) => line !== '') };
}

describe('a build without a compiler', () => {
  it('says in one line what is slower and what to install, and succeeds', () => {
    const { status, lines } = build(copy, 'no-such-compiler');
    expect(status).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^native: no C compiler: .*slower.*apt-get install gcc libc6-dev/)]);
  });

  it('fails where the addon is required', () => {
    expect(build(copy, 'no-such-compiler', '--required').status).toBe(1);
  });

  it('leaves nothing behind when the compiler makes nothing', () => {
    const { status, lines } = build(copy, 'true');
    expect([status, lines.length]).toEqual([0, 1]);
    expect(existsSync(join(copy, 'build', 'couchestor.node'))).toBe(false);
  });

  it('does nothing where the addon is fresh', () => {
    expect(build(native, 'no-such-compiler', '--required')).toEqual({ status: 0, lines: [] });
  });
});
