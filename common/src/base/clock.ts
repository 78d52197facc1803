/**
 * Time as a dependency. Wall time is for people and for records; every duration, lease and deadline is measured on the
 * monotonic clock, so that a stepped wall clock misfires nothing. Both come from one object, which a test replaces by a
 * VirtualClock that moves only when told to.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { assertInvariant, CoucheStorError } from './errors.ts';

export interface Timer {
  /** Does nothing when the timer has run or was cancelled before. */
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since the epoch. May jump either way. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back, unaffected by wall time. */
  monotonic(): number;
  /** Thrown when `signal` aborts first: CoucheStorError `cancelled`. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `run` once, at least `ms` later on the monotonic clock, never synchronously. A negative `ms` counts as zero. */
  setTimer(ms: number, run: () => void): Timer;
}

function sleepOn(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = (): CoucheStorError =>
      new CoucheStorError('cancelled', 'The wait was cancelled.', { cause: signal?.reason });
    if (signal?.aborted === true) {
      reject(cancelled());
      return;
    }
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    const abort = (): void => {
      timer.cancel();
      reject(cancelled());
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Node runs a longer timeout at once, so longer waits are cut into pieces. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The clock of the machine. Its timers keep the process alive until they have run or are cancelled. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleepOn(realClock, ms, signal),
  setTimer(ms, run) {
    assertInvariant(!Number.isNaN(ms), 'a timer needs a number of milliseconds');
    const dueMs = performance.now() + ms;
    const arm = (): NodeJS.Timeout => {
      const restMs = Math.min(Math.ceil(dueMs - performance.now()), MAX_TIMEOUT_MS);
      return setTimeout(fire, Math.max(restMs, 0));
    };
    // Node's timeouts count whole milliseconds and may end a fraction early.
    const fire = (): void => {
      if (performance.now() < dueMs) handle = arm();
      else run();
    };
    let handle = arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

interface PendingTimer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Timers run at one instant before advance() concludes that they re-arm themselves for ever. */
const MAX_TIMERS_AT_ONE_INSTANT = 100_000;

/** A clock that stands still until a test advances it. */
export class VirtualClock implements Clock {
  readonly #pending: PendingTimer[] = [];
  #wallOffsetMs: number;
  #monotonicMs = 0;
  #targetMs = 0;

  /** Starts at `startMs` of wall time; its monotonic time starts at zero. */
  constructor(startMs = Date.UTC(2025, 0, 1)) {
    this.#wallOffsetMs = startMs;
  }

  now(): number {
    return this.#wallOffsetMs + this.#monotonicMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** Timers armed and not yet run: lets a test prove that nothing was left behind. */
  get pendingTimerCount(): number {
    return this.#pending.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  setTimer(ms: number, run: () => void): Timer {
    assertInvariant(!Number.isNaN(ms), 'a timer needs a number of milliseconds');
    const timer: PendingTimer = { dueMs: this.#monotonicMs + Math.max(ms, 0), run };
    // Behind every timer due at the same time: equal timers run in the order they were set.
    this.#pending.splice(this.#pending.findLastIndex((other) => other.dueMs <= timer.dueMs) + 1, 0, timer);
    return {
      cancel: () => {
        const index = this.#pending.indexOf(timer);
        if (index >= 0) this.#pending.splice(index, 1);
      },
    };
  }

  /** Jumps wall time, forward or (negative) backward, as an administrator or NTP would. Monotonic time and timers stay. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /**
   * Moves time on by `ms`. Timers that come due run in due order, each at its own instant, and promises settle between them,
   * including timers set on the way; promises that wait for I/O do not. Overlapping calls add up. What a timer throws is
   * thrown here.
   */
  async advance(ms: number): Promise<void> {
    assertInvariant(ms >= 0, 'time does not go back; stepWall() moves the wall clock');
    this.#targetMs += ms;
    const targetMs = this.#targetMs;
    let ranAtThisInstant = 0;
    await nextTurn();
    for (let timer = this.#pending[0]; timer !== undefined && timer.dueMs <= targetMs; timer = this.#pending[0]) {
      this.#pending.shift();
      ranAtThisInstant = timer.dueMs > this.#monotonicMs ? 1 : ranAtThisInstant + 1;
      assertInvariant(
        ranAtThisInstant <= MAX_TIMERS_AT_ONE_INSTANT,
        'timers re-arm themselves without letting time pass',
      );
      this.#monotonicMs = Math.max(this.#monotonicMs, timer.dueMs);
      timer.run();
      await nextTurn();
    }
    this.#monotonicMs = Math.max(this.#monotonicMs, targetMs);
  }
}
