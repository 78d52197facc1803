/** The sandbox of the demo: `couchestor-sandbox` with a Kubernetes API and a Mayastor, as a process that can be robbed of its objects. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const root = join(import.meta.dirname, '..', '..');

export class DemoSandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'couchestor-demo-'));
  readonly kubeconfig = join(this.folder, 'kubeconfig');
  /** The addresses of the exporters, for Prometheus. */
  readonly targets = join(this.folder, 'targets.json');
  readonly #data = join(this.folder, 'data');
  #child: ChildProcess | undefined;
  /** Fixed by the first start, so that clients find the servers again. */
  #port = 0;
  #mayastorPort = 0;

  get mayastorUrl(): string {
    return `http://127.0.0.1:${this.#mayastorPort}`;
  }

  async start(volumeCount: number): Promise<void> {
    if (this.#mayastorPort === 0) this.#mayastorPort = await freePort();
    const flags = {
      port: this.#port,
      'data-dir': this.#data,
      kubeconfig: this.kubeconfig,
      crds: join(root, 'crds'),
      'mayastor-release': '2.9',
      'mayastor-port': this.#mayastorPort,
      'scenario-volumes': volumeCount,
      'exporter-targets': this.targets,
      'log-level': 'warn',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(process.execPath, ['--no-warnings', join(root, 'sandbox/src/main.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    const ended = once(child, 'exit').then(() => {
      throw new Error('the sandbox ended before it was ready');
    });
    await Promise.race([once(child.stdout, 'data'), ended]);
    ended.catch(() => undefined);
    this.#port = Number(/127\.0\.0\.1:(\d+)/.exec(readFileSync(this.kubeconfig, 'utf8'))?.[1] ?? 0);
  }

  /** Stops the server and removes its objects; its certificates stay, as those of a cluster whose etcd was lost would. */
  async loseObjects(): Promise<void> {
    await this.#end('SIGTERM');
    for (const file of readdirSync(this.#data)) {
      if (file.startsWith('objects.')) rmSync(join(this.#data, file));
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }
}
