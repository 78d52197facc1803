/** Calls that end: by their answer, by a deadline, or because whoever called is stopped. They see one signal that means both. */
import type { Clock } from './clock.ts';
import { CoucheStorError } from './errors.ts';
import { formatDuration } from './units.ts';

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Completes "… took longer than 10s". */
  readonly what: string;
}

/**
 * A signal that aborts when the parent does or when `timeoutMs` pass without a restart(). Ends at release(), which every
 * caller owes. Its reason is a CoucheStorError: `timeout` or `cancelled`.
 */
export class Deadline {
  readonly #options: DeadlineOptions;
  readonly #controller = new AbortController();
  #timer: { cancel(): void };

  constructor(options: DeadlineOptions) {
    this.#options = options;
    this.#timer = this.#arm(options.timeoutMs);
    if (options.signal?.aborted === true) this.#cancel();
    else options.signal?.addEventListener('abort', this.#cancel, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the wait again, with another length if given. */
  restart(timeoutMs = this.#options.timeoutMs): void {
    this.#timer.cancel();
    if (!this.#controller.signal.aborted) this.#timer = this.#arm(timeoutMs);
  }

  /** Settles as `work` does, but no later than the deadline, whether or not `work` obeys the signal. */
  async race<T>(work: Promise<T>): Promise<T> {
    const aborted = Promise.withResolvers<never>();
    // A turn later, so that work that does obey can say more: whether its request was sent, for example.
    const abort = (): void => void setImmediate(() => aborted.reject(this.#controller.signal.reason as Error));
    if (this.#controller.signal.aborted) abort();
    this.#controller.signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([work, aborted.promise]);
    } finally {
      this.#controller.signal.removeEventListener('abort', abort);
    }
  }

  release(): void {
    this.#timer.cancel();
    this.#options.signal?.removeEventListener('abort', this.#cancel);
  }

  #arm(timeoutMs: number): { cancel(): void } {
    return this.#options.clock.setTimer(timeoutMs, () => {
      const message = `${this.#options.what} took longer than ${formatDuration(timeoutMs)}.`;
      this.#controller.abort(new CoucheStorError('timeout', message));
    });
  }

  readonly #cancel = (): void => {
    this.#timer.cancel();
    const cause: unknown = this.#options.signal?.reason;
    // The deadline of a caller is told as such, however deep the call was.
    const isDeadline = cause instanceof CoucheStorError && cause.code === 'timeout';
    const message = `${this.#options.what} was cancelled.`;
    this.#controller.abort(isDeadline ? cause : new CoucheStorError('cancelled', message, { cause }));
  };
}

/** Thrown when time runs out or the signal aborts: CoucheStorError `timeout` or `cancelled`, or what `run` makes of it. */
export async function withDeadline<T>(options: DeadlineOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new Deadline(options);
  try {
    return await deadline.race(run(deadline.signal));
  } finally {
    deadline.release();
  }
}

/** As `promise`, which others may wait for as well. Thrown when `signal` aborts first: CoucheStorError `cancelled`. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, what = 'The wait'): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new CoucheStorError('cancelled', `${what} was cancelled.`));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
