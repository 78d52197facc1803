/** What tests expect of a run, with all that it takes to look into one that went wrong. */
import type { Outcome } from './run.ts';

/** Thrown when a rule was broken: Error, with the last steps and the line that replays them. */
export function expectNothingBroken({ violations, trace }: Outcome, replay: string): void {
  if (violations.length === 0) return;
  throw new Error(`${violations.join('\n')}\nafter ${trace.join('\n')}\nreplay: ${replay}`);
}
