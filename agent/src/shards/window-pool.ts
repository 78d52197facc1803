/**
 * The memory that shards in flight share: a fixed number of windows, made when first needed and used again. Whoever finds none
 * waits in a queue with a limit, so that many slow shards cost time, and not memory.
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import { BLOCK_BYTES } from './shard-layout.ts';

export interface WindowPoolOptions {
  /** A multiple of BLOCK_BYTES: what one call of a device moves. */
  readonly windowBytes: number;
  /** At most so many at a time. */
  readonly windows: number;
  /** At most so many wait; who comes then is refused. */
  readonly waiting: number;
  /** Buffers that every device accepts on which the windows are used. */
  readonly allocate: (bytes: number) => Uint8Array;
}

export class WindowPool {
  readonly windowBytes: number;
  readonly #options: WindowPoolOptions;
  readonly #idle: Uint8Array[] = [];
  readonly #taken = new Set<Uint8Array>();
  readonly #queue: ((window: Uint8Array) => void)[] = [];

  /** @throws CoucheStorError `invalid` for impossible numbers. */
  constructor(options: WindowPoolOptions) {
    const { windowBytes, windows, waiting } = options;
    const fits = windowBytes >= BLOCK_BYTES && windowBytes % BLOCK_BYTES === 0;
    if (!fits || !Number.isInteger(windows) || windows < 1 || !Number.isInteger(waiting) || waiting < 0) {
      throw new CoucheStorError(
        'invalid',
        `windows: ${windows} of ${windowBytes} bytes and ${waiting} in the queue are no pool; have at least one, of a multiple of ${BLOCK_BYTES} bytes.`,
        { fields: { field: 'windows' } },
      );
    }
    this.#options = options;
    this.windowBytes = windowBytes;
  }

  get inUse(): number {
    return this.#taken.size;
  }

  /**
   * Its content is whatever it last held. Give it back once, with release().
   * @param signal - ends the waiting with its reason.
   * @throws CoucheStorError `tooManyRequests` when the queue is full.
   */
  async acquire(signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const window = this.#idle.pop();
    if (window !== undefined) return this.#take(window);
    const { windowBytes, windows, waiting, allocate } = this.#options;
    if (this.#taken.size < windows) return this.#take(allocate(windowBytes));
    if (this.#queue.length >= waiting) {
      throw new CoucheStorError(
        'tooManyRequests',
        `All ${windows} windows for shards are in use, and ${waiting} wait for one; try again when shards in flight have ended.`,
        { fields: { windows, waiting } },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const leave = (): void => {
      this.#queue.splice(this.#queue.indexOf(take), 1);
      reject(signal?.reason);
    };
    const take = (given: Uint8Array): void => {
      signal?.removeEventListener('abort', leave);
      resolve(given);
    };
    signal?.addEventListener('abort', leave, { once: true });
    this.#queue.push(take);
    return promise;
  }

  release(window: Uint8Array): void {
    assertInvariant(this.#taken.has(window), 'a window is given back once, to the pool that gave it');
    const next = this.#queue.shift();
    if (next !== undefined) {
      next(window);
      return;
    }
    this.#taken.delete(window);
    this.#idle.push(window);
  }

  #take(window: Uint8Array): Uint8Array {
    this.#taken.add(window);
    return window;
  }
}
