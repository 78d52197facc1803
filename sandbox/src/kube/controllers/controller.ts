/** What the controllers of the sandbox have in common: they look again, soon, whenever something was written. */
import type { Lifecycle } from '../rest/lifecycle.ts';
import type { Registry } from '../registry.ts';
import type { Store } from '../store/store.ts';

export interface ControllerParts {
  store: Store;
  registry: Registry;
  lifecycle: Lifecycle;
}

/** Runs `run` once in a later turn of the event loop however often it is called until then, and never after `stop`. */
export function coalesce(run: () => void): { (): void; stop: () => void } {
  let scheduled: NodeJS.Immediate | undefined;
  const schedule = (): void => {
    scheduled ??= setImmediate(() => {
      scheduled = undefined;
      run();
    });
  };
  return Object.assign(schedule, {
    stop: () => {
      clearImmediate(scheduled);
      scheduled = undefined;
    },
  });
}
