/** The sandbox's Prometheus at an address that stays, so that it can go away and come back. */
import { PrometheusStandIn } from '@couchestor/sandbox/prometheus';
import { readFileSync } from 'node:fs';
import { freePort } from './free-port.ts';

export class DemoPrometheus {
  readonly #targets: string;
  readonly #port: number;
  #server: PrometheusStandIn | undefined;

  private constructor(targets: string, port: number) {
    this.#targets = targets;
    this.#port = port;
  }

  /** `targets` is the file that the sandbox writes for file_sd_configs. */
  static async start(targets: string): Promise<DemoPrometheus> {
    const prometheus = new DemoPrometheus(targets, await freePort());
    await prometheus.resume();
    return prometheus;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** With no memory of what it scraped before. */
  async resume(): Promise<void> {
    const targets = (): string[] => {
      const groups = JSON.parse(readFileSync(this.#targets, 'utf8')) as { targets: string[] }[];
      return groups.flatMap((group) => group.targets);
    };
    this.#server = await PrometheusStandIn.start({ targets, port: this.#port, intervalMs: 1_000 });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}
