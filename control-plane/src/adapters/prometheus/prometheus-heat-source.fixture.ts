/** A heat source before a scripted Prometheus, on a clock that stands still. */
import { setTimeout as realDelay } from 'node:timers/promises';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { PrometheusHeatSource, type PrometheusHeatSourceOptions } from './prometheus-heat-source.ts';
import { ScriptedPrometheus } from './scripted-prometheus.fixture.ts';

export const HOUR_MS = 3_600_000;
export const never: AbortSignal = new AbortController().signal;

export class HeatLab {
  readonly clock = new VirtualClock();
  readonly prometheus: ScriptedPrometheus;
  readonly #sources: PrometheusHeatSource[] = [];

  private constructor(prometheus: ScriptedPrometheus) {
    this.prometheus = prometheus;
  }

  static async start(): Promise<HeatLab> {
    return new HeatLab(await ScriptedPrometheus.start());
  }

  /** Waits between attempts are zero unless a test says otherwise. */
  source(options: Partial<PrometheusHeatSourceOptions> = {}): PrometheusHeatSource {
    const { clock, prometheus } = this;
    const made = new PrometheusHeatSource({
      url: prometheus.url,
      clock,
      logger: nullLogger,
      random: () => 0,
      ...options,
    });
    this.#sources.push(made);
    return made;
  }

  /** Lets `stepMs` of virtual time pass at a time until `work` settles. */
  async settle<T>(work: Promise<T>, stepMs = 0): Promise<T> {
    const progress = { isSettled: false };
    const settled = (): void => void (progress.isSettled = true);
    work.then(settled, settled);
    while (!progress.isSettled) {
      await this.clock.advance(stepMs);
      await realDelay(1);
    }
    return work;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) source.close();
    await this.prometheus.stop();
  }
}
