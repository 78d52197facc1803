/** `kubectl-couchestor` as a process of its own: with a kubeconfig, a home directory, and nothing else of the machine's user. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const MAIN = join(import.meta.dirname, '..', '..', '..', 'cli', 'src', 'main.ts');
/** Compiled once for all: each process of a test would spend half of its time on that. */
const COMPILED = join(import.meta.dirname, '..', '..', '..', '.cache', 'compiled');
const WITHIN_MS = 30_000;
const POLL_MS = 20;

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Running {
  readonly #child: ChildProcessWithoutNullStreams;
  #out = '';
  #err = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text));
    child.stdin.end();
  }

  /** Waits until it has said it, on standard output or standard error. Thrown when it does not: an Error with what it said. */
  async says(text: RegExp): Promise<void> {
    const deadlineMs = performance.now() + WITHIN_MS;
    while (!text.test(this.#out + this.#err)) {
      if (performance.now() > deadlineMs) throw new Error(`never said ${text}:\n${this.#out}${this.#err}`);
      await sleep(POLL_MS);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** As kill -9 does. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** As Ctrl-C does. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  async outcome(): Promise<Outcome> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close');
    return { code: this.#child.exitCode, out: this.#out, err: this.#err };
  }
}

export class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'couchestor-cli-'));
  readonly #kubeconfig: string | undefined;
  readonly #running: ChildProcessWithoutNullStreams[] = [];

  /** `kubeconfig`: a file, as the variable KUBECONFIG. */
  constructor(kubeconfig?: string) {
    this.#kubeconfig = kubeconfig;
  }

  start(
    args: readonly string[],
    [program, ...first]: readonly string[] = [process.execPath, '--no-warnings', MAIN],
  ): Running {
    const PATH = [this.folder, process.env.PATH].join(':');
    const kubeconfig = this.#kubeconfig === undefined ? {} : { KUBECONFIG: this.#kubeconfig };
    const env = { PATH, HOME: this.folder, KUBECACHEDIR: this.folder, NODE_COMPILE_CACHE: COMPILED, ...kubeconfig };
    const child = spawn(program ?? '', [...first, ...args], { env, cwd: this.folder });
    this.#running.push(child);
    return new Running(child);
  }

  run(args: readonly string[], program?: readonly string[]): Promise<Outcome> {
    return this.start(args, program).outcome();
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
