/** `couchestor-agent` as a process of its own: how long it takes, and the most memory that it has had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMsOf } from '../child-cpu.ts';

const MAIN = join(import.meta.dirname, '../../agent/src/main.ts');

export interface WatchFigures {
  /** Of one look when nothing has changed; undefined where the system does not say (other than Linux). */
  readonly cpuMsPerLook: number | undefined;
  readonly peakRssMiB: number | undefined;
}

/** A look every so often, for as many as were asked for, after the first ones have been waited for. */
export async function watchByProcess(
  root: string,
  { looks, intervalMs }: { readonly looks: number; readonly intervalMs: number },
): Promise<WatchFigures> {
  const args = ['--no-warnings', MAIN, 'discover', '--root', root, '--watch', '--interval', `${intervalMs}ms`];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    child.stdout.resume();
    const { pid } = child;
    if (pid === undefined) throw new Error('the agent was not started');
    await sleep(2 * intervalMs);
    const before = cpuMsOf(pid);
    await sleep(looks * intervalMs);
    const after = cpuMsOf(pid);
    const used = before === undefined || after === undefined ? undefined : (after - before) / looks;
    return { cpuMsPerLook: used, peakRssMiB: peakRssMiBOf(pid) };
  } finally {
    child.kill('SIGKILL');
  }
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function peakRssMiBOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const kibibytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

/** The whole command, from its start to its last byte. */
export async function discoverByProcess(root: string): Promise<void> {
  await succeed(process.execPath, ['--no-warnings', MAIN, 'discover', '--root', root, '-o', 'json']);
}

/** Everything that lsblk knows of the same tree. */
export async function listByLsblk(root: string): Promise<void> {
  await succeed('lsblk', ['--json', '--bytes', '--output-all', '--sysroot', root]);
}

/** Thrown when it cannot be run or fails. */
async function succeed(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code ?? 'a signal'}`);
}
