#!/usr/bin/env node
// Compiles addon/*.c to build/couchestor.node with the C compiler that is there. Does nothing when that is fresh; where it cannot
// be made, one line says why, no older one is left to be loaded, and the exit status is 0, unless --required. Runs when the
// package is installed, and from the bootstrap.
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
  ...[
    '-DNAPI_VERSION=8',
    '-U_FORTIFY_SOURCE',
    '-D_FORTIFY_SOURCE=2',
    '-fstack-protector-strong',
    '-fvisibility=hidden',
  ],
  // A signal handler reads a variable of its thread, and stays when the last thread that loaded the addon has ended.
  ...['-ftls-model=initial-exec', '-Wl,-z,nodelete,-z,relro,-z,now'],
];

/** Ends the process: what is missing is a failure only where it was required. */
function giveUp(problem) {
  try {
    for (const stale of [stampFile, output]) if (existsSync(stale)) rmSync(stale);
  } catch (error) {
    problem += ` (and that of older sources stays: ${error.message})`;
  }
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

/** A program and its first arguments: CC may be `ccache gcc`. */
function findCompiler() {
  const wished = process.env.CC?.trim();
  const candidates = (wished ? [wished] : ['cc', 'gcc', 'clang']).map((command) => command.split(/\s+/));
  const runs = ([program, ...args]) => spawnSync(program, [...args, '--version'], { stdio: 'ignore' }).status === 0;
  return candidates.find(runs) ?? giveUp(wished ? `CC='${wished}' cannot be run` : 'no C compiler');
}

function hashOfInputs(headers) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${FLAGS.join(' ')}\n`);
  hash.update(readFileSync(join(headers, '..', 'package.json')));
  for (const file of readdirSync(sourceFolder).sort())
    hash.update(`${file}\n`).update(readFileSync(join(sourceFolder, file)));
  return hash.digest('hex');
}

/** Beside what builds that were killed left there. */
function makeBuildFolder() {
  mkdirSync(buildFolder, { recursive: true });
  for (const file of readdirSync(buildFolder)) {
    const pid = Number(/^couchestor\.node\.(\d+)$/.exec(file)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(buildFolder, file), { force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/** Two builds at once, or a process that has the addon loaded, never meet half a file. */
function compile([compiler, ...args], headers) {
  const temporary = `${output}.${process.pid}`;
  const sources = readdirSync(sourceFolder).filter((file) => file.endsWith('.c'));
  const inputs = [`-I${headers}`, ...sources.map((file) => join(sourceFolder, file))];
  const strict = process.env.CI === 'true' ? ['-Werror'] : [];
  const compiled = spawnSync(compiler, [...args, ...FLAGS, ...strict, ...inputs, '-o', temporary, '-lpthread'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (compiled.status !== 0 || !existsSync(temporary)) {
    rmSync(temporary, { force: true });
    giveUp(`${[compiler, ...args].join(' ')} failed`);
  }
  return temporary;
}

if (process.platform !== 'linux') giveUp(`no addon is made for ${process.platform}`);
const headers = findHeaders();
const wanted = hashOfInputs(headers);
if (existsSync(output) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) process.exit(0);

const compiler = findCompiler();
try {
  makeBuildFolder();
  const temporary = compile(compiler, headers);
  rmSync(stampFile, { force: true });
  renameSync(temporary, output);
  writeFileSync(stampFile, wanted);
} catch (error) {
  giveUp(`${buildFolder} cannot be written: ${error.message}`);
}
