/**
 * The life of one process, as its calls show it: each takes a while there and back; of a process that was killed none comes back,
 * though what was under way still takes effect; and one that is paused goes on where it was, on what it knew then.
 */
import type { Clock } from '@couchestor/common/base';

export interface LifeOptions {
  readonly clock: Clock;
  /** How long a call takes, one way. */
  readonly transitMs: () => number;
}

export class Life {
  readonly #options: LifeOptions;
  readonly #stop = new AbortController();
  #isOver = false;
  #pause: PromiseWithResolvers<undefined> | undefined;

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isRunning(): boolean {
    return !this.#isOver && this.#pause === undefined;
  }

  kill(): void {
    this.#isOver = true;
    this.#stop.abort();
  }

  pause(): void {
    this.#pause ??= Promise.withResolvers();
  }

  /** It finds out a moment later that its time is over. */
  async resume(): Promise<void> {
    this.#pause?.resolve(undefined);
    this.#pause = undefined;
    await this.#options.clock.sleep(500);
    this.kill();
  }

  async call<Result>(run: () => Result | Promise<Result>): Promise<Result> {
    await this.#awake();
    await this.#transit();
    try {
      return await run();
    } finally {
      await this.#transit();
      await this.#awake();
    }
  }

  /** The port with the named calls led through this life; `before` throws what hinders them. */
  gate<Port extends object>(port: Port, names: readonly (keyof Port & string)[], before: () => void): Port {
    const gated = new Set<string | symbol>(names);
    return new Proxy(port, {
      get: (target, key): unknown => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        const bound = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
        if (!gated.has(key)) return bound;
        return (...given: unknown[]) =>
          this.call(() => {
            before();
            return bound(...given);
          });
      },
    });
  }

  async #transit(): Promise<void> {
    const ms = this.#options.transitMs();
    if (ms > 0) await this.#options.clock.sleep(ms);
  }

  async #awake(): Promise<void> {
    if (this.#pause !== undefined) await this.#pause.promise;
    if (this.#isOver) await new Promise(() => undefined);
  }
}
