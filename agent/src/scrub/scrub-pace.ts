/**
 * How fast a scrub may go, so that others keep their disk: after each step it rests for a multiple of what the step took (so a busy disk
 * is left alone for longer), and it reads no more than so many bytes a second. All of it on the monotonic clock.
 */
import { TokenBucket, type Clock } from '@couchestor/common/base';

export interface ScrubPaceOptions {
  readonly clock: Clock;
  /** A step of one second is followed by so many seconds of rest. 0: none. */
  readonly tranquility: number;
  readonly bandwidthBytesPerSecond: number | undefined;
  /** The most that one step reads. */
  readonly stepBytes: number;
}

export class ScrubPace {
  readonly #clock: Clock;
  readonly #tranquility: number;
  readonly #bucket: TokenBucket | undefined;
  #restUntilMs = 0;

  constructor({ clock, tranquility, bandwidthBytesPerSecond: ratePerSecond, stepBytes: burst }: ScrubPaceOptions) {
    this.#clock = clock;
    this.#tranquility = tranquility;
    this.#bucket = ratePerSecond === undefined ? undefined : new TokenBucket({ ratePerSecond, burst, clock });
  }

  /** Milliseconds until something may be read; 0: it may be now. */
  get waitMs(): number {
    return Math.max(0, this.#restUntilMs - this.#clock.monotonic());
  }

  /** False, with nothing taken, when it is too early for so many bytes; waitMs says for how long. */
  tryBegin(bytes: number): boolean {
    if (this.waitMs > 0) return false;
    const waitMs = this.#bucket?.msUntil(bytes) ?? 0;
    if (waitMs > 0) this.#restUntilMs = this.#clock.monotonic() + waitMs;
    else this.#bucket?.tryTake(bytes);
    return waitMs === 0;
  }

  /** After a step that began at this monotonic time. */
  rest(begunMs: number): void {
    const nowMs = this.#clock.monotonic();
    this.#restUntilMs = nowMs + this.#tranquility * (nowMs - begunMs);
  }
}
