/**
 * Runs the tests of the codec as on a machine without a C compiler: in a copy of the sources that has no native addon. Arguments go to
 * jest. What only the addon can do is tested in files named native-*, which are left out.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const COPIED = [
  'common',
  'docs/erasure.md',
  'native/package.json',
  'native/src',
  'package.json',
  'scripts/jest-strip-types.mjs',
  'test/fixtures',
];
/** Every package of the install, but the workspaces of the copy. */
function linkModules(copy: string): void {
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@couchestor'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@couchestor') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const name of ['common', 'native']) symlinkSync(join(copy, name), join(modules, '@couchestor', name));
}

function run(copy: string): number {
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
  linkModules(copy);
  const config = {
    rootDir: copy,
    roots: ['<rootDir>/common/src/erasure', '<rootDir>/common/src/coding'],
    testMatch: ['**/*.test.ts'],
    testPathIgnorePatterns: ['/native-'],
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': '<rootDir>/scripts/jest-strip-types.mjs' },
    testTimeout: 20_000,
    maxWorkers: 2,
  };
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const argv = ['--experimental-vm-modules', '--no-warnings', jest, '--config', JSON.stringify(config)];
  return spawnSync(process.execPath, [...argv, ...process.argv.slice(2)], { cwd: copy, stdio: 'inherit' }).status ?? 1;
}

const copy = mkdtempSync(join(tmpdir(), 'couchestor-without-addon-'));
try {
  process.exitCode = run(copy);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
