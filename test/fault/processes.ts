/** Runs programs of these tests where system calls fail, and reads the line of JSON that they print for each thing that they did. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Report {
  readonly what: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly reports: readonly Report[];
  /** What it, or the program before it, wrote to standard error. */
  readonly errors: string;
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
}

/** Most of what a short life costs is the loading of its sources. */
const COMPILED = join(import.meta.dirname, '..', '..', '.cache', 'compiled');

/** @param before - the command line that the process is started with, as an argument of it. */
export async function runScript(script: string, before: readonly string[], ...args: readonly string[]): Promise<Ended> {
  const [program = '', ...rest] = [...before, process.execPath, '--no-warnings', script, ...args];
  // One thread for files: which call of its kind a call is does not depend on timing then.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_COMPILE_CACHE: COMPILED };
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => resolve(ended));
  });
  const lines = output.split('\n').filter((line) => line !== '');
  return { reports: lines.map((line) => JSON.parse(line) as Report), errors, code, signal };
}
