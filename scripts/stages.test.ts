import { describe, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jestCounts, runStage, type Counts } from './stages.ts';

const root = join(import.meta.dirname, '..');
const script = join(root, 'scripts', 'stages.ts');

function stages(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('node', ['--no-warnings', script, ...args], { cwd: root, encoding: 'utf8' });
}

async function quietly(command: string[], limitMs = 20_000): Promise<Counts> {
  const silence = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    return await runStage({ name: 'trial', command }, limitMs);
  } finally {
    silence.mockRestore();
  }
}

/** Waits until a file has its one line, which a process writes when it is up. */
async function lineOf(file: string): Promise<string> {
  for (;;) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (text.endsWith('\n')) return text.trim();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('the command line of the stages', () => {
  it.each([
    [['test', '--only', 'nope'], "unknown stage 'nope'"],
    [['test', '--only='], "unknown stage ''"],
    [['test', 'common/src'], "unknown argument 'common/src'"],
    [['tset'], "unknown command 'tset'"],
    [['constructor'], "unknown command 'constructor'"],
    [[], "unknown command ''"],
    [['check', '--onyl', 'unit'], "Unknown option '--onyl'"],
  ])('refuses %j, runs nothing and shows the usage', (args, problem) => {
    const { status, stdout, stderr } = stages(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/Usage: [^]*integration/);
  });

  it('lists the stages that would run', () => {
    const { status, stdout } = stages('check', '--only', 'unit,types', '--list');
    expect(status).toBe(0);
    expect(stdout.split('\n').map((line) => line.split('\t')[0])).toEqual(['types', 'unit', '']);
  });
});

describe('a stage', () => {
  it('counts as one, passed or failed by its exit code', async () => {
    expect(await quietly(['true'])).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(await quietly(['false'])).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(await quietly(['no-such-program'])).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('fails when it takes too long, and is stopped with all that it started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-stages-'));
    const file = join(folder, 'pid');
    try {
      const counts = quietly(['sh', '-c', `sleep 600 & echo $! > ${file}; wait`], 1_000);
      const pid = Number(await lineOf(file));
      expect(await counts).toEqual({ passed: 0, failed: 1, skipped: 0 });
      while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends with the process that runs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-stages-'));
    const file = join(folder, 'pid');
    const command = JSON.stringify(['sh', '-c', `echo $$ > ${file}; exec sleep 600`]);
    const code = `import { runStage } from ${JSON.stringify(script)}; await runStage({ name: 'x', command: ${command} }, 60_000);`;
    try {
      const runner = spawn('node', ['--no-warnings', '--input-type=module', '--eval', code], { stdio: 'ignore' });
      const ended = once(runner, 'exit');
      const pid = Number(await lineOf(file));
      runner.kill('SIGINT');
      expect((await ended)[0]).toBe(130);
      while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the counts of a test run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-stages-'));
  const counts = (report: object | string, code: number): Counts => {
    const file = join(folder, 'report.json');
    writeFileSync(file, typeof report === 'string' ? report : JSON.stringify(report));
    return jestCounts(file, code);
  };
  const report = {
    numPassedTests: 7,
    numFailedTests: 0,
    numPendingTests: 2,
    numTodoTests: 1,
    numRuntimeErrorTestSuites: 0,
  };

  it('are its tests', () => {
    expect(counts(report, 0)).toEqual({ passed: 7, failed: 0, skipped: 3 });
    expect(counts({ ...report, numFailedTests: 2 }, 1)).toEqual({ passed: 7, failed: 2, skipped: 3 });
  });

  it('have a failure for a suite that did not load, a bad end, and a report that is not there', () => {
    expect(counts({ ...report, numRuntimeErrorTestSuites: 1 }, 1).failed).toBe(1);
    expect(counts(report, 1).failed).toBe(1);
    expect(counts('{"numPassed', 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(jestCounts(join(folder, 'none.json'), 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});
