/**
 * Runs the stages of `npm run check` and `npm test` one after the other and closes with the line
 * `N passed, N failed, N skipped`: a test counts as itself, any other stage as one. A failed stage does not stop the
 * others, so that one run shows everything there is to mend.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const cache = join(root, '.cache');
/** No one part's tests may take longer; a longer mode is a flag of its own. */
const STAGE_LIMIT_MS = 180_000;

export interface Stage {
  name: string;
  command: string[];
  /** The jest projects of a test stage; its tests are counted one by one. */
  jest?: true;
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const jest = (name: string, ...args: string[]): Stage => ({
  name,
  jest: true,
  command: [
    'node',
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    ...args,
  ],
});

/** Unit tests that compute for long, and those that write to disks, each in a stage of its own. */
const CODEC = '/(erasure|coding|native)/';
const AGENT = '/agent/src/';

const check: Stage[] = [
  { name: 'format', command: ['npm', 'run', '--silent', 'format:check'] },
  { name: 'types', command: ['npm', 'run', '--silent', 'types'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'layering', command: ['npm', 'run', '--silent', 'layering'] },
  { name: 'generated', command: ['node', 'scripts/generate.ts', '--check'] },
  { name: 'fields', command: ['node', '--no-warnings', 'scripts/fields.ts'] },
  jest('tidy', 'tidy'),
  jest('unit', 'unit', `--testPathIgnorePatterns=${CODEC}|${AGENT}`),
  jest('agent', 'unit', `--testPathPatterns=${AGENT}`),
  jest('codec', 'unit', `--testPathPatterns=${CODEC}`),
  { name: 'without-addon', jest: true, command: ['node', '--no-warnings', 'scripts/without-addon.ts'] },
];

const COMMANDS: ReadonlyMap<string, readonly Stage[]> = new Map([
  ['check', check],
  [
    'test',
    [
      ...check,
      { name: 'docs', command: ['npm', 'run', '--silent', 'docs'] },
      jest('contract', 'contract'),
      jest('fault', 'fault'),
      jest('disks', 'disks'),
      jest('integration', 'integration'),
      // Processes that mostly wait for each other's clocks.
      jest('operator', 'operator', 'migration', '--maxWorkers=4'),
      jest('cli', 'cli'),
      jest('simulation', 'simulation'),
      // A process for every boundary; and what mostly waits.
      jest('kill', 'crash', '--testPathPatterns=killed-'),
      jest('crash', 'crash', '--testPathIgnorePatterns=killed-|outage', '--maxWorkers=4'),
      jest('outage', 'crash', '--testPathPatterns=outage'),
    ],
  ],
]);

function usage(): string {
  const lines = [...COMMANDS].map(
    ([command, stages]) => `  ${command.padEnd(5)}  ${stages.map(({ name }) => name).join(', ')}\n`,
  );
  return `Usage: npm run check [-- FLAG...], npm test [-- FLAG...]

  --only STAGE[,STAGE]  run these stages alone
  --list                print the stages with their commands and run none

Stages:
${lines.join('')}`;
}

/** A stage is a process group of its own, so that it can be stopped with all that it started. */
function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export async function runStage(stage: Stage, limitMs: number): Promise<Counts> {
  const report = join(cache, `jest-${stage.name}.json`);
  rmSync(report, { force: true });
  const argv = [...stage.command, ...(stage.jest ? ['--json', `--outputFile=${report}`] : [])];
  const started = performance.now();
  process.stdout.write(`\n── ${stage.name}\n`);
  // jest prints its JSON to standard output too; the report of a person's interest is on standard error.
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    cwd: root,
    stdio: ['ignore', stage.jest ? 'ignore' : 'inherit', 'inherit'],
    detached: true,
  });
  // Ctrl-C reaches this process only.
  const interrupted = (): never => {
    killGroup(child);
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const timer = setTimeout(() => {
    process.stdout.write(`${stage.name}: stopped after ${limitMs / 1000} s, the limit of one part\n`);
    killGroup(child);
  }, limitMs);
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      process.stdout.write(`${stage.name}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (status) => resolve(status ?? 1));
  });
  clearTimeout(timer);
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  const counts = stage.jest
    ? jestCounts(report, code)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${counts.failed === 0 ? '✓' : '✗'} ${stage.name}: ${line(counts)} (${seconds} s)\n`);
  return counts;
}

/** A run that ended badly without a failed test (a crash, a suite that does not load) still counts as one failure. */
export function jestCounts(report: string, code: number): Counts {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
    const failed = Math.max((result.numFailedTests ?? 0) + (result.numRuntimeErrorTestSuites ?? 0), code === 0 ? 0 : 1);
    return {
      passed: result.numPassedTests ?? 0,
      failed,
      skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const line = (counts: Counts): string => `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;

interface Request {
  stages: readonly Stage[];
  list: boolean;
}

/** What the arguments ask for, or what is wrong with them. */
function readArguments(): Request | 'help' | { problem: string } {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return 'help';
  const [command = '', extra] = positionals;
  const stages = COMMANDS.get(command);
  if (stages === undefined) return { problem: `unknown command '${command}'` };
  if (extra !== undefined) return { problem: `unknown argument '${extra}'; stages are chosen with --only` };
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !stages.some((stage) => stage.name === name));
  if (unknown !== undefined) return { problem: `unknown stage '${unknown}'` };
  const chosen = stages.filter(({ name }) => only === undefined || only.includes(name));
  return { stages: chosen, list: values.list === true };
}

async function main(): Promise<number> {
  const request = readArguments();
  if (request === 'help') {
    process.stdout.write(usage());
    return 0;
  }
  if ('problem' in request) {
    process.stderr.write(`${request.problem}\n\n${usage()}`);
    return 2;
  }
  if (request.list) {
    process.stdout.write(request.stages.map((stage) => `${stage.name}\t${stage.command.join(' ')}\n`).join(''));
    return 0;
  }
  mkdirSync(cache, { recursive: true });
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const stage of request.stages) {
    const counts = await runStage(stage, STAGE_LIMIT_MS);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  writeFileSync(join(cache, 'summary.txt'), `${line(total)}\n`);
  process.stdout.write(`\n${line(total)}\n`);
  return total.failed === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
