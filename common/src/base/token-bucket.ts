/**
 * A rate limit that allows bursts: tokens drip in at a fixed rate up to `burst`, and each call takes some. Measured on the
 * monotonic clock, so that a stepped wall clock neither floods nor starves.
 */
import type { Clock } from './clock.ts';
import { assertInvariant } from './errors.ts';

export interface TokenBucketOptions {
  readonly ratePerSecond: number;
  /** The most that one call may take, and what an idle bucket holds. */
  readonly burst: number;
  readonly clock: Clock;
}

export class TokenBucket {
  readonly #options: TokenBucketOptions;
  /** Negative while callers wait for tokens that they have already been promised. */
  #tokens: number;
  #refilledMs: number;

  /** Starts full. */
  constructor(options: TokenBucketOptions) {
    assertInvariant(options.ratePerSecond > 0 && options.burst > 0, 'a token bucket lets something through');
    this.#options = options;
    this.#tokens = options.burst;
    this.#refilledMs = options.clock.monotonic();
  }

  /** Takes `count` tokens if they are there now; says whether it did. */
  tryTake(count = 1): boolean {
    this.#refill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Whole milliseconds until tryTake(count) takes it, if nobody else takes anything; 0 when it would now. */
  msUntil(count: number): number {
    const { ratePerSecond, burst } = this.#options;
    assertInvariant(count <= burst, 'nobody takes more than a burst at once');
    this.#refill();
    return Math.ceil(Math.max(0, ((count - this.#tokens) * 1000) / ratePerSecond));
  }

  /**
   * Waits until `count` tokens (at most `burst`) have dripped in, in the order of the calls. Thrown when `signal` aborts
   * first: CoucheStorError `cancelled`, and the tokens go back.
   */
  async take(count = 1, signal?: AbortSignal): Promise<void> {
    const { ratePerSecond, burst, clock } = this.#options;
    assertInvariant(count <= burst, 'nobody takes more than a burst at once');
    this.#refill();
    this.#tokens -= count;
    if (this.#tokens >= 0 && signal?.aborted !== true) return;
    try {
      await clock.sleep((-this.#tokens * 1000) / ratePerSecond, signal);
    } catch (error) {
      this.#tokens += count;
      throw error;
    }
  }

  #refill(): void {
    const { ratePerSecond, burst, clock } = this.#options;
    const nowMs = clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#refilledMs) * ratePerSecond) / 1000);
    this.#refilledMs = nowMs;
  }
}
