/** `operator-under-test.ts` as a child process: ready before it begins, told its fate, and watched to its end. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pace } from './fast-clock.ts';
import type { Fate, Order } from './operator-under-test.ts';

const entry = join(import.meta.dirname, 'operator-under-test.ts');

export interface OperatorOptions {
  readonly args: readonly string[];
  readonly pace: Pace;
  /** Of this process alone. */
  readonly marksFile: string;
  /** Folder of what Node compiled, for all that start later. */
  readonly compiled: string;
}

export class OperatorProcess {
  readonly #child: ChildProcess;
  readonly #marksFile: string;
  readonly #ready: Promise<unknown>;
  #output = '';

  constructor({ args, pace, marksFile, compiled }: OperatorOptions) {
    this.#marksFile = marksFile;
    this.#child = fork(entry, args, {
      execArgv: ['--no-warnings'],
      env: { PATH: process.env.PATH, PACE: JSON.stringify(pace), MARKS: marksFile, NODE_COMPILE_CACHE: compiled },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    // An order to one that has just ended is for nobody.
    this.#child.on('error', () => undefined);
    this.#ready = once(this.#child, 'message');
    this.#ready.catch(() => undefined);
  }

  /** All that it has written so far. */
  get output(): string {
    return this.#output;
  }

  /** The boundaries it has passed so far, in order. */
  get marks(): readonly string[] {
    if (!existsSync(this.#marksFile)) return [];
    return readFileSync(this.#marksFile, 'utf8').split('\n').slice(0, -1);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async begin(): Promise<void> {
    await this.#ready;
    await this.#tell({ kind: 'begin' });
  }

  /** From now on; what was passed before does not count. */
  async meet(fate: Fate): Promise<void> {
    await this.#ready;
    await this.#tell({ kind: 'fate', fate });
  }

  /** From now on, also before it begins. */
  async setPace(pace: Pace): Promise<void> {
    await Promise.race([this.#ready.then(() => this.#tell({ kind: 'pace', pace })), this.ended()]);
  }

  async #tell(order: Order): Promise<void> {
    const understood = once(this.#child, 'message');
    this.#child.send(order);
    await understood;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<number | string | null> {
    if (!this.hasEnded) await once(this.#child, 'exit');
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }
}
