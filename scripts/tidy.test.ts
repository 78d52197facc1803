/** What no linter knows: the house rules of CONTRIBUTING.md, over every tracked file. */
import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = files.filter((file) => /\.(ts|mjs)$/.test(file) && !file.includes('/generated/'));
const manifests = files.filter((file) => file.endsWith('package.json'));
const pages = files.filter((file) => file.endsWith('.md'));

/** Files that may be longer, each with its reason. */
const LONGER: Record<string, string> = {};
const LINE_LIMIT = 400;

/** Where tests are skipped for what a machine lacks, each with its reason in its name. */
const SKIPPING = ['test/skips.ts', 'agent/src/devices/scratch-folder.fixture.ts'];

/** Whether a source imports or resolves the package. */
const uses = (file: string, name: string): boolean =>
  new RegExp(`(from |import |import\\(|resolve\\()'${name}['/]`).test(read(file));

const offenders = (candidates: string[], isOffence: (file: string) => boolean): string[] =>
  candidates.filter(isOffence);

describe('every source file', () => {
  it('can be read in one sitting', () => {
    const long = offenders(sources, (file) => read(file).split('\n').length > LINE_LIMIT && LONGER[file] === undefined);
    expect(long).toEqual([]);
  });

  it('is named in kebab case', () => {
    expect(offenders(sources, (file) => !/(^|\/)\.?[a-z0-9]+([-.][a-z0-9]+)*\.(ts|mjs)$/.test(file))).toEqual([]);
  });

  it('opens with what it is', () => {
    const silent = sources.filter((file) => !file.endsWith('.test.ts') && !/(^|\/)index\.ts$/.test(file));
    expect(offenders(silent, (file) => !/^(#!.*\n)?(\/\*\*|\/\/)/.test(read(file)))).toEqual([]);
  });

  it('has no leftovers', () => {
    // Spelled so that this file does not offend itself.
    const words = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX:', 'for ' + 'now', 'not ' + 'implemented'].join('|'),
    );
    expect(offenders(sources, (file) => words.test(read(file)))).toEqual([]);
  });

  it('focuses and skips no test', () => {
    const focused = /\b(it|test|describe)\.(only|skip|todo)\b|\bx(it|describe|test)\(|\bf(it|describe)\(/;
    expect(offenders(sources, (file) => !SKIPPING.includes(file) && focused.test(read(file)))).toEqual([]);
  });
});

describe('every tracked file', () => {
  it('names no registry host and no path of one machine', () => {
    const hosts = new RegExp(['https?://(registry|deb)\\.', '/work' + '/', '/root' + '/'].join('|'));
    const text = files.filter((file) => /\.(ts|mjs|json|md|ya?ml|sh)$|^\.ci\//.test(file));
    expect(offenders(text, (file) => hosts.test(read(file)))).toEqual([]);
  });
});

function peersOf(name: string): string[] {
  const manifest = join(root, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return [];
  const { peerDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    peerDependencies?: Record<string, string>;
  };
  return Object.keys(peerDependencies);
}

describe('dependencies', () => {
  const declared = manifests.flatMap((file) => {
    const manifest = JSON.parse(read(file)) as Record<string, Record<string, string> | undefined>;
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    return Object.entries(all).map(([name, version]) => ({ file, name, version }));
  });

  it('are pinned to exact versions', () => {
    expect(declared.filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it('have one version each across the workspaces', () => {
    const versions = new Map<string, Set<string>>();
    for (const { name, version } of declared) versions.set(name, (versions.get(name) ?? new Set()).add(version));
    expect([...versions].filter(([, found]) => found.size > 1)).toEqual([]);
  });

  it('are each named with a reason in docs/dependencies.md', () => {
    const page = read('docs/dependencies.md');
    const unnamed = declared.filter(({ name }) => !name.startsWith('@couchestor/') && !page.includes(`\`${name}\``));
    expect(unnamed.map(({ name }) => name)).toEqual([]);
  });

  it('of a workspace are each used there, if only by another that asks for them', () => {
    const isPeer = (file: string, name: string): boolean =>
      declared.some((one) => one.file === file && peersOf(one.name).includes(name));
    const idle = declared.filter(
      ({ file, name }) =>
        dirname(file) !== '.' &&
        !isPeer(file, name) &&
        !sources.some((source) => source.startsWith(`${dirname(file)}/`) && uses(source, name)),
    );
    expect(idle.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  it('that docs/dependencies.md gives a reason for are there', () => {
    const rows = [...read('docs/dependencies.md').matchAll(/^\| ((?:`[^`]+`(?:, )?)+) \|/gm)].map(
      ([, cell]) => cell ?? '',
    );
    const named = rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !declared.some((one) => one.name === name))).toEqual([]);
  });

  it('are locked without the address of a registry', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved": "http/);
  });
});

describe('documentation', () => {
  it('links only to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !existsSync(resolve(root, dirname(page), target)))
        .map((target) => `${page} -> ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('gives the two commands, and CI runs the second', () => {
    expect(read('README.md')).toMatch(/npm run demo/);
    expect(read('README.md')).toMatch(/npm test/);
    expect(read('.ci/run')).toMatch(/^npm test$/m);
  });

  it('has a place in the changelog for what is not released', () => {
    expect(read('CHANGELOG.md')).toMatch(/^## \[Unreleased\]$/m);
  });
});
