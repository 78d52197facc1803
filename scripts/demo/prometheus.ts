/** The sandbox's Prometheus at an address that stays, so that it can come later, go away and come back. */
import { PrometheusStandIn } from '@couchestor/sandbox/prometheus';
import { freePort } from './free-port.ts';

export class DemoPrometheus {
  readonly #targets: () => readonly string[];
  readonly #port: number;
  #server: PrometheusStandIn | undefined;
  #isClosed = false;

  private constructor(targets: () => readonly string[], port: number) {
    this.#targets = targets;
    this.#port = port;
  }

  /** With an address, at which nothing is yet. */
  static async create(targets: () => readonly string[]): Promise<DemoPrometheus> {
    return new DemoPrometheus(targets, await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** With no memory of what it scraped before. */
  async start(): Promise<void> {
    if (this.#isClosed) throw new Error('Prometheus is not started any more');
    this.#server = await PrometheusStandIn.start({ targets: this.#targets, port: this.#port, intervalMs: 1_000 });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** For ever. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.stop();
  }
}
