/** One range query and what its answer means: series, or a failure with its reason. */
import type { CoucheStorError } from '@couchestor/common/base';
import { type Clock, retry } from '@couchestor/common/base';
import type { TimeGrid } from '../../eyes/index.ts';
import { readAnswer, type Answer, type AnsweredSeries } from './answer.ts';
import { failure, MAX_RETRY_WAIT_MS, type FailureReason } from './failure.ts';
import { breathe } from './breathe.ts';
import type { HttpAnswer, PrometheusClient } from './prometheus-client.ts';

export interface RangeQueryOptions {
  readonly client: PrometheusClient;
  readonly clock: Clock;
  /** Requests in all, the first included. */
  readonly attempts?: number | undefined;
  readonly random?: (() => number) | undefined;
}

const DEFAULT_ATTEMPTS = 3;
const BACKOFF_BASE_MS = 500;
/** Heat read with a clock this far off would be that of another time. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

export class RangeQuery {
  readonly #options: RangeQueryOptions;

  constructor(options: RangeQueryOptions) {
    this.#options = options;
  }

  /** Retries what may pass by itself. Thrown: a failure, or CoucheStorError `cancelled`. */
  async run(query: string, grid: TimeGrid, signal: AbortSignal): Promise<readonly AnsweredSeries[]> {
    const { client, clock, attempts = DEFAULT_ATTEMPTS, random } = this.#options;
    const attempt = async (): Promise<readonly AnsweredSeries[]> => {
      const http = await client.queryRange(query, grid, signal);
      return this.#interpret(http, await readAnswer(http.body, () => breathe(signal)), grid);
    };
    return retry(attempt, {
      attempts,
      baseMs: BACKOFF_BASE_MS,
      maxMs: MAX_RETRY_WAIT_MS,
      clock,
      signal,
      ...(random === undefined ? {} : { random }),
    });
  }

  #interpret(http: HttpAnswer, answer: Answer, grid: TimeGrid): readonly AnsweredSeries[] {
    const isOk = http.status >= 200 && http.status < 300;
    if (answer.kind === 'error' || !isOk) throw this.#refusal(http, answer);
    const { address } = this.#options.client;
    if (answer.kind === 'bad') {
      throw failure(
        'BadAnswer',
        `What ${address} answered is not an answer of Prometheus: ${answer.message}; check the URL.`,
      );
    }
    if (answer.kind === 'partial') {
      const said = answer.message.replace(/\.$/, '');
      throw failure(
        'PartialAnswer',
        `The answer of ${address} has parts missing: ${said}; look at the stores behind it.`,
      );
    }
    this.#checkTimes(http, answer.series, grid);
    return answer.series;
  }

  #refusal({ status, headers }: HttpAnswer, answer: Answer): CoucheStorError {
    const { address } = this.#options.client;
    const said = answer.kind === 'error' ? `: ${answer.errorType}: ${answer.message}` : '';
    if (answer.kind === 'error' && /too many samples/i.test(answer.message)) {
      const remedy = 'raise its flag --query.max-samples';
      return failure('TooManySamples', `Prometheus at ${address} has too many samples for one query; ${remedy}.`);
    }
    const retryAfterMs = this.#retryAfterMs(headers['retry-after']);
    const reason = reasonOfStatus(status, answer, retryAfterMs);
    return failure(reason, `Prometheus at ${address} answered ${status}${said}; ${REMEDIES[reason] ?? LOOK}.`, {
      retryAfterMs,
    });
  }

  /** Seconds, or a date of HTTP. */
  #retryAfterMs(header: string | undefined): number {
    if (header === undefined) return 0;
    const ms = /^[0-9]+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - this.#options.clock.now();
    return Number.isFinite(ms) ? Math.max(ms, 0) : 0;
  }

  #checkTimes({ headers }: HttpAnswer, series: readonly AnsweredSeries[], grid: TimeGrid): void {
    const { address } = this.#options.client;
    const skewMs = this.#options.clock.now() - Date.parse(headers.date ?? '');
    if (Math.abs(skewMs) > MAX_CLOCK_SKEW_MS) {
      const seconds = Math.round(Math.abs(skewMs) / 1000);
      const direction = skewMs > 0 ? 'behind' : 'ahead of';
      const message = `The clock of ${address} is ${seconds} s ${direction} this one; synchronise both (NTP).`;
      throw failure('ClockSkew', message);
    }
    // Proxies that cache answers align the moments to multiples of the step.
    const earliestMs = grid.startMs - grid.stepMs;
    const latestMs = grid.endMs + grid.stepMs;
    const isOutside = ({ timesMs }: AnsweredSeries): boolean =>
      (timesMs[0] ?? earliestMs) < earliestMs || (timesMs.at(-1) ?? latestMs) > latestMs;
    if (series.some(isOutside)) {
      const remedy = 'look at what caches answers on the way';
      throw failure('BadAnswer', `The answer of ${address} has samples of another time than was asked for; ${remedy}.`);
    }
  }
}

function reasonOfStatus(status: number, answer: Answer, retryAfterMs: number): FailureReason {
  if (answer.kind === 'error' && answer.errorType === 'timeout') return 'Timeout';
  if (status >= 300 && status < 400) return 'Redirected';
  if (status === 401 || status === 403) return 'AccessDenied';
  if (status === 429) return 'Overloaded';
  if (status === 408) return 'Timeout';
  // 499: another proxy's word for a request that was given up on the way.
  if (status >= 499) return retryAfterMs > 0 ? 'Overloaded' : 'ServerError';
  return 'Refused';
}

const LOOK = 'look at its log';
const REMEDIES: Readonly<Partial<Record<FailureReason, string>>> = {
  Redirected: 'set the URL to where it redirects, which is not followed so that credentials stay here',
  AccessDenied: 'give this process a bearer token or a user that may query',
  Overloaded: 'it has too much to do',
  Refused: 'check the URL and the names of custom metrics',
};
