/**
 * A clock that runs faster than the machine's, alike in every process that was told the same moment to count from. Its pace may
 * change while it runs: what waits then goes on at the new one.
 */
import { CoucheStorError, realClock, type Clock } from '@couchestor/common/base';

export interface Pace {
  readonly speed: number;
  /** The machine's wall time from which on it counts. */
  readonly sinceMs: number;
  /** What this clock says then; the same if absent. */
  readonly nowMs?: number;
}

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
  handle: { cancel(): void };
}

export class FastClock implements Clock {
  readonly #timers = new Set<Timer>();
  #pace: Pace;
  /** What the monotonic clock said at the latest change of pace. */
  #before = { ownMs: 0, realMs: realClock.monotonic() };

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  now(): number {
    const { speed, sinceMs, nowMs = sinceMs } = this.#pace;
    return nowMs + (realClock.now() - sinceMs) * speed;
  }

  monotonic(): number {
    const { ownMs, realMs } = this.#before;
    return ownMs + (realClock.monotonic() - realMs) * this.#pace.speed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const cancelled = (): void => {
      timer.cancel();
      reject(new CoucheStorError('cancelled', 'The sleep was cancelled.', { cause: signal?.reason }));
    };
    const timer = this.setTimer(ms, () => {
      signal?.removeEventListener('abort', cancelled);
      resolve(undefined);
    });
    if (signal?.aborted === true) cancelled();
    else signal?.addEventListener('abort', cancelled, { once: true });
    return promise;
  }

  setTimer(ms: number, run: () => void): { cancel(): void } {
    const timer: Timer = { dueMs: this.monotonic() + ms, run, handle: { cancel: () => undefined } };
    this.#timers.add(timer);
    this.#arm(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
        timer.handle.cancel();
      },
    };
  }

  get pace(): Pace {
    return this.#pace;
  }

  setPace(pace: Pace): void {
    this.#before = { ownMs: this.monotonic(), realMs: realClock.monotonic() };
    this.#pace = pace;
    for (const timer of this.#timers) {
      timer.handle.cancel();
      this.#arm(timer);
    }
  }

  #arm(timer: Timer): void {
    const restMs = Math.max((timer.dueMs - this.monotonic()) / this.#pace.speed, 0);
    timer.handle = realClock.setTimer(restMs, () => {
      this.#timers.delete(timer);
      timer.run();
    });
  }
}
