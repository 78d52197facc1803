/**
 * Hands changes to subscribers. Each subscriber is served by itself: one call at a time, the changes of a key in their order;
 * one that throws or dawdles neither stops nor delays the others. What a slow one has not heard yet is merged by key, so memory
 * is bounded by the number of objects, and every subscriber ends with the latest state of each.
 */
import { InvariantError, type Logger } from '@couchestor/common/base';
import type { Change, Entry } from './object-cache.ts';

export type ChangeHandler<T> = (change: Change<T>) => void | Promise<void>;

export class ChangeDispatcher<T> {
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #broken = Promise.withResolvers<never>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
    // Whoever waits for it hears of it all the same.
    this.#broken.promise.catch(() => undefined);
  }

  /** Rejects with the InvariantError of a handler, which nobody may go on after. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** The subscriber first hears of everything in `known` as added. Returns how to unsubscribe. */
  subscribe(handler: ChangeHandler<T>, known: readonly Entry<T>[]): () => void {
    const subscription = new Subscription(handler, this.#logger, (error) => this.#broken.reject(error));
    this.#subscriptions.add(subscription);
    for (const entry of known) subscription.push({ type: 'added', entry });
    return () => {
      this.#subscriptions.delete(subscription);
      subscription.close();
    };
  }

  publish(changes: readonly Change<T>[]): void {
    for (const subscription of this.#subscriptions) for (const change of changes) subscription.push(change);
  }
}

class Subscription<T> {
  readonly #handler: ChangeHandler<T>;
  readonly #logger: Logger;
  readonly #onBroken: (error: InvariantError) => void;
  readonly #pending = new Map<string, readonly Change<T>[]>();
  #running = false;

  constructor(handler: ChangeHandler<T>, logger: Logger, onBroken: (error: InvariantError) => void) {
    this.#handler = handler;
    this.#logger = logger;
    this.#onBroken = onBroken;
  }

  push(change: Change<T>): void {
    const { key } = change.entry;
    const merged = merge(this.#pending.get(key) ?? [], change);
    if (merged.length === 0) this.#pending.delete(key);
    else this.#pending.set(key, merged);
    if (!this.#running) {
      this.#running = true;
      void this.#run();
    }
  }

  close(): void {
    this.#pending.clear();
  }

  async #run(): Promise<void> {
    // A turn later: what one list or one chunk of the watch says arrives together.
    await Promise.resolve();
    for (const [key, changes] of this.#pending) {
      this.#pending.delete(key);
      for (const change of changes) await this.#deliver(change);
    }
    this.#running = false;
  }

  async #deliver(change: Change<T>): Promise<void> {
    try {
      await this.#handler(change);
    } catch (error) {
      if (error instanceof InvariantError) this.#onBroken(error);
      this.#logger.error('A handler of changes failed.', { key: change.entry.key, change: change.type, error });
    }
  }
}

/** What remains to be told of a key: at most two changes, a deletion and what came after it. */
function merge<T>(pending: readonly Change<T>[], next: Change<T>): readonly Change<T>[] {
  const last = pending.at(-1);
  if (last === undefined) return [next];
  const before = pending.slice(0, -1);
  if (next.type === 'updated' && last.type === 'added') return [...before, { type: 'added', entry: next.entry }];
  if (next.type === 'updated' && last.type === 'updated') return [...before, { ...next, previous: last.previous }];
  if (next.type === 'deleted' && last.type === 'added') return before;
  if (next.type === 'deleted' && last.type === 'updated') return [...before, next];
  return [...pending, next];
}
