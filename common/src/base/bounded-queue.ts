/**
 * A first-in-first-out queue between producers and consumers that never holds more than its limit: a producer waits
 * (push) or is refused (tryPush). The limit counts items, or whatever `sizeOf` measures, such as bytes.
 */
import { assertInvariant, CoucheStorError } from './errors.ts';

export interface BoundedQueueOptions<T> {
  /** The most that may be queued, in items or in the unit of `sizeOf`. */
  readonly limit: number;
  /** Size of one item; must not change while it is queued. Every item counts 1 by default. */
  readonly sizeOf?: (item: T) => number;
}

interface WaitingPush<T> {
  readonly item: T;
  readonly size: number;
  readonly resolve: () => void;
  readonly reject: (error: CoucheStorError) => void;
}

/** Dequeued slots kept at the front of the array before it is compacted. */
const MAX_DEAD_SLOTS = 1024;

/** Anything but undefined and null: pop() says undefined when nothing is left. */
export type Queueable = object | string | number | bigint | boolean;

export class BoundedQueue<T extends Queueable> implements AsyncIterable<T> {
  readonly #limit: number;
  readonly #sizeOf: (item: T) => number;
  #items: { readonly item: T; readonly size: number }[] = [];
  #head = 0;
  #size = 0;
  #closed = false;
  // Sets keep insertion order and let an aborted waiter leave from the middle.
  readonly #waitingPushes = new Set<WaitingPush<T>>();
  readonly #waitingPops = new Set<(item: T | undefined) => void>();

  constructor(options: BoundedQueueOptions<T>) {
    assertInvariant(options.limit > 0, 'a queue has room for something');
    this.#limit = options.limit;
    this.#sizeOf = options.sizeOf ?? (() => 1);
  }

  /** Items queued now. */
  get count(): number {
    return this.#items.length - this.#head;
  }

  /** Their size, never above the limit. */
  get size(): number {
    return this.#size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Queues the item if there is room and nobody waits before it; false if not, or if the queue is closed. */
  tryPush(item: T): boolean {
    return this.#offer(item, this.#sizeOf(item));
  }

  /**
   * Queues the item as soon as there is room, in the order of the calls. Thrown when the item is larger than the limit:
   * CoucheStorError `invalid`; when the queue is closed or `signal` aborts before there was room: `cancelled`.
   */
  async push(item: T, signal?: AbortSignal): Promise<void> {
    const size = this.#sizeOf(item);
    if (this.#closed) throw closedError();
    if (signal?.aborted === true) throw abortedError(signal);
    if (size > this.#limit) {
      throw new CoucheStorError('invalid', 'An item is larger than its queue; send it in smaller pieces.', {
        fields: { size, limit: this.#limit },
      });
    }
    if (this.#offer(item, size)) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => signal?.removeEventListener('abort', abort);
      const waiting: WaitingPush<T> = {
        item,
        size,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const abort = (): void => {
        this.#waitingPushes.delete(waiting);
        reject(abortedError(signal));
        // The one that left may have been too large for the room that the next one fits in.
        this.#admitWaiting();
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waitingPushes.add(waiting);
    });
  }

  /** The oldest item, or undefined when there is none now. */
  tryPop(): T | undefined {
    const entry = this.#items[this.#head];
    if (entry === undefined) return undefined;
    this.#head += 1;
    this.#size -= entry.size;
    if (this.#head >= MAX_DEAD_SLOTS || this.#head === this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    this.#admitWaiting();
    return entry.item;
  }

  /**
   * The oldest item as soon as there is one; undefined once the queue is closed and drained. Thrown when `signal` aborts
   * first: CoucheStorError `cancelled`; no item is lost then.
   */
  async pop(signal?: AbortSignal): Promise<T | undefined> {
    if (signal?.aborted === true) throw abortedError(signal);
    const item = this.tryPop();
    if (item !== undefined || this.#closed) return item;
    return new Promise((resolve, reject) => {
      const take = (taken: T | undefined): void => {
        signal?.removeEventListener('abort', abort);
        resolve(taken);
      };
      const abort = (): void => {
        this.#waitingPops.delete(take);
        reject(abortedError(signal));
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.#waitingPops.add(take);
    });
  }

  /** Refuses every push from now on, the waiting ones included; what is queued can still be popped. */
  close(): void {
    this.#closed = true;
    for (const waiting of this.#waitingPushes) waiting.reject(closedError());
    this.#waitingPushes.clear();
    for (const take of this.#waitingPops) take(undefined);
    this.#waitingPops.clear();
  }

  /** Pops until the queue is closed and drained. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let item = await this.pop(); item !== undefined; item = await this.pop()) yield item;
  }

  #offer(item: T, size: number): boolean {
    if (this.#closed || this.#waitingPushes.size > 0 || this.#size + size > this.#limit) return false;
    this.#enqueue(item, size);
    return true;
  }

  #enqueue(item: T, size: number): void {
    const [take] = this.#waitingPops;
    if (take === undefined) {
      this.#items.push({ item, size });
      this.#size += size;
    } else {
      this.#waitingPops.delete(take);
      take(item);
    }
  }

  #admitWaiting(): void {
    for (const waiting of this.#waitingPushes) {
      if (this.#size + waiting.size > this.#limit) return;
      this.#waitingPushes.delete(waiting);
      this.#enqueue(waiting.item, waiting.size);
      waiting.resolve();
    }
  }
}

function closedError(): CoucheStorError {
  return new CoucheStorError('cancelled', 'The queue is closed.');
}

function abortedError(signal: AbortSignal | undefined): CoucheStorError {
  return new CoucheStorError('cancelled', 'The wait for the queue was cancelled.', { cause: signal?.reason });
}
