/**
 * A past for Prometheus in the OpenMetrics format: counters of operations as the exporter of an engine would have shown them, scraped
 * once a minute, with everything that happens to counters.
 */

export const SCRAPE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** One series of reads and one of writes, from one exporter. */
export interface CounterHistory {
  readonly labels: Readonly<Record<string, string>>;
  /** Operations per second at a time before the end, two fifths of which are writes. */
  readonly iops: (hoursAgo: number) => number;
  /** Scrapes that found the series; by default all. */
  readonly isScraped?: (hoursAgo: number) => boolean;
  /** Scrapes that found NaN. */
  readonly isBroken?: (hoursAgo: number) => boolean;
  /** The engine restarts, and counts from zero, whenever as many hours have passed. */
  readonly restartsEveryHours?: number;
}

export interface MetricNames {
  readonly reads: string;
  readonly writes: string;
}

export interface History {
  readonly names: MetricNames;
  readonly counters: readonly CounterHistory[];
}

const WRITE_SHARE = 0.4;

/** The text of all of it, of the `hours` that end at `endMs`. */
export function openMetrics(histories: readonly History[], { endMs, hours }: { endMs: number; hours: number }): string {
  const lines: string[] = [];
  for (const { names, counters } of histories) {
    for (const [name, share] of [
      [names.reads, 1 - WRITE_SHARE],
      [names.writes, WRITE_SHARE],
    ] as const) {
      // The exporter of Mayastor declares its counters so.
      lines.push(`# TYPE ${name} gauge`);
      for (const counter of counters) lines.push(...samplesOf(name, counter, { share, endMs, hours }));
    }
  }
  return [...lines, '# EOF', ''].join('\n');
}

function samplesOf(
  name: string,
  { labels, iops, isScraped = () => true, isBroken = () => false, restartsEveryHours }: CounterHistory,
  { share, endMs, hours }: { share: number; endMs: number; hours: number },
): string[] {
  const series = `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`;
  const lines: string[] = [];
  let count = 1_000_000;
  for (let timeMs = endMs - hours * HOUR_MS; timeMs <= endMs; timeMs += SCRAPE_MS) {
    const hoursAgo = (endMs - timeMs) / HOUR_MS;
    const sinceStartMs = timeMs - (endMs - hours * HOUR_MS);
    count += (iops(hoursAgo) * share * SCRAPE_MS) / 1000;
    if (restartsEveryHours !== undefined && sinceStartMs % (restartsEveryHours * HOUR_MS) === 0) count = 0;
    if (!isScraped(hoursAgo)) continue;
    lines.push(`${series} ${isBroken(hoursAgo) ? 'NaN' : Math.round(count)} ${timeMs / 1000}`);
  }
  return lines;
}
