/** What the controllers of the sandbox have in common: they look again, soon, whenever something was written. */
import type { Clock } from '@couchestor/common/base';
import type { Registry } from '../registry.ts';
import type { Lifecycle } from '../rest/lifecycle.ts';
import type { Store, StoreEvent } from '../store/store.ts';

export interface ControllerParts {
  store: Store;
  registry: Registry;
  lifecycle: Lifecycle;
  clock: Clock;
}

export abstract class Controller {
  protected readonly parts: ControllerParts;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(parts: ControllerParts) {
    this.parts = parts;
  }

  /** Brings everything up to date with what is stored. */
  abstract sync(): void;

  /** Whether an event may give {@link sync} something to do. */
  protected abstract concerns(event: StoreEvent): boolean;

  /** Runs {@link sync} once in a later turn of the event loop, however many events come until then. */
  observe(event: StoreEvent): void {
    if (!this.concerns(event)) return;
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.sync();
    });
  }

  stop(): void {
    clearImmediate(this.#scheduled);
  }
}
