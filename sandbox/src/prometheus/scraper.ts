/**
 * Scrapes targets at an interval, each with its own deadline, and keeps the book of series that were there before: those
 * that vanish, or whose target fails, end with a stale marker. `up` says of every target whether it answered.
 */
import type { Clock } from '@couchestor/common/base';
import { parseExposition } from './exposition.ts';
import { keyOf, NAME, type Labels, type SampleStore } from './samples.ts';

export interface ScraperOptions {
  /** `host:port` of each target, asked anew for every round. */
  readonly targets: () => readonly string[];
  readonly store: SampleStore;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly job: string;
}

export class Scraper {
  readonly #options: ScraperOptions;
  /** The labels of the last scrape by target and series. */
  readonly #known = new Map<string, Map<string, Labels>>();

  constructor(options: ScraperOptions) {
    this.#options = options;
  }

  /** Scrapes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      await this.scrapeAll(signal);
      await clock.sleep(intervalMs, signal).catch(() => undefined);
    }
  }

  /** One round over all targets. */
  async scrapeAll(signal: AbortSignal): Promise<void> {
    const targets = this.#options.targets();
    const gone = [...this.#known.keys()].filter((target) => !targets.includes(target));
    for (const target of gone) this.#record(target, []);
    await Promise.all(targets.map((target) => this.#scrape(target, signal)));
  }

  async #scrape(target: string, signal: AbortSignal): Promise<void> {
    const { intervalMs, job } = this.#options;
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1_000, intervalMs))]);
    const own = { job, instance: target };
    let up = 1;
    let exposed: { labels: Labels; value: number }[] = [];
    try {
      const response = await fetch(`http://${target}/metrics`, { signal: deadline });
      const body = await response.text();
      if (!response.ok) throw new Error(`status ${response.status}`);
      exposed = parseExposition(body).map(({ labels, value }) => ({ labels: { ...labels, ...own }, value }));
    } catch {
      up = 0;
    }
    if (signal.aborted) return;
    this.#record(target, [...exposed, { labels: { [NAME]: 'up', ...own }, value: up }]);
  }

  #record(target: string, samples: readonly { labels: Labels; value: number }[]): void {
    const { store, clock } = this.#options;
    const nowMs = clock.now();
    const before = this.#known.get(target) ?? new Map<string, Labels>();
    const now = new Map(samples.map(({ labels }) => [keyOf(labels), labels]));
    for (const { labels, value } of samples) store.append(labels, nowMs, value);
    for (const [key, labels] of before) if (!now.has(key)) store.markStale(labels, nowMs);
    if (now.size === 0) this.#known.delete(target);
    else this.#known.set(target, now);
  }
}
