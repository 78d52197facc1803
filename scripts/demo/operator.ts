/** `couchestor-operator` as a process that can be killed and started again, and what it tells over its ports. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const root = join(import.meta.dirname, '..', '..');
/** Of what it writes, enough to say why it ended. */
const KEPT_LOG_LENGTH = 8_192;

export interface OperatorWorld {
  readonly kubeconfig: string;
  readonly mayastorUrl: string;
  readonly prometheusUrl: string;
}

/** As the read model tells it. */
export interface ToldDecision {
  readonly since: string;
  readonly decision: {
    readonly volumeId: string;
    readonly volumeName: string;
    readonly claim?: { readonly namespace: string; readonly name: string };
    readonly outcome: string;
    readonly code: string;
    readonly from: string;
    readonly to?: string;
    readonly heat: { readonly known: boolean; readonly iops?: number };
    readonly explanation: string;
  };
}

export interface ToldDecisions {
  readonly round: { readonly fresh: boolean; readonly staleReason?: string };
  readonly items: readonly ToldDecision[];
}

export class DemoOperator {
  #child: ChildProcess | undefined;
  #ports = { api: 0, probes: 0, metrics: 0 };
  #log = '';

  async start(world: OperatorWorld): Promise<void> {
    const [api, probes, metrics] = [await freePort(), await freePort(), await freePort()];
    this.#ports = { api, probes, metrics };
    const flags = {
      kubeconfig: world.kubeconfig,
      'mayastor-url': world.mayastorUrl,
      'prometheus-url': world.prometheusUrl,
      // A sandbox lives in seconds what a cluster lives in hours.
      'scrape-interval': '1s',
      'reconcile-interval': '1s',
      namespace: 'default',
      'api-port': api,
      'probe-port': probes,
      'probe-host': '127.0.0.1',
      'metrics-port': metrics,
      'metrics-host': '127.0.0.1',
    };
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    this.#log = '';
    const child = spawn(process.execPath, ['--no-warnings', join(root, 'control-plane/src/main.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-KEPT_LOG_LENGTH)));
    }
    this.#child = child;
    await once(child, 'spawn');
  }

  /** The end of its log, once it ended without having been told to. */
  get deathCry(): string | undefined {
    const ended = this.#child !== undefined && (this.#child.exitCode ?? this.#child.signalCode) !== null;
    return ended ? this.#log : undefined;
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#ports.api}/api/v1/decisions`;
  }

  async decisions(): Promise<ToldDecisions> {
    const response = await fetch(`${this.apiUrl}?limit=500`);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as ToldDecisions;
  }

  /** Status and text of /readyz. */
  async readiness(): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.#ports.probes}/readyz`);
    return { status: response.status, text: await response.text() };
  }

  /** SIGKILL: no chance to finish anything. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || (child.exitCode ?? child.signalCode) !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
