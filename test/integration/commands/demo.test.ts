/** The demo and the sandbox, as a newcomer runs them: what they show, how they are interrupted, and what they leave behind. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');
const main = (script: string): string[] => ['--no-warnings', join(root, 'scripts', script)];

/** Everything that a run may leave in it. */
let folder = '';
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couchestor-commands-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** npm has a cache of its own there. */
function leftovers(): string[] {
  return readdirSync(folder).filter((name) => name !== 'node-compile-cache');
}

interface Run {
  readonly output: () => string;
  readonly errors: () => string;
  /** Exit code. */
  readonly ended: Promise<number | null>;
}

/** In a process group of its own, as a terminal has it. */
function start(program: string, args: readonly string[]): Run {
  const env = { ...process.env, TMPDIR: folder };
  const run = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  child = run;
  const text = { output: '', errors: '' };
  run.stdout.on('data', (chunk: Buffer) => (text.output += chunk.toString()));
  run.stderr.on('data', (chunk: Buffer) => (text.errors += chunk.toString()));
  const ended = once(run, 'close').then(([code]) => code as number | null);
  return { output: () => text.output, errors: () => text.errors, ended };
}

async function until(holds: () => boolean, { ended, errors }: Run): Promise<void> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!holds()) {
    if (isOver) throw new Error(`it ended too early: ${errors()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** To the whole group, as the terminal does it. */
function pressCtrlC(): void {
  process.kill(-(child?.pid ?? 0), 'SIGINT');
}

describe('npm run demo', () => {
  it('moves volumes to where their I/O belongs, through a kill and an outage, and leaves nothing behind', async () => {
    const demo = start('npm', ['run', 'demo']);
    const status = await demo.ended;
    expect({ status, errors: status === 0 ? '' : demo.errors() + demo.output() }).toEqual({ status: 0, errors: '' });
    for (const shown of [
      /none has a migration/,
      /Killed while \S+ was Syncing at \d+ %/,
      /It was completed \d+\.\d s after the kill/,
      /cannot\s+move\s+to\s+the\s+cold\s+tier:\s+it\s+has\s+snapshots/,
      /TelemetryHealthy=False/,
      /opts\s+out of\s+tiering/,
      /Replicas moved +12 of 12 \(100 %\)/,
      /violations: none/,
    ]) {
      expect(demo.output()).toMatch(shown);
    }
    expect(leftovers()).toEqual([]);
  }, 160_000);

  it('cleans up when it is interrupted, and says by its exit code that it did not get to its end', async () => {
    const demo = start('npm', ['run', 'demo']);
    await until(() => demo.output().includes('2. The operator starts,'), demo);
    const mayastor = /^ +Mayastor +(\S+)$/m.exec(demo.output())?.[1] ?? '';
    expect((await fetch(`${mayastor}/nodes`)).status).toBe(200);
    pressCtrlC();
    expect(await demo.ended).not.toBe(0);
    expect(leftovers()).toEqual([]);
    await expect(fetch(`${mayastor}/nodes`)).rejects.toThrow('fetch failed');
  }, 30_000);

  it('cleans up when nobody reads its output any more', async () => {
    const demo = start(process.execPath, [...main('demo.ts')]);
    await until(() => demo.output().includes('2. The operator starts,'), demo);
    child?.stdout?.destroy();
    expect(await demo.ended).not.toBe(0);
    expect(leftovers()).toEqual([]);
  }, 30_000);

  it.each([['--sped-up'], ['--agents=3']])('refuses %s and says which flags exist', (flag) => {
    const options = { cwd: root, encoding: 'utf8', env: { ...process.env, TMPDIR: folder } } as const;
    const { status, stderr } = spawnSync(process.execPath, [...main('demo.ts'), flag], options);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/Unknown option[\s\S]*--keep/)]);
    expect(leftovers()).toEqual([]);
  });
});

describe('npm run sandbox', () => {
  it('says as JSON where everything is, runs until it is told to stop, and leaves nothing behind', async () => {
    const sandbox = start(process.execPath, [...main('sandbox.ts'), '--json', '--volumes=8', '--agents=0']);
    await until(() => sandbox.output().includes('\n'), sandbox);
    const where = JSON.parse(sandbox.output()) as Record<string, string> & { operator: { readyz: string } };
    expect(Object.keys(where).sort()).toEqual(
      ['control', 'exporters', 'kubeconfig', 'kubernetes', 'mayastor', 'operator', 'prometheus'].sort(),
    );
    expect(existsSync(where.kubeconfig ?? '')).toBe(true);
    expect((await fetch(`${where.mayastor}/nodes`)).status).toBe(200);
    const volumes = (await (await fetch(`${where.control}/volumes`)).json()) as { volumes: unknown[] };
    expect(volumes.volumes).toHaveLength(8);
    expect((await fetch(`${where.prometheus}/-/ready`)).status).toBe(200);
    expect([200, 503]).toContain((await fetch(where.operator.readyz)).status);
    pressCtrlC();
    expect(await sandbox.ended).toBe(0);
    expect(leftovers()).toEqual([]);
  }, 30_000);

  it.each([
    ['--volumes=0', /--volumes "0": give a whole number from 1 to 500/],
    ['--volumes=501', /--volumes "501": give a whole number/],
    ['--volumes=many', /--volumes "many": give a whole number/],
    ['--volumes=', /--volumes "": give a whole number/],
    ['--agents=3', /--agents "3": the agent of storage nodes is not written yet/],
    ['--agents=-1', /--agents "-1": that is no number of agents/],
  ])('refuses %s with the usage, and starts nothing', (flag, message) => {
    const options = { cwd: root, encoding: 'utf8', env: { ...process.env, TMPDIR: folder } } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [...main('sandbox.ts'), flag], options);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('Usage: npm run sandbox');
    expect(leftovers()).toEqual([]);
  });
});
