/** A map of bounded size that forgets what was used least recently. */
import { assertInvariant } from '../base/errors.ts';

export class LruMap<Key, Value> {
  readonly #capacity: number;
  /** From the least to the most recently used. */
  readonly #entries = new Map<Key, Value>();
  /** The entry used last, which is mostly used next. */
  #latest: { readonly key: Key; readonly value: Value } | undefined;

  constructor(capacity: number) {
    assertInvariant(Number.isInteger(capacity) && capacity >= 1, 'a map holds at least one entry');
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What is kept for the key, else what `make` gives; nothing is kept when it throws. */
  getOrMake(key: Key, make: () => Value): Value {
    if (this.#latest?.key === key) return this.#latest.value;
    const kept = this.#entries.get(key);
    const value = kept ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    this.#latest = { key, value };
    if (this.#entries.size > this.#capacity) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    return value;
  }
}
