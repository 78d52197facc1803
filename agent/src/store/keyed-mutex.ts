/** One at a time for each key, in the order of asking; different keys do not wait for each other. Who asks limits how many do. */

export class KeyedMutex {
  /** Of each key that is in use: ends when the last one that asked has ended. */
  readonly #tails = new Map<string, Promise<undefined>>();

  /** What `action` gives or throws. */
  async run<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#tails.get(key);
    const { promise: tail, resolve: leave } = Promise.withResolvers<undefined>();
    this.#tails.set(key, tail);
    try {
      await before;
      return await action();
    } finally {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
      leave(undefined);
    }
  }
}
