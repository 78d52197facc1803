/**
 * Runs kubectl and helm as a user does: as processes with a kubeconfig file, a cache directory and a home directory of
 * their own, so that nothing of the machine's user leaks in.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Target } from '../../contract/kube-api/harness/target.ts';

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Standard input; objects are written as JSON. */
  input?: unknown;
  env?: Record<string, string>;
}

export class CommandLine {
  readonly #path: string;
  readonly #folder: string;
  readonly #kubeconfig: string;
  readonly #followers: ChildProcess[] = [];

  private constructor(path: string, folder: string, kubeconfig: string) {
    this.#path = path;
    this.#folder = folder;
    this.#kubeconfig = kubeconfig;
  }

  /** For the target's administrator, or with another kubeconfig. */
  static async of(path: string, target: Target, kubeconfig = target.kubeconfig): Promise<CommandLine> {
    const folder = await mkdtemp(join(tmpdir(), 'couchestor-kubectl-'));
    const file = join(folder, 'kubeconfig');
    await writeFile(file, kubeconfig, { mode: 0o600 });
    const commandLine = new CommandLine(path, folder, file);
    target.defer(() => commandLine.#close());
    return commandLine;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const child = this.#spawn(args, options.env);
    const output = { stdout: '', stderr: '' };
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    const { input } = options;
    child.stdin!.end(typeof input === 'string' ? input : input === undefined ? '' : JSON.stringify(input));
    const code = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exitCode) => resolve(exitCode ?? -1));
    });
    return { code, ...output };
  }

  /** Standard output of a command that must succeed. */
  async ok(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}\n${stderr}${stdout}`);
    return stdout;
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok([...args, '-o', 'json'])) as T;
  }

  /** The lines of a command that runs until it is stopped. */
  follow(args: readonly string[]): { next(): Promise<string>; stop(): void } {
    const child = this.#spawn(args);
    this.#followers.push(child);
    child.stdin!.end();
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    return {
      next: async () => {
        const line = await lines.next();
        return line.done === true ? '' : line.value;
      },
      stop: () => child.kill(),
    };
  }

  #spawn(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const home = { HOME: this.#folder, XDG_CACHE_HOME: this.#folder, KUBECACHEDIR: join(this.#folder, 'cache') };
    const { PATH = '' } = process.env;
    return spawn(this.#path, args, { env: { PATH, KUBECONFIG: this.#kubeconfig, ...home, ...env }, cwd: this.#folder });
  }

  async #close(): Promise<void> {
    for (const follower of this.#followers) follower.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The cells of printed table rows, heading first; columns are at least three blanks apart. */
export function tableOf(text: string): string[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {3,}/));
}
