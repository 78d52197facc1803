#!/usr/bin/env node
// Compiles addon/*.c to build/couchestor.node with the C compiler that is there. Does nothing when that is fresh; without a
// compiler it says so in one line and succeeds, unless --required. Runs when the package is installed, and from the bootstrap.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const sourceFolder = join(import.meta.dirname, 'addon');
const buildFolder = join(import.meta.dirname, 'build');
const output = join(buildFolder, 'couchestor.node');
const stampFile = join(buildFolder, 'stamp');
const SLOWER = 'erasure coding and checksums run several times slower, and files are not mapped';
const REMEDY = 'install gcc and libc6-dev (apt-get install gcc libc6-dev), then run: node native/build.mjs';

const FLAGS = [
  ...['-shared', '-fPIC', '-std=gnu11', '-O3', '-Wall', '-Wextra'],
  ...['-DNAPI_VERSION=8', '-D_FORTIFY_SOURCE=2', '-fstack-protector-strong', '-fvisibility=hidden'],
  // A signal handler reads a variable of its thread, and stays when the last thread that loaded the addon has ended.
  ...['-ftls-model=initial-exec', '-Wl,-z,nodelete,-z,relro,-z,now'],
];

/** Ends the process: what is missing is a failure only where it was required. */
function giveUp(problem) {
  process.stderr.write(`native: ${problem}: ${SLOWER}; ${REMEDY}\n`);
  process.exit(process.argv.includes('--required') ? 1 : 0);
}

function findHeaders() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
  } catch {
    return giveUp('node-api-headers is not installed');
  }
}

function findCompiler() {
  const candidates = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

function hashOfInputs(headers) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${FLAGS.join(' ')}\n`);
  hash.update(readFileSync(join(headers, '..', 'package.json')));
  for (const file of readdirSync(sourceFolder).sort())
    hash.update(`${file}\n`).update(readFileSync(join(sourceFolder, file)));
  return hash.digest('hex');
}

if (process.platform !== 'linux') giveUp(`no addon is made for ${process.platform}`);
const headers = findHeaders();
const wanted = hashOfInputs(headers);
if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) process.exit(0);

const compiler = findCompiler();
if (compiler === undefined) giveUp('no C compiler');
mkdirSync(buildFolder, { recursive: true });
// Two builds at once, or a process that has the addon loaded, never meet half a file.
const temporary = `${output}.${process.pid}`;
const sources = readdirSync(sourceFolder).filter((file) => file.endsWith('.c'));
const inputs = [`-I${headers}`, ...sources.map((file) => join(sourceFolder, file))];
const strict = process.env.CI === 'true' ? ['-Werror'] : [];
const compiled = spawnSync(compiler, [...FLAGS, ...strict, ...inputs, '-o', temporary, '-lpthread'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (compiled.status !== 0 || !existsSync(temporary)) {
  rmSync(temporary, { force: true });
  giveUp(`${compiler} failed`);
}
rmSync(stampFile, { force: true });
renameSync(temporary, output);
writeFileSync(stampFile, wanted);
