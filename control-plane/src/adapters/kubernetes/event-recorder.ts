/**
 * Kubernetes Events (events.k8s.io/v1), the trace that `kubectl describe` shows. They are a courtesy: record() neither waits nor
 * throws, the queue and the rate per object are bounded, and what does not get through is counted and dropped.
 */
import { randomBytes } from 'node:crypto';
import {
  InvariantError,
  nullLogger,
  retry,
  toCoucheStorError,
  TokenBucket,
  type Clock,
  type Logger,
} from '@couchestor/common/base';
import type { Events } from '../../ports/events.ts';
import { EventCorrelator, type Happening, type Series } from './event-series.ts';
import type { KubeClient } from './kube-client.ts';
import { keyOf } from './kube-object.ts';
import { microTime } from './micro-time.ts';
import { EVENTS } from './resources.ts';

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** Qualified name of this controller, such as `storage.billyronks.io/control-plane`. */
  readonly reportingController: string;
  /** Which process of it. */
  readonly reportingInstance: string;
  /** Series waiting to be written; 512 by default. */
  readonly maxPending?: number;
  /** Writes about one object at once; 25 by default, as in client-go. */
  readonly burstPerObject?: number;
  /** Writes about one object in the long run; one in 30 s by default. */
  readonly writesPerSecondPerObject?: number;
  readonly logger?: Logger;
}

/** Objects whose rate is remembered. */
const MAX_BUCKETS = 4096;
const ATTEMPTS = 3;
/** Events about cluster-scoped objects live here, where client-go puts them; the API server allows few places else. */
const CLUSTER_EVENTS_NAMESPACE = 'default';

export class EventRecorder implements Events {
  readonly #options: EventRecorderOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #correlator = new EventCorrelator();
  readonly #pending = new Set<Series>();
  readonly #buckets = new Map<string, TokenBucket>();
  #wake: (() => void) | undefined;
  #droppedCount = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#clock = options.client.clock;
    this.#logger = options.logger ?? nullLogger;
  }

  /** Happenings that no Event tells of: queue full, rate exceeded, or refused by the API. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Neither waits nor throws. */
  record(happening: Happening): void {
    const now = { wallMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() };
    const series = this.#correlator.correlate(happening, now);
    if (!this.#pending.has(series) && this.#pending.size >= (this.#options.maxPending ?? 512)) {
      series.count -= 1;
      this.#droppedCount += 1;
      return;
    }
    this.#pending.add(series);
    this.#wake?.();
  }

  /** Writes what is recorded until `signal` aborts; what is pending then is dropped. Thrown: InvariantError only. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    while (!signal.aborted) {
      const [series] = this.#pending;
      if (series === undefined) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#pending.delete(series);
      await this.#write(series, signal);
    }
    signal.removeEventListener('abort', wake);
    for (const series of this.#pending) this.#droppedCount += series.count - series.writtenCount;
    this.#pending.clear();
  }

  async #write(series: Series, signal: AbortSignal): Promise<void> {
    const { count } = series;
    if (!this.#bucketOf(series.happening).tryTake()) {
      this.#drop(series, count);
      return;
    }
    try {
      const options = { attempts: ATTEMPTS, baseMs: 200, maxMs: 5_000, clock: this.#clock, signal };
      await retry(() => this.#send(series, signal), options);
      series.writtenCount = count;
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#drop(series, count);
      this.#logger.debug('An Event was dropped.', { reason: series.happening.reason, error });
    }
  }

  /** Counts them as told, so that a later write of the series does not count them as dropped again. */
  #drop(series: Series, count: number): void {
    this.#droppedCount += count - series.writtenCount;
    series.writtenCount = count;
  }

  async #send(series: Series, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const namespace = series.happening.regarding.namespace ?? CLUSTER_EVENTS_NAMESPACE;
    if (series.exists) {
      const patch = { series: { count: series.count, lastObservedTime: microTime(series.lastMs) } };
      try {
        await client.mergePatch(EVENTS, { namespace, name: series.name ?? '' }, { patch, signal });
        return;
      } catch (error) {
        // Events live for an hour; the series goes on under a new one.
        if (toCoucheStorError(error).code !== 'notFound') throw error;
        Object.assign(series, { exists: false, name: undefined });
      }
    }
    // The same name in every try, so that a lost answer does not make two of it.
    series.name ??= `${prefixOf(series.happening.regarding.name)}.${randomBytes(8).toString('hex')}`;
    const object = { metadata: { namespace, name: series.name }, ...this.#bodyOf(series) };
    await client.create(EVENTS, object, { signal }).catch((error: unknown) => {
      if (toCoucheStorError(error).code !== 'alreadyExists') throw error;
    });
    series.exists = true;
  }

  #bodyOf({ happening, count, firstMs, lastMs }: Series): Readonly<Record<string, unknown>> {
    const { reportingController, reportingInstance } = this.#options;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      ...happening,
      eventTime: microTime(firstMs),
      reportingController,
      reportingInstance: reportingInstance.slice(0, 128),
      ...(count > 1 ? { series: { count, lastObservedTime: microTime(lastMs) } } : {}),
    };
  }

  #bucketOf({ regarding }: Happening): TokenBucket {
    const key = `${regarding.kind}/${keyOf(regarding)}`;
    const { burstPerObject: burst = 25, writesPerSecondPerObject: ratePerSecond = 1 / 30 } = this.#options;
    const bucket = this.#buckets.get(key) ?? new TokenBucket({ ratePerSecond, burst, clock: this.#clock });
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_BUCKETS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}

/** Short enough for the rest of an Event's name, and ending as a label of a DNS name must. */
function prefixOf(name: string): string {
  return name.slice(0, 200).replace(/[-.]+$/, '');
}
