/** One at a time for each key, in the order of asking; different keys do not wait for each other. How many may wait is limited. */
import { CoucheStorError } from '@couchestor/common/base';

export class KeyedMutex {
  readonly #maxWaiting: number;
  #waiting = 0;
  /** Of each key that is in use: ends when the last one that asked has ended. */
  readonly #tails = new Map<string, Promise<undefined>>();

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Keys that somebody has or waits for. */
  get size(): number {
    return this.#tails.size;
  }

  /**
   * What `action` gives or throws.
   * @throws CoucheStorError `tooManyRequests`, before it has begun, when too many wait.
   */
  async run<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key);
    if (before !== undefined && this.#waiting >= this.#maxWaiting) {
      throw new CoucheStorError(
        'tooManyRequests',
        `${this.#waiting} calls wait for others of the same shard or volume; try again later.`,
        { fields: { waiting: this.#waiting } },
      );
    }
    const { promise: tail, resolve: leave } = Promise.withResolvers<undefined>();
    this.#tails.set(key, tail);
    try {
      if (before !== undefined) await this.#wait(before);
      return await action();
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      leave(undefined);
    }
  }

  async #wait(before: Promise<undefined>): Promise<void> {
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
  }
}
