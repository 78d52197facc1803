#!/usr/bin/env node
// Builds the C sources with the address and undefined-behaviour sanitizers, and runs sanitize/driver.c and then the random calls
// of src/random-calls.fixture.ts on them. By hand, after a change in addon/: the compiler needs half a minute.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const here = import.meta.dirname;
const folder = mkdtempSync(join(tmpdir(), 'couchestor-sanitize-'));
const sources = readdirSync(join(here, 'addon'))
  .filter((file) => file.endsWith('.c'))
  .map((file) => join(here, 'addon', file));
const headers = join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include');
const sanitized = ['-std=gnu11', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

function run(command, args, env = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } });
  if (result.status === 0) return;
  process.stderr.write(`sanitize: ${command} ended with ${result.status ?? result.signal ?? result.error}\n`);
  rmSync(folder, { recursive: true });
  process.exit(1);
}

const driver = join(folder, 'driver');
const library = sources.filter((file) => !/\/(arguments|binding-\w+|module)\.c$/.test(file));
run('gcc', [...sanitized, join(here, 'sanitize', 'driver.c'), ...library, '-o', driver, '-lpthread']);
run(driver, []);

const addon = join(folder, 'couchestor.node');
run('gcc', [
  ...sanitized,
  '-shared',
  '-fPIC',
  '-DNAPI_VERSION=8',
  `-I${headers}`,
  ...sources,
  '-o',
  addon,
  '-lpthread',
]);
const runtime = spawnSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).stdout.trim();
// Node itself leaks at its end, and V8 handles faults of its own.
const options = 'detect_leaks=0:handle_segv=0:handle_sigbus=0:allow_user_segv_handler=1';
run(process.execPath, ['--no-warnings', join(here, 'src', 'random-calls.fixture.ts'), addon, '50000', '7'], {
  LD_PRELOAD: runtime,
  ASAN_OPTIONS: options,
});
process.stdout.write('\nsanitize: nothing found\n');
rmSync(folder, { recursive: true });
