/** What works in the background a step at a time, so that whoever drives it decides when, how often, and beside what. */

/**
 * What a step says of the next one. `busy`: there is more to do. `throttled`: there is, later. `idle`: nothing now; there may be at
 * another time. `done`: never again.
 */
export type WorkerState = 'busy' | 'throttled' | 'idle' | 'done';

export interface Worker {
  /** Does a bounded piece of work. One call at a time. An error leaves it as it was before the step, which may be asked for again. */
  step(): Promise<WorkerState>;
}
