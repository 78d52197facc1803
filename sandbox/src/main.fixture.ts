/** For tests: the sandbox as a process of its own, and its API as its administrator uses it. Each test file has its own folder. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parse } from 'yaml';

export interface Sandbox {
  child: ChildProcessByStdio<null, Readable, Readable>;
  /** Standard output. */
  ready: string;
  kubeconfig: string;
  /** All of standard error so far. */
  log: () => string;
}

const main = join(import.meta.dirname, 'main.ts');
/** Whoever imports it removes it. */
export const directory = mkdtempSync(join(tmpdir(), 'couchestor-sandbox-'));
let count = 0;

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Sandbox['child'] {
  const options = {
    env,
    stdio: ['ignore', 'pipe', 'pipe'] as const,
    cwd: directory,
  };
  return spawn(process.execPath, ['--no-warnings', main, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
}

export async function outcome(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const child = run(args, env);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...texts };
}

/** Starts on a free port, unless the arguments say otherwise. */
export async function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Sandbox> {
  const kubeconfig = join(directory, `kubeconfig-${(count += 1)}`);
  const child = run(['--port', '0', '--kubeconfig', kubeconfig, ...args], env);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  // All lines come at once, when everything is ready.
  const [ready] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, ready: ready.toString(), kubeconfig, log: () => log };
}

export async function stop({ child }: Sandbox, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

export interface Reply {
  code: number;
  body: { metadata: { resourceVersion: string }; items: { metadata: { name: string; resourceVersion: string } }[] };
}

/** A request as the administrator of the kubeconfig. */
export function call({ kubeconfig }: Sandbox, method: string, path: string, body?: object): Promise<Reply> {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const { cluster = {} } = config.clusters[0] ?? {};
  const { user = {} } = config.users[0] ?? {};
  const pem = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64');
  const credentials = {
    ca: pem(cluster['certificate-authority-data']),
    cert: pem(user['client-certificate-data']),
    key: pem(user['client-key-data']),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, cluster.server), { method, agent: false, ...credentials }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: JSON.parse(text) as Reply['body'] }));
    });
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}
