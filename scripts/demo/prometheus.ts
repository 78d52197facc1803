/** The sandbox's Prometheus at an address that stays, so that it can go away and come back. */
import { PrometheusStandIn } from '@couchestor/sandbox/prometheus';
import { freePort } from './free-port.ts';

export class DemoPrometheus {
  readonly #targets: () => readonly string[];
  readonly #port: number;
  #server: PrometheusStandIn | undefined;

  private constructor(targets: () => readonly string[], port: number) {
    this.#targets = targets;
    this.#port = port;
  }

  static async start(targets: () => readonly string[]): Promise<DemoPrometheus> {
    const prometheus = new DemoPrometheus(targets, await freePort());
    await prometheus.resume();
    return prometheus;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** With no memory of what it scraped before. */
  async resume(): Promise<void> {
    this.#server = await PrometheusStandIn.start({ targets: this.#targets, port: this.#port, intervalMs: 1_000 });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}
