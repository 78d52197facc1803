#!/usr/bin/env node
// Makes a fresh clone ready and hands over to the command under the pinned Node. It runs on whatever Node started it
// (20 or newer) and imports nothing that npm would have to install first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.couchestor-lock');
const isWindows = process.platform === 'win32';

const COMMANDS = {
  bootstrap: [],
  check: ['scripts/stages.ts', 'check'],
  test: ['scripts/stages.ts', 'test'],
  bench: ['bench/main.ts'],
  build: ['scripts/build.ts'],
  demo: ['scripts/demo.ts'],
  sandbox: ['scripts/sandbox.ts'],
  'kube-api': ['sandbox/src/main.ts'],
};

/** The commands that build the native addon when its sources have changed. */
const USES_ADDON = new Set(['bootstrap', 'check', 'test', 'bench']);

function usage() {
  return `Usage: node scripts/bootstrap.mjs COMMAND [ARGUMENT...]

Installs what the checkout lacks, then runs COMMAND under the Node version that package.json pins.

  bootstrap  install only: npm packages, kubectl and helm, and on Debian as root the packages that tests use
  check      format, types, lint, layering, generated files, observed fields, house rules and unit tests
  test       check, then the API reference and the contract, fault and integration tests
  bench      measure an area (bench -- --help lists them)
  build      bundle the operator as dist/couchestor-operator.mjs, one file that runs on Node alone
  demo       start the sandbox and show how volumes move (demo -- --help lists its flags)
  sandbox    start the world of the demo and leave it running (sandbox -- --help lists its flags)
  kube-api   run couchestor-sandbox alone, a Kubernetes API server (kube-api --help lists its flags)
`;
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: isWindows, ...options });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

function say(message) {
  process.stderr.write(`bootstrap: ${message}\n`);
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function installNpmPackages() {
  const wanted = hashOf(join(root, 'package-lock.json'));
  const found = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
  if (found === wanted) return;
  say('installing npm packages');
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say('npm ci failed; is the npm registry reachable? See the messages above.');
    process.exit(status);
  }
  writeFileSync(stampFile, wanted);
}

/** The Debian packages whose programs or files the tests use. Elsewhere those tests are skipped with this install line. */
function installDebianPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'scripts/debian-packages.json'), 'utf8'));
  const onPath = (program) =>
    (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
  const isThere = ({ program, file }) => (program === undefined ? existsSync(file) : onPath(program));
  const missing = packages.filter((one) => !isThere(one)).map(({ name }) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    say(`tests that need ${missing.join(', ')} will be skipped; install with: apt-get install ${missing.join(' ')}`);
    return;
  }
  say(`installing Debian packages: ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { stdio: ['ignore', 'ignore', 2], env };
  if (run('apt-get', ['update', '-qq'], quiet) !== 0) say('apt-get update failed, trying to install all the same');
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...missing];
  if (run('apt-get', install, quiet) !== 0)
    say(`apt-get ${install.join(' ')} failed; tests that need these are skipped`);
}

function pinnedNode() {
  const node = join(modules, 'node', 'bin', isWindows ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= Number(engines.node.match(/\d+/)[0])) return process.execPath;
  say(`the pinned Node is missing and this one is ${process.version}; CoucheStor needs Node ${engines.node}`);
  process.exit(1);
}

// Ctrl-C is for the command, which cleans up after itself; this process waits for it.
process.on('SIGINT', () => undefined);

const [command = '--help', ...args] = process.argv.slice(2);
if (command === '--help' || command === '-h') {
  process.stdout.write(usage());
} else if (!Object.hasOwn(COMMANDS, command)) {
  process.stderr.write(`bootstrap: unknown command '${command}'\n\n${usage()}`);
  process.exitCode = 2;
} else {
  installNpmPackages();
  const node = pinnedNode();
  const env = { ...process.env, PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter) };
  if (command === 'bootstrap' || command === 'test') {
    mkdirSync(join(root, '.cache'), { recursive: true });
    installDebianPackages();
    run(node, ['--no-warnings', 'scripts/tools.ts'], { env, stdio: ['ignore', 2, 2] });
  }
  if (USES_ADDON.has(command)) {
    // It does nothing when the sources have not changed. Without the addon its tests fail, and all else goes on.
    const required = command === 'test' ? ['--required'] : [];
    process.exitCode = run(node, ['native/build.mjs', ...required], { env, stdio: ['ignore', 2, 2] });
  }
  const [script, ...rest] = COMMANDS[command];
  if (script !== undefined) {
    const status = run(node, ['--no-warnings', script, ...rest, ...args], { env });
    process.exitCode ||= status;
  }
}
