/** `couchestor-operator` as a process that can be killed and started again, and what it tells over its ports. */
import { join } from 'node:path';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';

const main = join(import.meta.dirname, '..', '..', 'control-plane/src/main.ts');
const REQUEST_TIMEOUT_MS = 5_000;

export interface OperatorWorld {
  readonly kubeconfig: string;
  readonly mayastorUrl: string;
  readonly prometheusUrl: string;
}

export interface OperatorUrls {
  readonly decisions: string;
  readonly readyz: string;
  readonly metrics: string;
}

/** As the read model tells it. */
export interface ToldDecision {
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
  readonly #child = new Child('the operator');
  /** The same for every start, so that what was printed stays true. */
  #ports: { readonly api: number; readonly probes: number; readonly metrics: number } | undefined;

  async start(world: OperatorWorld): Promise<void> {
    this.#ports ??= { api: await freePort(), probes: await freePort(), metrics: await freePort() };
    const { api, probes, metrics } = this.#ports;
    await this.#child.start(main, {
      kubeconfig: world.kubeconfig,
      'mayastor-url': world.mayastorUrl,
      'prometheus-url': world.prometheusUrl,
      namespace: 'default',
      // A sandbox lives in seconds what a cluster lives in hours.
      'scrape-interval': '1s',
      'reconcile-interval': '1s',
      'sync-poll-interval-seconds': 1,
      // Longer than the sandbox's answers are old.
      'settle-time': '1s',
      'max-concurrent-migrations': 4,
      'max-migrations-per-hour': 1000,
      'api-port': api,
      'probe-port': probes,
      'probe-host': '127.0.0.1',
      'metrics-port': metrics,
      'metrics-host': '127.0.0.1',
    });
  }

  /** The end of its log, once it ended without having been told to. */
  get deathCry(): string | undefined {
    return this.#child.deathCry;
  }

  get urls(): OperatorUrls {
    const at = (port: number | undefined, path: string): string => `http://127.0.0.1:${port ?? 0}${path}`;
    return {
      decisions: at(this.#ports?.api, '/api/v1/decisions'),
      readyz: at(this.#ports?.probes, '/readyz'),
      metrics: at(this.#ports?.metrics, '/metrics'),
    };
  }

  async decisions(): Promise<ToldDecisions> {
    const response = await fetch(`${this.urls.decisions}?limit=500`, {
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as ToldDecisions;
  }

  /** SIGKILL: no chance to finish anything. */
  async kill(): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  async close(): Promise<void> {
    await this.#child.close();
  }
}
