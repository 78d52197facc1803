/** One call of a disk that fails. */
import { systemError } from '../devices/index.ts';
import { isEffect, type Around } from '../pools/interposed-files.fixture.ts';

/** Whether what changes the disk has done so when it fails; `onward`: not, and every later call fails too. */
export type Moment = 'before' | 'after' | 'onward';

/** Fails the call of this number, and of a sync every later one that says it went well. */
export class FailingCall {
  readonly around: Around;
  hasFailed = false;
  /** What has not failed by now never does. */
  isOver = false;
  #calls = 0;
  #dead: string | undefined;

  constructor(call: number, errno: string, moment: Moment) {
    this.around = async (step, run) => {
      // The kernel tells of lost pages once, and then of success.
      if (step.operation === 'sync' && step.path === this.#dead) return undefined as never;
      this.#calls += 1;
      const isDue = moment === 'onward' ? this.#calls >= call : this.#calls === call;
      if (this.isOver || !isDue) return run();
      this.hasFailed = true;
      if (step.operation === 'sync') this.#dead = step.path;
      else if (moment === 'after' && isEffect(step)) await run();
      const cause = Object.assign(new Error(errno), { code: errno });
      throw systemError(cause, { device: step.path, operation: 'write' });
    };
  }
}
