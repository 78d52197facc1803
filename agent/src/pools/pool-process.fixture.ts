/**
 * A process that uses a pool, started by tests: `node pool-process.fixture.ts init|open|look PATH`. It says on a line what came of it;
 * one that has opened a pool keeps it until its standard input ends, and one that looks whether it is in use goes on looking till then.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { CoucheStorError, parseNodeName, realClock } from '@couchestor/common/base';
import { inspectPool } from './identify-pool.ts';
import { initPool } from './init-pool.ts';
import { Pool } from './pool.ts';

export interface PoolProcess {
  readonly process: ChildProcess;
  /** What came of it: a code of errors, or `done`. */
  readonly outcome: Promise<string>;
}

export function startPoolProcess(command: 'init' | 'open' | 'look', path: string): PoolProcess {
  const child = spawn(process.execPath, ['--no-warnings', import.meta.filename, command, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const outcome = new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('the process said nothing')));
  });
  return { process: child, outcome };
}

/** With a signal or, without one, of its own accord. */
export async function endPoolProcess({ process: child }: PoolProcess, signal?: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  if (signal === undefined) child.stdin?.end();
  else child.kill(signal);
  await exit;
}

async function run([command, path = '']: readonly string[]): Promise<void> {
  try {
    if (command === 'init') {
      await initPool(path, { node: parseNodeName('node-1'), tier: 'hot', clock: realClock });
      console.log('done');
      return;
    }
    if (command === 'look') {
      await look(path);
      return;
    }
    const pool = await Pool.open(path, { clock: realClock });
    console.log('done');
    await finished(process.stdin.resume());
    await pool.close();
  } catch (error) {
    console.log(error instanceof CoucheStorError ? error.code : String(error));
  }
}

async function look(path: string): Promise<void> {
  process.stdin.resume();
  await inspectPool(path);
  console.log('done');
  while (!process.stdin.readableEnded) await inspectPool(path);
}

if (process.argv[1] === import.meta.filename) await run(process.argv.slice(2));
