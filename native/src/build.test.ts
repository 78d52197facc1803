/** What a build does with compilers, sources and folders of all kinds, in a copy of the package. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const native = join(import.meta.dirname, '..');
let copy = '';

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'couchestor-build-'));
  copyFileSync(join(native, 'build.mjs'), join(copy, 'build.mjs'));
  symlinkSync(join(native, '..', 'node_modules'), join(copy, 'node_modules'));
});

afterEach(() => rmSync(copy, { recursive: true }));

/** Any C will do: a whole addon takes seconds. */
function writeSource(text: string): void {
  mkdirSync(join(copy, 'addon'), { recursive: true });
  writeFileSync(join(copy, 'addon', 'source.c'), text);
}

function build(compiler: string, ...flags: string[]): { status: number | null; lines: string[] } {
  const { status, stderr } = spawnSync(process.execPath, [join(copy, 'build.mjs'), ...flags], {
    encoding: 'utf8',
    env: { ...process.env, CC: compiler },
  });
  return { status, lines: stderr.split('\n').filter((line) => line !== '') };
}

const built = (): string[] => readdirSync(join(copy, 'build')).sort();
const FRESH = ['couchestor.node', 'stamp'];
const DONE = { status: 0, lines: [] };

describe('a build', () => {
  it('does nothing where the addon is fresh', () => {
    cpSync(join(native, 'addon'), join(copy, 'addon'), { recursive: true });
    cpSync(join(native, 'build'), join(copy, 'build'), { recursive: true });
    expect(build('no-such-compiler', '--required')).toEqual(DONE);
  });

  it('takes a compiler with arguments', () => {
    writeSource('#ifndef WISHED\n#error\n#endif\n');
    expect(build(' cc  -DWISHED ', '--required')).toEqual(DONE);
    expect(built()).toEqual(FRESH);
  });

  it('removes what builds that were killed left, and nothing of one that runs', () => {
    writeSource('int made;\n');
    mkdirSync(join(copy, 'build'));
    const { pid } = spawnSync('true');
    for (const builder of [pid, process.pid]) writeFileSync(join(copy, 'build', `couchestor.node.${builder}`), '');
    expect(build('cc')).toEqual(DONE);
    expect(built()).toEqual(['couchestor.node', `couchestor.node.${process.pid}`, 'stamp']);
  });
});

describe('a build that cannot be', () => {
  it('says in one line what is slower and what to install, and succeeds', () => {
    writeSource('int made;\n');
    const { status, lines } = build('no-such-compiler');
    expect(status).toBe(0);
    expect(lines).toEqual([
      expect.stringMatching(/^native: CC='no-such-compiler' cannot be run: .*slower.*apt-get install gcc libc6-dev/),
    ]);
  });

  it('fails where the addon is required', () => {
    writeSource('int made;\n');
    expect(build('no-such-compiler', '--required').status).toBe(1);
  });

  it('leaves nothing behind when the compiler makes nothing', () => {
    writeSource('int made;\n');
    const { status, lines } = build('true');
    expect([status, lines.length, built()]).toEqual([0, 1, []]);
  });

  it.each([
    ['the compiler is gone', 'int changed;', 'no-such-compiler'],
    ['the new sources do not compile', 'int = ;', 'cc'],
  ])('leaves no addon of older sources to be loaded when %s', (_, source, compiler) => {
    writeSource('int made;\n');
    expect(build('cc')).toEqual(DONE);
    writeSource(source);
    expect(build(compiler).status).toBe(0);
    expect(built()).toEqual([]);
  });

  it('fails no install where its folder cannot be written', () => {
    writeSource('int made;\n');
    writeFileSync(join(copy, 'build'), 'no folder');
    const { status, lines } = build('cc');
    expect(status).toBe(0);
    expect(lines).toEqual([expect.stringMatching(/^native: .*build cannot be written: EEXIST/)]);
    expect(build('cc', '--required').status).toBe(1);
  });
});
