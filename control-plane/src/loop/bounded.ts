/** Calls that end: by their answer, by a deadline, or because whoever called is stopped. */
import { CoucheStorError, type Clock } from '@couchestor/common/base';

export interface Bounds {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * What `call` answers; its signal aborts at the deadline. The wait ends then even if `call` does not. Thrown: what `call` throws,
 * CoucheStorError `timeout` with `what` in its message, `cancelled` when `signal` aborts.
 */
export async function bounded<T>(
  what: string,
  { clock, timeoutMs, signal }: Bounds,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (error: CoucheStorError): void => {
    ended.reject(error);
    own.abort(error);
  };
  const cancel = (): void => end(new CoucheStorError('cancelled', `${what} was cancelled.`));
  const timer = clock.setTimer(timeoutMs, () =>
    end(new CoucheStorError('timeout', `${what} did not answer within ${Math.round(timeoutMs / 1000)} s.`)),
  );
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([ended.promise, call(own.signal)]);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', cancel);
  }
}

/** As `promise`, which others may wait for as well. Thrown when `signal` aborts first: CoucheStorError `cancelled`. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new CoucheStorError('cancelled', 'The wait was cancelled.'));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
