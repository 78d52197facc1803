/**
 * One call whose outcome several callers wait for. A caller that gives up leaves the others alone; when the last one has, the
 * call itself is given up.
 */
import { CoucheStorError } from '@couchestor/common/base';

export class SharedCall<T> {
  readonly #controller = new AbortController();
  readonly #outcome: Promise<T>;
  #waiterCount = 0;

  /** `run` starts at once; its signal aborts when nobody waits any more. */
  constructor(run: (signal: AbortSignal) => Promise<T>) {
    this.#outcome = run(this.#controller.signal);
    // Whoever waits hears of it; nobody may.
    this.#outcome.catch(() => undefined);
  }

  /** Nobody waits any more, so nobody may start to. */
  get isAbandoned(): boolean {
    return this.#controller.signal.aborted;
  }

  /** Settles as the call does. Thrown when `signal` aborts first: CoucheStorError `cancelled`. */
  async wait(signal: AbortSignal): Promise<T> {
    throwIfCancelled(signal);
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(cancelled(signal));
    signal.addEventListener('abort', abort, { once: true });
    this.#waiterCount += 1;
    try {
      return await Promise.race([this.#outcome, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiterCount -= 1;
      if (this.#waiterCount === 0) this.#controller.abort(cancelled(signal));
    }
  }
}

/** Thrown when `signal` has aborted: CoucheStorError `cancelled`. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled(signal);
}

function cancelled(signal: AbortSignal): CoucheStorError {
  return new CoucheStorError('cancelled', 'The reading of heat was cancelled.', { cause: signal.reason });
}
