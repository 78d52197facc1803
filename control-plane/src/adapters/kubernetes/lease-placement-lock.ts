/**
 * The lock on placement as a Lease: its holder is the name of a migration, so whoever drives that migration next has it still.
 * A holder whose driver is gone for good loses it once this process has seen its record unchanged for as long as the record asks;
 * times written in a Lease are never compared, so no clock that is off opens the lock.
 *
 * What it cannot do: a Lease that is deleted is remembered only by processes that saw it, and a holder that did not
 * acquire it again in time is not told. Hence whoever steers placements acquires it before each step.
 */
import { assertInvariant, nullLogger, retry, toCoucheStorError, type Logger } from '@couchestor/common/base';
import type { PlacementLock } from '../../ports/placement-lock.ts';
import { ObservedLease, type LeaseAddress } from './observed-lease.ts';

export interface LeasePlacementLockOptions extends Omit<LeaseAddress, 'name'> {
  /** `couchestor-placement` by default. */
  readonly name?: string;
  /** Whole seconds; how long a holder may go without acquiring it again. 5 minutes by default. */
  readonly durationMs?: number;
  /** Tries of one call in all; 5 by default. */
  readonly attempts?: number;
  readonly backoffBaseMs?: number;
  readonly logger?: Logger;
  readonly random?: () => number;
}

/** Longer than any driver of a migration stays away: a restart, a change of leaders, a storage system that does not answer. */
const DEFAULT_DURATION_MS = 5 * 60_000;
const LONGEST_PAUSE_MS = 2_000;

export class LeasePlacementLock implements PlacementLock {
  readonly #options: LeasePlacementLockOptions;
  readonly #observed: ObservedLease;
  readonly #logger: Logger;

  constructor(options: LeasePlacementLockOptions) {
    const { name = 'couchestor-placement', durationMs = DEFAULT_DURATION_MS, logger = nullLogger } = options;
    this.#options = options;
    this.#observed = new ObservedLease({ ...options, name }, durationMs);
    this.#logger = logger.child({ lease: name });
  }

  /** `held` is said only on a confirmed write of this call. */
  async acquire(
    holder: string,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'held' } | { readonly kind: 'taken'; readonly by: string }> {
    assertInvariant(holder !== '', 'a lock that nobody holds is free');
    return this.#repeat(signal, async () => {
      const { lease, holder: before, leftMs } = await this.#observed.read({ signal });
      const isOurs = before === holder;
      if (!isOurs && before !== '' && leftMs > 0) return { kind: 'taken', by: before };
      await this.#observed.write(lease, holder, { signal });
      if (!isOurs && before !== '') {
        this.#logger.warn('The placement lock was taken from a migration that nobody drives.', { before, holder });
      }
      return { kind: 'held' };
    });
  }

  async release(holder: string, signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, async () => {
      const sight = await this.#observed.read({ signal });
      // Also where the lease was deleted: who remembers the claim has to see that it was given up.
      if (sight.holder === holder) await this.#observed.write(sight.lease, '', { signal });
    });
  }

  /** Until a read and the write on top of it went through together; each try looks at what the one before left. */
  async #repeat<T>(signal: AbortSignal, operation: () => Promise<T>): Promise<T> {
    const { client, attempts = 5, backoffBaseMs = 50, random = Math.random } = this.#options;
    return retry(operation, {
      attempts,
      baseMs: backoffBaseMs,
      maxMs: LONGEST_PAUSE_MS,
      clock: client.clock,
      random,
      signal,
      retryable: (thrown) => {
        const { code, retryable } = toCoucheStorError(thrown);
        return retryable || code === 'conflict' || code === 'alreadyExists' || code === 'notFound';
      },
    });
  }
}
