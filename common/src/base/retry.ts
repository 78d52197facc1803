/**
 * Bounded retries with full jitter: the wait after failure n (from 0) is uniform in [0, min(maxMs, baseMs · 2ⁿ)), so that clients
 * that failed together do not come back together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
import type { Clock } from './clock.ts';
import { assertInvariant, CoucheStorError, toCoucheStorError } from './errors.ts';

export interface BackoffOptions {
  /** 0 after the first failure, 1 after the second, … */
  readonly attempt: number;
  readonly baseMs: number;
  readonly maxMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The delay in milliseconds, in [0, min(maxMs, baseMs · 2^attempt)). Any number of attempts is safe from overflow. */
export function backoffDelayMs({ attempt, baseMs, maxMs, random }: BackoffOptions): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 1000));
}

export interface RetryOptions {
  /** Calls in all, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
  readonly clock: Clock;
  readonly random?: () => number;
  /** Ends the wait between two attempts; the operation itself has to watch it too. */
  readonly signal?: AbortSignal;
  /** Which failures are worth another attempt; by default those whose CoucheStorError says so. */
  readonly retryable?: (error: unknown) => boolean;
}

/** A server that says how long to wait (429 with Retry-After) is obeyed, up to maxMs, through the field `retryAfterMs`. */
function retryAfterMs(error: unknown): number {
  const value = error instanceof CoucheStorError ? error.fields.retryAfterMs : undefined;
  return typeof value === 'number' && value > 0 ? value : 0;
}

/**
 * Calls `operation` (with 0, 1, 2, …) until it succeeds, fails in a way that is not retryable, or has been called `attempts`
 * times; then its last error is thrown as it was. Thrown when `signal` aborts before a call: CoucheStorError `cancelled`.
 */
export async function retry<T>(operation: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, baseMs, maxMs, clock, signal } = options;
  const random = options.random ?? Math.random;
  const retryable = options.retryable ?? ((error) => toCoucheStorError(error).retryable);
  assertInvariant(attempts >= 1, 'retry() makes at least one attempt');
  for (let attempt = 0; ; attempt += 1) {
    if (signal?.aborted === true) {
      throw new CoucheStorError('cancelled', 'The operation was cancelled.', { cause: signal.reason });
    }
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt + 1 >= attempts || !retryable(error)) throw error;
      const delayMs = backoffDelayMs({ attempt, baseMs, maxMs, random });
      await clock.sleep(Math.max(delayMs, Math.min(retryAfterMs(error), maxMs)), signal);
    }
  }
}
