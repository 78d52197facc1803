/**
 * A clock that stands still until it is let go, and then is the one beneath it. A cluster that is being filled would
 * otherwise bring every volume up to the present before each of the thousands that follow.
 */
import type { Clock, Timer } from '@couchestor/common/base';

export class HeldClock implements Clock {
  readonly #clock: Clock;
  #held: { readonly now: number; readonly monotonic: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#held = { now: clock.now(), monotonic: clock.monotonic() };
  }

  letGo(): void {
    this.#held = undefined;
  }

  now(): number {
    return this.#held?.now ?? this.#clock.now();
  }

  monotonic(): number {
    return this.#held?.monotonic ?? this.#clock.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal);
  }

  setTimer(ms: number, run: () => void): Timer {
    return this.#clock.setTimer(ms, run);
  }
}
