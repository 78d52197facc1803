/**
 * Works off a queue of keys with a reconciler, and decides what a failure means: a conflict comes back quietly, a passing
 * failure after a backoff, a lasting one is reported on the object and comes back only when the object changes or at the next
 * resync. One key is never reconciled twice at a time.
 */
import { InvariantError, toCoucheStorError, type Clock, type Logger } from '@couchestor/common/base';
import type { Reconciler, ReconcileResult } from '../ports/reconciler.ts';
import type { WorkQueue } from './work-queue.ts';

export type { Reconciler, ReconcileResult };

export interface ControllerOptions {
  readonly queue: WorkQueue;
  readonly reconciler: Reconciler;
  /**
   * Calls back with every key there is, and again whenever one may have changed; waits with the next for the promise of the
   * last, so that a full queue holds it up. Returns how to unsubscribe.
   */
  readonly subscribe: (changed: (key: string) => Promise<void>) => () => void;
  readonly workers: number;
  /** Every key is looked at again at least this often. */
  readonly resyncMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs until `signal` aborts and every worker is done. Thrown: InvariantError only. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, subscribe, workers, clock, resyncMs } = options;
  const ending = new AbortController();
  const offer = (key: string): Promise<void> => queue.offer(key);
  let unsubscribe = subscribe(offer);
  const resync = async (): Promise<void> => {
    while (await slept(clock, resyncMs, ending.signal)) {
      // From the start again, the last keys would never have their turn.
      if (queue.isOverfull) continue;
      unsubscribe();
      unsubscribe = subscribe(offer);
    }
  };
  const end = (): void => {
    ending.abort();
    queue.close();
  };
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  try {
    await Promise.all([resync(), ...Array.from({ length: workers }, () => work(options, signal))]);
  } finally {
    signal.removeEventListener('abort', end);
    unsubscribe();
    end();
  }
}

async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

async function work({ queue, reconciler, logger }: ControllerOptions, signal: AbortSignal): Promise<void> {
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    try {
      const result = await reconciler.reconcile(key, signal);
      queue.forget(key);
      if (result.kind === 'again') queue.addAfter(key, result.afterMs);
    } catch (thrown) {
      if (thrown instanceof InvariantError) throw thrown;
      const error = toCoucheStorError(thrown);
      if (error.code === 'conflict') {
        logger.debug('Somebody else changed the object; looking at it again.', { key });
        queue.retry(key);
      } else if (error.retryable) {
        const { retryAfterMs } = error.fields;
        const pauseMs = typeof retryAfterMs === 'number' ? retryAfterMs : Math.round(queue.retry(key));
        if (typeof retryAfterMs === 'number') queue.retryAfter(key, retryAfterMs);
        logger.warn('Reconciling failed; trying again.', { key, pauseMs, error });
      } else if (!signal.aborted) {
        queue.forget(key);
        logger.error('Reconciling failed for good.', { key, error });
        await reconciler.reportFailure(key, error, signal).catch((second: unknown) => {
          logger.warn('The failure could not be shown on the object.', { key, error: second });
        });
      }
    } finally {
      queue.done(key);
    }
  }
}
