/** A cache of objects that shows every change a while after it was made, in order, as an informer does. */
import type { VirtualClock } from '@couchestor/common/base';

type Listener = (name: string) => unknown;

export class LaggingCache<Value> {
  readonly entries = new Map<string, Value>();
  readonly #clock: VirtualClock;
  readonly #lagMs: number;
  readonly #listeners = new Set<Listener>();

  constructor(clock: VirtualClock, lagMs: number) {
    this.#clock = clock;
    this.#lagMs = lagMs;
  }

  put(name: string, value: Value | undefined): void {
    this.#clock.setTimer(this.#lagMs, () => {
      if (value === undefined) this.entries.delete(name);
      else this.entries.set(name, value);
      for (const listener of this.#listeners) listener(name);
    });
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    for (const name of this.entries.keys()) listener(name);
    return () => void this.#listeners.delete(listener);
  }
}
