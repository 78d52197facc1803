/**
 * Heat from Prometheus. A reading is one range query for the whole fleet; readings of one window are shared for a while. Families
 * are asked in order until one has series, so that a round costs one query per window where volumes have metrics of their own. Whatever Prometheus does becomes a reading: heat of which nothing is known, never heat of zero.
 */
import { InvariantError, toCoucheStorError, withDeadline, type Clock, type Logger } from '@couchestor/common/base';
import {
  DEFAULT_SCRAPE_INTERVAL_MS,
  DEFAULT_STALE_AFTER_MS,
  heatOfSamples,
  metricFamilies,
  planQuery,
  type MetricFamily,
  type QueryPlan,
} from '../../eyes/index.ts';
import type { Heat, HeatReading } from '../../model/heat.ts';
import type { HeatSource } from '../../ports/heat-source.ts';
import { breathe } from './breathe.ts';
import { reasonOf } from './failure.ts';
import { FleetQuery, type FleetSamples } from './fleet-query.ts';
import { PrometheusClient, type PrometheusClientOptions } from './prometheus-client.ts';
import { RangeQuery } from './range-query.ts';
import { SharedCall, throwIfCancelled } from './shared-call.ts';

export interface PrometheusHeatSourceOptions extends PrometheusClientOptions {
  readonly logger: Logger;
  /** In the order in which they are asked; by default those of `metricFamilies()`. */
  readonly families?: readonly MetricFamily[];
  /** For a whole reading, retries and fallbacks included; `requestTimeoutMs` is for one request of it. */
  readonly deadlineMs?: number;
  readonly cacheTtlMs?: number;
  /** How far apart the scrapes of the exporters are. */
  readonly scrapeIntervalMs?: number;
  readonly staleAfterMs?: number;
  /** Requests for one query, the first included. */
  readonly attempts?: number;
  readonly random?: () => number;
}

/** Of what was asked for anyway: no query is made to find out. Ages are on the monotonic clock. */
export interface HeatSourceHealth {
  readonly state: 'NotAsked' | 'Answering' | 'Failing';
  readonly lastSuccessAgeMs: number | undefined;
  readonly lastFailure: { readonly reason: string; readonly message: string; readonly ageMs: number } | undefined;
}

const DEFAULT_DEADLINE_MS = 30_000;
const DEFAULT_CACHE_TTL_MS = 30_000;
/** A failure is shared too, so that a hundred policies do not knock a hundred times, but not for as long. */
const FAILURE_TTL_MS = 5_000;
/** A server that asks for more patience than this is not believed. */
const MAX_PATIENCE_MS = 5 * 60_000;
/** Scored in a few milliseconds. */
const VOLUMES_PER_TURN = 1_000;
/** Distinct windows kept; policies have few. */
const MAX_WINDOWS = 64;

interface Kept {
  readonly reading: HeatReading;
  readonly untilMs: number;
}

export class PrometheusHeatSource implements HeatSource {
  readonly #options: PrometheusHeatSourceOptions;
  readonly #clock: Clock;
  readonly #client: PrometheusClient;
  readonly #fleet: FleetQuery;
  readonly #kept = new Map<number, Kept>();
  readonly #calls = new Map<number, SharedCall<HeatReading>>();
  #state: HeatSourceHealth['state'] = 'NotAsked';
  #lastSuccessMs: number | undefined;
  #lastFailure: { readonly reason: string; readonly message: string; readonly atMs: number } | undefined;

  /** Thrown when the URL is none of HTTP: CoucheStorError `invalid`. */
  constructor(options: PrometheusHeatSourceOptions) {
    const { clock, attempts, random, families = metricFamilies() } = options;
    this.#options = options;
    this.#clock = clock;
    this.#client = new PrometheusClient(options);
    this.#fleet = new FleetQuery({
      query: new RangeQuery({ client: this.#client, clock, attempts, random }),
      clock,
      families,
    });
  }

  async read(windowMs: number, signal: AbortSignal): Promise<HeatReading> {
    throwIfCancelled(signal);
    const kept = this.#kept.get(windowMs);
    if (kept !== undefined && kept.untilMs > this.#clock.monotonic()) return kept.reading;
    let call = this.#calls.get(windowMs);
    if (call === undefined || call.isAbandoned) {
      call = new SharedCall((shared) => this.#readAndKeep(windowMs, shared));
      this.#calls.set(windowMs, call);
    }
    return call.wait(signal);
  }

  health(): HeatSourceHealth {
    const nowMs = this.#clock.monotonic();
    const failed = this.#lastFailure;
    return {
      state: this.#state,
      lastSuccessAgeMs: this.#lastSuccessMs === undefined ? undefined : nowMs - this.#lastSuccessMs,
      lastFailure: failed && { reason: failed.reason, message: failed.message, ageMs: nowMs - failed.atMs },
    };
  }

  /** Closes idle connections. */
  close(): void {
    this.#client.close();
  }

  async #readAndKeep(windowMs: number, signal: AbortSignal): Promise<HeatReading> {
    // A turn later, so that the call is in the map before it can leave it.
    await Promise.resolve();
    const call = this.#calls.get(windowMs);
    try {
      const { reading, keepMs } = await this.#attempt(windowMs, signal);
      this.#keep({ reading, untilMs: this.#clock.monotonic() + keepMs });
      return reading;
    } finally {
      if (this.#calls.get(windowMs) === call) this.#calls.delete(windowMs);
    }
  }

  async #attempt(windowMs: number, signal: AbortSignal): Promise<{ reading: HeatReading; keepMs: number }> {
    const { scrapeIntervalMs = DEFAULT_SCRAPE_INTERVAL_MS, deadlineMs = DEFAULT_DEADLINE_MS } = this.#options;
    const readAtMs = this.#clock.now();
    const plan = planQuery({ windowMs, nowMs: readAtMs, scrapeIntervalMs });
    const what = `Reading heat from ${this.#client.address}`;
    try {
      const reading = await withDeadline({ clock: this.#clock, timeoutMs: deadlineMs, signal, what }, (either) =>
        this.#fleet
          .run(plan, either)
          .then((answer) => this.#readingOf(answer, { plan, readAtMs }, either))
          .catch((error: unknown) => {
            throw either.aborted ? either.reason : error;
          }),
      );
      this.#succeeded();
      return { reading, keepMs: this.#options.cacheTtlMs ?? DEFAULT_CACHE_TTL_MS };
    } catch (error) {
      if (signal.aborted || error instanceof InvariantError) throw error;
      const { message, fields } = toCoucheStorError(error);
      const reason = reasonOf(error);
      this.#failed(reason, message, error);
      const patienceMs = typeof fields.retryAfterMs === 'number' ? Math.min(fields.retryAfterMs, MAX_PATIENCE_MS) : 0;
      const reading: HeatReading = { kind: 'unavailable', windowMs, reason, message, readAtMs };
      return { reading, keepMs: Math.max(FAILURE_TTL_MS, patienceMs) };
    }
  }

  async #readingOf(
    answer: FleetSamples,
    { plan, readAtMs }: { readonly plan: QueryPlan; readonly readAtMs: number },
    signal: AbortSignal,
  ): Promise<HeatReading> {
    const byVolumeName = new Map<string, Heat>();
    const { staleAfterMs = DEFAULT_STALE_AFTER_MS } = this.#options;
    if (answer.family !== undefined) {
      const context = { plan, family: answer.family, query: answer.query, staleAfterMs };
      for (const [name, samples] of answer.byVolumeName) {
        byVolumeName.set(name, heatOfSamples(name, samples, context));
        if (byVolumeName.size % VOLUMES_PER_TURN === 0) await breathe(signal);
      }
    }
    return { kind: 'read', windowMs: plan.windowMs, family: answer.family, byVolumeName, readAtMs };
  }

  #keep(kept: Kept): void {
    const { windowMs } = kept.reading;
    this.#kept.delete(windowMs);
    this.#kept.set(windowMs, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_WINDOWS) break;
      this.#kept.delete(oldest);
    }
  }

  #succeeded(): void {
    if (this.#state !== 'Answering') this.#options.logger.info('Prometheus answers', { url: this.#client.address });
    this.#state = 'Answering';
    this.#lastSuccessMs = this.#clock.monotonic();
  }

  #failed(reason: string, message: string, error: unknown): void {
    const isNews = this.#state !== 'Failing' || this.#lastFailure?.reason !== reason;
    if (isNews) this.#options.logger.warn('Heat cannot be read', { reason, error });
    this.#state = 'Failing';
    this.#lastFailure = { reason, message, atMs: this.#clock.monotonic() };
  }
}
