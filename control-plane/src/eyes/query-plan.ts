/**
 * Which moments of a window are asked for. Every volume's answer has the same few points, however long the window, so that an
 * answer grows with the number of volumes alone; each point is a mean over a range that reaches back to the point before
 * it, so that no I/O of the window falls between two points.
 *
 *     step  = max(scrape interval, window / MAX_STEPS), at most the window, in whole seconds, at least one
 *     range = max(step + scrape interval, 4 · scrape interval)
 *
 * The range is Grafana's `$__rate_interval`: a rate needs two samples, so a range of four scrapes survives two that are lost, and
 * one scrape more than the step keeps the increase between the last sample of one range and the first of the next.
 */
import { assertInvariant, formatDuration } from '@couchestor/common/base';

/** Far below the 11,000 points per series at which Prometheus refuses a query. */
export const MAX_STEPS = 120;
/** Prometheus's own default, which the exporters of Mayastor are scraped at unless somebody chose otherwise. */
export const DEFAULT_SCRAPE_INTERVAL_MS = 60_000;

/** The moments start, start + step, …, end. */
export interface TimeGrid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

export interface QueryPlan extends TimeGrid {
  readonly windowMs: number;
  /** How many moments there are: the samples that a volume has at full coverage. */
  readonly stepCount: number;
  /** Over which each rate is taken, in PromQL's notation. */
  readonly range: string;
}

export interface WindowOptions {
  readonly windowMs: number;
  /** Wall time. */
  readonly nowMs: number;
  readonly scrapeIntervalMs: number;
}

const SECOND_MS = 1000;
const ceilSecond = (ms: number): number => Math.max(Math.ceil(ms / SECOND_MS) * SECOND_MS, SECOND_MS);

export function planQuery({ windowMs, nowMs, scrapeIntervalMs }: WindowOptions): QueryPlan {
  assertInvariant(Number.isFinite(windowMs) && windowMs > 0, 'a window has a length');
  assertInvariant(Number.isFinite(scrapeIntervalMs) && scrapeIntervalMs > 0, 'scrapes are some time apart');
  const stepMs = Math.min(ceilSecond(Math.max(scrapeIntervalMs, windowMs / MAX_STEPS)), ceilSecond(windowMs));
  const stepCount = Math.max(Math.floor(windowMs / stepMs), 1);
  const endMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  return {
    windowMs,
    startMs: endMs - (stepCount - 1) * stepMs,
    endMs,
    stepMs,
    stepCount,
    range: formatDuration(ceilSecond(Math.max(stepMs + scrapeIntervalMs, 4 * scrapeIntervalMs))),
  };
}

/** The same moments in `pieceCount` grids, or as many as there are moments, one after the other and about equally long. */
export function splitGrid({ startMs, stepMs, stepCount }: QueryPlan, pieceCount: number): readonly TimeGrid[] {
  const count = Math.min(pieceCount, stepCount);
  return Array.from({ length: count }, (_, index) => {
    const first = Math.floor((index * stepCount) / count);
    const last = Math.floor(((index + 1) * stepCount) / count) - 1;
    return { startMs: startMs + first * stepMs, endMs: startMs + last * stepMs, stepMs };
  });
}
