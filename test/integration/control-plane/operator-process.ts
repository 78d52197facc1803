/** `couchestor-operator` as a child process, as it is started in a pod: arguments, environment, log lines, signals. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** From its sources. */
const main = join(import.meta.dirname, '..', '..', '..', 'control-plane', 'src', 'main.ts');
const SERVING_WITHIN_MS = 20_000;
const EVENTUALLY_MS = 20_000;
const POLL_MS = 100;

export type LogLine = Readonly<Record<string, unknown>>;
type Urls = Readonly<Record<'metrics' | 'probes' | 'api', string>>;
type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv, program = main): Child {
  return spawn(process.execPath, ['--no-warnings', program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs it to its end. */
export async function outcomeOf(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; out: string; err: string }> {
  const child = run(args, env);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

export class OperatorProcess {
  readonly lines: LogLine[] = [];
  readonly #child: Child;
  #err = '';
  #urls: Urls = { metrics: '', probes: '', api: '' };

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Resolves when it serves; ports are free ones unless `args` say otherwise. Thrown when it does not: an Error with its output. */
  static async start(args: readonly string[], env: NodeJS.ProcessEnv = {}, program?: string): Promise<OperatorProcess> {
    const ports = [
      '--metrics-port=0',
      '--probe-port=0',
      '--api-port=0',
      '--metrics-host=127.0.0.1',
      '--probe-host=127.0.0.1',
    ];
    const operator = new OperatorProcess(run([...ports, '--log-json', ...args], env, program));
    await operator.#untilServing();
    return operator;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get urls(): Urls {
    return this.#urls;
  }

  get(server: keyof Urls, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return get(`${this.#urls[server]}${path}`, headers);
  }

  /** The value of a sample; undefined when there is no such series. */
  async metric(name: string): Promise<number | undefined> {
    const { body } = await this.get('metrics', '/metrics');
    const line = body.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<number | string | null> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return exitCode ?? signalCode;
    const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null];
    return code ?? signal;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  async #untilServing(): Promise<void> {
    this.#child.stderr.on('data', (chunk: Buffer) => (this.#err += chunk.toString()));
    const lines = createInterface(this.#child.stdout);
    const serving = new Promise<void>((resolve) => {
      lines.on('line', (text) => {
        const line = JSON.parse(text) as LogLine & Urls;
        this.lines.push(line);
        if (line.msg !== 'Serving.') return;
        this.#urls = line;
        resolve();
      });
    });
    const given = new AbortController();
    const tooLate = sleep(SERVING_WITHIN_MS, undefined, { signal: given.signal }).catch(() => undefined);
    const ended = this.ended();
    const first = await Promise.race([serving.then(() => 'serving'), ended, tooLate]);
    given.abort();
    if (first === 'serving') return;
    this.signal('SIGKILL');
    throw new Error(`the operator does not serve: ${this.#err}\n${JSON.stringify(this.lines)}`);
  }
}

export function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** What `look` returns as soon as it is not undefined. Thrown after a while: an Error with what was waited for. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const started = performance.now();
  let last: unknown;
  while (performance.now() - started < EVENTUALLY_MS) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited in vain: ${what}`, { cause: last });
}
