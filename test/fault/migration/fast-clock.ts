/** A clock that runs faster than the machine's, alike in every process that was told the same moment to count from. */
import { realClock, type Clock } from '@couchestor/common/base';

export interface Pace {
  readonly speed: number;
  /** Wall time at which this clock and the machine's agree. */
  readonly sinceMs: number;
}

export function fastClock({ speed, sinceMs }: Pace): Clock {
  return {
    now: () => sinceMs + (realClock.now() - sinceMs) * speed,
    monotonic: () => realClock.monotonic() * speed,
    sleep: (ms, signal) => realClock.sleep(ms / speed, signal),
    setTimer: (ms, run) => realClock.setTimer(ms / speed, run),
  };
}
