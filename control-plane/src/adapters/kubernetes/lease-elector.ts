/**
 * Leader election on a Lease, with the semantics of client-go: a candidate takes a lease that it has seen unchanged for as long
 * as its holder claimed it, and a leader gives up when it cannot renew. All waiting is measured on this process's monotonic
 * clock from its own observations; the times written in the Lease are for people. Neither a stepped clock nor a skewed one
 * changes anything.
 *
 * The defaults (6 s, 4 s, 1 s; client-go has 15, 10, 2) let a restarted process lead within 10 s of a kill -9: it must watch the
 * lease of its predecessor for the whole 6 s, which leaves 4 s for starting up and for slow requests. Their price is one write a
 * second, and a leader that stops when the API does not answer for 4 s. A leader counts its 4 s from before it sent the
 * renewal, a candidate its 6 s from after it saw the result, so the claims do not overlap while clocks run at about one rate. A
 * lease that disappears, alone or with everything else, is no free one: its last holder gets the same 6 s.
 *
 * That is not a guarantee: a paused process can wake up and act before it notices. Hence `epoch`, which every change of holder
 * raises: pass it along as a fencing token (it starts over if somebody deletes the Lease while no candidate runs, so what must
 * never go back needs an epoch of its own); and isValid(), which asks the clock instead of waiting for a timer. Give the elector
 * a KubeClient of its own, so that no other traffic holds up renewals.
 */
import {
  assertInvariant,
  CoucheStorError,
  InvariantError,
  nullLogger,
  toCoucheStorError,
  type Clock,
  type Logger,
} from '@couchestor/common/base';
import type { KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { holderOf, transitionsOf } from './lease-record.ts';
import { ObservedLease, type LeaseSight } from './observed-lease.ts';

export interface LeaseTiming {
  /** Whole seconds; what a candidate has to wait. */
  readonly leaseDurationMs: number;
  /** Without a renewal for this long the leader stops. */
  readonly renewDeadlineMs: number;
  /** Between two tries (± 20 %). */
  readonly retryPeriodMs: number;
}

export const DEFAULT_LEASE_TIMING: LeaseTiming = {
  leaseDurationMs: 6_000,
  renewDeadlineMs: 4_000,
  retryPeriodMs: 1_000,
};

export interface LeaseElectorOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Of this process alone: a restart needs another one, or it would take over from a predecessor that may still run. */
  readonly identity: string;
  readonly timing?: LeaseTiming;
  readonly logger?: Logger;
  readonly random?: () => number;
}

export interface Leadership {
  /** Grows with every change of the holder. */
  readonly epoch: number;
  /** Aborts when leadership is lost or the elector is stopped. */
  readonly signal: AbortSignal;
  /** Whether the lease still holds at this instant; true never outlives the renew deadline. */
  readonly isValid: () => boolean;
}

export interface ElectionHandlers {
  /** Runs while this process leads. It ends soon after the signal aborts; the lease is released after it has. */
  readonly lead: (leadership: Leadership) => Promise<void>;
  /** Leadership ended against this process's will: it must exit, whatever `lead` still does. */
  readonly onLost: (reason: CoucheStorError) => void;
}

export type ElectionEnd = { readonly kind: 'stopped' } | { readonly kind: 'lost'; readonly reason: CoucheStorError };

export class LeaseElector {
  readonly #clock: Clock;
  readonly #options: LeaseElectorOptions;
  readonly #timing: LeaseTiming;
  readonly #logger: Logger;
  readonly #random: () => number;
  readonly #observed: ObservedLease;
  /** The lease as last read or written; undefined when there is none. */
  #lease: KubeObject | undefined;
  #validUntilMs = -Infinity;
  /** Patience with one request: after a connection fell silent, there is time left for another. */
  readonly #requestTimeoutMs: number;

  constructor(options: LeaseElectorOptions) {
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = (this.#timing = options.timing ?? DEFAULT_LEASE_TIMING);
    assertInvariant(leaseDurationMs > renewDeadlineMs, 'a leader stops before others may start');
    assertInvariant(renewDeadlineMs > 2 * retryPeriodMs, 'one failed renewal is no reason to stop');
    this.#options = options;
    this.#clock = options.client.clock;
    this.#random = options.random ?? Math.random;
    this.#logger = (options.logger ?? nullLogger).child({ lease: options.name, identity: options.identity });
    this.#observed = new ObservedLease(options, leaseDurationMs);
    this.#requestTimeoutMs = renewDeadlineMs / 2;
  }

  /** Who holds the lease, as last seen; empty if nobody. */
  get holder(): string {
    return holderOf(this.#lease);
  }

  /** Stands for election until `signal` aborts, leads once, and returns. Thrown: what `lead` throws, and InvariantError. */
  async run(signal: AbortSignal, handlers: ElectionHandlers): Promise<ElectionEnd> {
    if (!(await this.#acquire(signal))) return { kind: 'stopped' };
    if (!signal.aborted) return this.#lead(signal, handlers);
    await this.#release();
    return { kind: 'stopped' };
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const waitMs = await this.#tryAcquire(signal).catch((thrown: unknown) => {
        if (thrown instanceof InvariantError) throw thrown;
        const error = toCoucheStorError(thrown);
        const lostRace = error.code === 'conflict' || error.code === 'alreadyExists' || error.code === 'cancelled';
        if (!lostRace) this.#logger.warn('The lease could not be read or taken.', { error });
        return this.#jittered(this.#timing.retryPeriodMs);
      });
      if (waitMs === undefined) return true;
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
    }
    return false;
  }

  /** Undefined when the lease is ours, else how long to wait. */
  async #tryAcquire(signal: AbortSignal): Promise<number | undefined> {
    const { holder, leftMs } = await this.#read(this.#requestTimeoutMs, signal);
    if (holder !== '' && holder !== this.#options.identity && leftMs > 0) {
      return Math.min(leftMs, this.#jittered(this.#timing.retryPeriodMs));
    }
    await this.#write(this.#requestTimeoutMs, signal);
    this.#logger.info('Elected leader.', { epoch: transitionsOf(this.#lease), previousHolder: holder });
    return undefined;
  }

  async #lead(signal: AbortSignal, { lead, onLost }: ElectionHandlers): Promise<ElectionEnd> {
    const controller = new AbortController();
    const stop = (): void => controller.abort(new CoucheStorError('cancelled', 'The elector was stopped.'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const leadership: Leadership = {
      epoch: transitionsOf(this.#lease),
      signal: controller.signal,
      isValid: () => !controller.signal.aborted && this.#clock.monotonic() < this.#validUntilMs,
    };
    const renewing = new AbortController();
    const lost = this.#renewUntilLost(renewing.signal).then((reason) => {
      if (reason === undefined) return undefined;
      this.#logger.error('Leadership was lost.', { reason: reason.message });
      controller.abort(reason);
      onLost(reason);
      return reason;
    });
    try {
      // Renewals go on while `lead` winds up, so that nobody else starts before it is done.
      await Promise.race([lost, lead(leadership)]);
    } finally {
      renewing.abort();
      signal.removeEventListener('abort', stop);
      stop();
      if ((await lost) === undefined) await this.#release();
    }
    const reason = await lost;
    return reason === undefined ? { kind: 'stopped' } : { kind: 'lost', reason };
  }

  /** Undefined when `signal` ended it. */
  async #renewUntilLost(signal: AbortSignal): Promise<CoucheStorError | undefined> {
    const epoch = transitionsOf(this.#lease);
    let dueMs = this.#clock.monotonic() + this.#jittered(this.#timing.retryPeriodMs);
    for (;;) {
      const waitMs = Math.min(dueMs, this.#validUntilMs) - this.#clock.monotonic();
      const slept = await this.#clock.sleep(waitMs, signal).then(
        () => true,
        () => false,
      );
      if (!slept) return undefined;
      const startMs = this.#clock.monotonic();
      const budgetMs = this.#validUntilMs - startMs;
      if (budgetMs <= 0) return new CoucheStorError('timeout', 'The lease could not be renewed in time.');
      // From the start of a try, so that the time lost with a silent connection is not waited for again.
      dueMs = startMs + this.#jittered(this.#timing.retryPeriodMs);
      try {
        await this.#write(Math.min(budgetMs, this.#requestTimeoutMs), signal);
      } catch (thrown) {
        if (thrown instanceof InvariantError) throw thrown;
        const error = toCoucheStorError(thrown);
        if (!signal.aborted) this.#logger.warn('The lease was not renewed; trying again.', { error });
        // The next write has to start from what is there now, if only after a lost answer.
        const restMs = Math.max(this.#validUntilMs - this.#clock.monotonic(), 1);
        await this.#read(Math.min(restMs, this.#requestTimeoutMs), signal).catch(() => undefined);
        if (this.#lease !== undefined && this.holder !== this.#options.identity) {
          return new CoucheStorError('conflict', `The lease was taken by "${this.holder}".`, { fields: { epoch } });
        }
        if (error.code === 'conflict' || error.code === 'notFound') dueMs = startMs;
      }
    }
  }

  async #read(timeoutMs: number, signal?: AbortSignal): Promise<LeaseSight> {
    const sight = await this.#observed.read({ timeoutMs, signal });
    this.#lease = sight.lease;
    return sight;
  }

  /** Takes or renews the lease on top of the version last seen. */
  async #write(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const sentMs = this.#clock.monotonic();
    this.#lease = await this.#observed.write(this.#lease, this.#options.identity, { timeoutMs, signal });
    this.#validUntilMs = sentMs + this.#timing.renewDeadlineMs;
  }

  async #release(): Promise<void> {
    const timeoutMs = this.#timing.retryPeriodMs;
    try {
      // A renewal that was cut off may have changed the version.
      await this.#read(timeoutMs);
      if (this.holder !== this.#options.identity) return;
      this.#lease = await this.#observed.write(this.#lease, '', { timeoutMs });
      this.#logger.info('Released the lease.');
    } catch (error) {
      this.#logger.warn('The lease was not released; it will expire.', { error });
    }
  }

  #jittered(ms: number): number {
    return ms * (0.8 + 0.4 * this.#random());
  }
}
