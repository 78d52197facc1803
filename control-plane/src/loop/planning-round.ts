/**
 * Rounds of planning, shared: whoever needs decisions gets the round that is under way, or the last one while it is young. A
 * policy that was edited after a round began gets a new one, at a bounded rate; other changes get one soon. Every replica of the control plane plans, so
 * that each can answer what would be done; only the leader acts on it.
 */
import {
  CoucheStorError,
  InvariantError,
  toCoucheStorError,
  TokenBucket,
  unlessAborted,
  type Logger,
} from '@couchestor/common/base';
import type { Readiness } from '../model/health.ts';
import { covers, type PlanningReport } from '../model/planning-report.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import { planOnce, type PlanningParts } from './plan-once.ts';

export interface PlanningRoundOptions {
  readonly parts: PlanningParts;
  /** A round younger than this is used again; and one is made at least this often while run() runs. */
  readonly intervalMs: number;
  /** Told of every round, in order; must not throw. */
  readonly onReport: (report: PlanningReport) => void;
  /** The last round is to be replaced in `restMs`, sooner than was said before. */
  readonly onOutdated: (restMs: number) => void;
  readonly logger: Logger;
  /** Ends whatever is under way. */
  readonly signal: AbortSignal;
}

/** However often policies are edited. */
const ROUNDS_PER_SECOND = 0.5;
const ROUNDS_AT_ONCE = 3;
const SHORTEST_PAUSE_MS = 100;
/**
 * A round that lacked something, or that something has changed since, is not used for longer than this: what recovers and what
 * is edited is noticed soon, and a cluster that never rests costs a round per this time and no more.
 */
const SHORT_LIFETIME_MS = 5_000;

export class PlanningRound {
  readonly #options: PlanningRoundOptions;
  readonly #rate: TokenBucket;
  #running: Promise<PlanningReport> | undefined;
  #latest: { readonly report: PlanningReport; readonly startMs: number } | undefined;
  #sequence = 0;
  /** Whether something that decisions rest on has changed since the last round began. */
  #outdated = false;
  #nap = new AbortController();

  constructor(options: PlanningRoundOptions) {
    this.#options = options;
    const { clock } = options.parts;
    this.#rate = new TokenBucket({ ratePerSecond: ROUNDS_PER_SECOND, burst: ROUNDS_AT_ONCE, clock });
  }

  /** Until the last round is not used again any more; zero if there is none. */
  get restMs(): number {
    if (this.#latest === undefined) return 0;
    const { report, startMs } = this.#latest;
    const { intervalMs, parts } = this.#options;
    const lasts = isComplete(report) && !this.#outdated;
    const lifetimeMs = lasts ? intervalMs : Math.min(intervalMs, SHORT_LIFETIME_MS);
    return Math.max(lifetimeMs - (parts.clock.monotonic() - startMs), 0);
  }

  /** A claim, a node or a migration is not any more what the last round knew. */
  noteChange(): void {
    if (this.#outdated) return;
    this.#outdated = true;
    this.#nap.abort();
    this.#options.onOutdated(this.restMs);
  }

  /**
   * A round that is young enough and, if a policy is given, knows it in at least this generation (unless no cache does).
   * Thrown: CoucheStorError `cancelled`; whatever the decision itself throws.
   */
  async report(policy: Pick<StoragePolicyRecord, 'uid' | 'generation'> | undefined, signal: AbortSignal) {
    const satisfies = (report: PlanningReport): boolean => policy === undefined || covers(report, policy);
    if (this.#latest !== undefined && this.restMs > 0 && satisfies(this.#latest.report)) return this.#latest.report;
    if (this.#running !== undefined) {
      const report = await unlessAborted(this.#running, signal);
      if (satisfies(report)) return report;
    }
    // Somebody who waited for the same round may have started the next one meanwhile.
    return unlessAborted((this.#running ??= this.#start()), signal);
  }

  /** Plans at every interval until `signal` aborts; `beat` is called after each try. Thrown: InvariantError only. */
  async run(beat: () => void, signal: AbortSignal): Promise<void> {
    const { logger, parts } = this.#options;
    while (!signal.aborted) {
      try {
        await this.report(undefined, signal);
      } catch (thrown) {
        if (thrown instanceof InvariantError) throw thrown;
        const error = toCoucheStorError(thrown);
        if (error.code === 'cancelled') return;
        logger.error('A round of planning failed.', { error });
      }
      beat();
      this.#nap = new AbortController();
      const pauseMs = this.restMs > 0 ? this.restMs : this.#options.intervalMs;
      const woken = AbortSignal.any([signal, this.#nap.signal]);
      await parts.clock.sleep(Math.max(pauseMs, SHORTEST_PAUSE_MS), woken).catch(() => undefined);
    }
  }

  async #start(): Promise<PlanningReport> {
    const { parts, signal, onReport } = this.#options;
    try {
      await this.#rate.take(1, signal);
      const startMs = parts.clock.monotonic();
      this.#outdated = false;
      const report = await planOnce(parts, (this.#sequence += 1), signal);
      this.#tell(this.#latest?.report, report);
      this.#latest = { report, startMs };
      onReport(report);
      return report;
    } catch (thrown) {
      if (signal.aborted) throw new CoucheStorError('cancelled', 'Planning was stopped.', { cause: thrown });
      throw thrown;
    } finally {
      this.#running = undefined;
    }
  }

  #tell(before: PlanningReport | undefined, report: PlanningReport): void {
    const { logger } = this.#options;
    for (const name of ['kubernetes', 'storage', 'telemetry'] as const) {
      const was: Readiness | undefined = before?.[name];
      const { healthy, reason, message } = report[name];
      if (healthy && was?.healthy === false) logger.info('A dependency is ready again.', { dependency: name });
      if (!healthy && (was?.healthy !== false || was.reason !== reason)) {
        logger.warn('A dependency is not ready.', { dependency: name, reason, detail: message });
      }
    }
  }
}

function isComplete({ kubernetes, storage, telemetry }: PlanningReport): boolean {
  return kubernetes.healthy && storage.healthy && telemetry.healthy;
}
