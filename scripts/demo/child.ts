/**
 * A process of the demo, in a group of its own: Ctrl-C reaches the demo alone, which then ends its processes in order. Once it
 * was closed it cannot be started again, so that nothing starts behind the back of a demo that is being interrupted.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Of what it writes, enough to say why it ended. */
const KEPT_LOG_LENGTH = 8_192;
/** What does not end when told to is made to. */
const PATIENCE_MS = 12_000;

export class Child {
  readonly #what: string;
  #process: ChildProcess | undefined;
  #isClosed = false;
  #log = '';

  /** `what` names it in messages. */
  constructor(what: string) {
    this.#what = what;
  }

  /** Returns what it first writes to standard output. Thrown: Error with its log when it ends before. */
  async start(main: string, flags: Readonly<Record<string, string | number>>): Promise<string> {
    if (this.#isClosed) throw new Error(`${this.#what} is not started any more`);
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(process.execPath, ['--no-warnings', main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = child;
    this.#log = '';
    // However this process ends, but by SIGKILL.
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const first = Promise.withResolvers<string>();
    child.on('error', (error) => first.reject(error));
    child.on('close', () => first.reject(new Error(`${this.#what} ended before it was ready:\n${this.#log}`)));
    child.stdout.once('data', (chunk: Buffer) => first.resolve(chunk.toString()));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-KEPT_LOG_LENGTH)));
    }
    return first.promise;
  }

  /** The end of its log, once it ended without having been told to. */
  get deathCry(): string | undefined {
    const child = this.#process;
    return child !== undefined && (child.exitCode ?? child.signalCode) !== null ? this.#log : undefined;
  }

  /** Waits for its end. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || (child.exitCode ?? child.signalCode) !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(timer);
  }

  /** For ever. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.end('SIGTERM');
  }
}
