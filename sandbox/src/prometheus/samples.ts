/**
 * Samples in memory, as a time series database holds them: series by their labels, samples in order, the oldest beyond the
 * retention dropped. A series that is no longer exposed ends with a stale marker, so that it does not linger.
 */

export type Labels = Readonly<Record<string, string>>;

export interface Series {
  readonly labels: Labels;
  readonly timesMs: number[];
  /** NaN is a sample; STALE ends a series. */
  readonly values: number[];
  readonly stale: boolean[];
}

/** The label that carries the name of a metric. */
export const NAME = '__name__';

export class SampleStore {
  readonly #retentionMs: number;
  readonly #byName = new Map<string, Map<string, Series>>();

  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  /** All series of one metric. */
  of(name: string): Iterable<Series> {
    return this.#byName.get(name)?.values() ?? [];
  }

  /** A sample that is not newer than the last of its series is dropped, as Prometheus does. Returns the key of the series. */
  append(labels: Labels, timeMs: number, value: number): string {
    return this.#add(labels, timeMs, { value, stale: false });
  }

  /** Ends a series. */
  markStale(labels: Labels, timeMs: number): void {
    this.#add(labels, timeMs, { value: Number.NaN, stale: true });
  }

  #add(labels: Labels, timeMs: number, { value, stale }: { value: number; stale: boolean }): string {
    const name = labels[NAME] ?? '';
    const key = keyOf(labels);
    const family = this.#byName.get(name) ?? new Map<string, Series>();
    this.#byName.set(name, family);
    const series = family.get(key) ?? { labels, timesMs: [], values: [], stale: [] };
    family.set(key, series);
    if (timeMs <= (series.timesMs.at(-1) ?? -Infinity)) return key;
    series.timesMs.push(timeMs);
    series.values.push(value);
    series.stale.push(stale);
    this.#expire(series, timeMs);
    return key;
  }

  #expire(series: Series, nowMs: number): void {
    const oldest = nowMs - this.#retentionMs;
    // In large steps, since each moves the rest.
    if ((series.timesMs[0] ?? nowMs) > oldest - this.#retentionMs / 10) return;
    const keptFrom = firstAfter(series.timesMs, oldest);
    series.timesMs.splice(0, keptFrom);
    series.values.splice(0, keptFrom);
    series.stale.splice(0, keptFrom);
  }
}

export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The index of the first time later than `timeMs`, by bisection. */
export function firstAfter(timesMs: readonly number[], timeMs: number): number {
  let low = 0;
  let high = timesMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((timesMs[middle] ?? 0) > timeMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
