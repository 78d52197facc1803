/**
 * Keys to be worked on, with the semantics of client-go: a key is queued once however often it is added, is worked on by one
 * worker at a time, and is queued again when it was added meanwhile. Failures are repeated with an exponential backoff by key.
 * Bounded: when it is full a new key is refused, or waits outside for its turn; then a key that was worked on and only wants to
 * be looked at again later gives up its place, so that however many keys there are none is left out for ever.
 */
import { backoffDelayMs, type Clock, type Timer } from '@couchestor/common/base';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Keys known at once, waiting for a retry included; 10 000 by default. */
  readonly capacity?: number;
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  readonly random?: () => number;
}

interface Delayed {
  readonly dueMs: number;
  readonly timer: Timer;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #capacity: number;
  /** Ready, in order. */
  readonly #ready = new Set<string>();
  readonly #processing = new Set<string>();
  /** Added while being processed. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers = new Set<(key: string | undefined) => void>();
  /** Keys that wait outside for room, in order. */
  readonly #outside = new Map<string, PromiseWithResolvers<undefined>>();
  #closed = false;
  #refusedCount = 0;
  #retryCount = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 10_000;
  }

  /** Keys ready to be worked on. */
  get count(): number {
    return this.#ready.size;
  }

  get delayedCount(): number {
    return this.#delayed.size;
  }

  /** Keys that found the queue full. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Failures that were followed by another try, since the start. */
  get retryCount(): number {
    return this.#retryCount;
  }

  /** Whether keys wait outside for room. */
  get isOverfull(): boolean {
    return this.#outside.size > 0;
  }

  /** Queues the key now, or as soon as there is room for it; resolves then, and when the queue is closed. */
  async offer(key: string): Promise<void> {
    if (this.#closed || (this.#hasRoomFor(key) && this.add(key))) return;
    const waiting = this.#outside.get(key) ?? Promise.withResolvers<undefined>();
    this.#outside.set(key, waiting);
    await waiting.promise;
  }

  /** Queues the key now. False when the queue is full or closed. */
  add(key: string): boolean {
    if (this.#closed || !this.#admits(key)) return false;
    this.#cancelDelay(key);
    this.#enqueue(key);
    return true;
  }

  /**
   * Queues the key after `delayMs`, or sooner if it is due sooner already. False when the queue is full or closed, and when
   * others wait for its place: then a resync brings it again.
   */
  addAfter(key: string, delayMs: number): boolean {
    return !this.isOverfull && this.#delay(key, delayMs);
  }

  #delay(key: string, delayMs: number): boolean {
    if (this.#closed) return false;
    if (delayMs <= 0) return this.add(key);
    const { clock } = this.#options;
    const dueMs = clock.monotonic() + delayMs;
    const waiting = this.#delayed.get(key);
    if (this.#ready.has(key) || (waiting !== undefined && waiting.dueMs <= dueMs)) return true;
    if (!this.#admits(key)) return false;
    this.#cancelDelay(key);
    const timer = clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.#enqueue(key);
    });
    this.#delayed.set(key, { dueMs, timer });
    return true;
  }

  /** Queues the key again after a pause that doubles with every failure in a row; returns the pause. */
  retry(key: string): number {
    const { backoffBaseMs: baseMs = 100, backoffMaxMs: maxMs = 5 * 60_000, random = Math.random } = this.#options;
    const attempt = this.#failures.get(key) ?? 0;
    this.#failures.set(key, attempt + 1);
    // Not down to nothing, as full jitter may: the key has just failed.
    const pauseMs = backoffDelayMs({ attempt, baseMs, maxMs, random: () => 0.5 + random() / 2 });
    this.#retryCount += 1;
    this.#delay(key, pauseMs);
    return pauseMs;
  }

  /** As retry(), after a pause that somebody else asked for. */
  retryAfter(key: string, delayMs: number): void {
    this.#retryCount += 1;
    this.#delay(key, delayMs);
  }

  /** Failures in a row. */
  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The key succeeded, or failed for good: its next failure is a first one. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, which is the caller's alone until done(); undefined once the queue is closed. */
  async take(): Promise<string | undefined> {
    const [key] = this.#ready;
    if (this.#closed) return undefined;
    if (key === undefined) return new Promise((resolve) => this.#takers.add(resolve));
    this.#ready.delete(key);
    this.#processing.add(key);
    return key;
  }

  /** Owed for every key taken. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.delete(key) && !this.#closed) this.#hand(key);
    for (const [next, waiting] of this.#outside) {
      if (!this.#hasRoomFor(next)) return;
      this.#outside.delete(next);
      this.add(next);
      waiting.resolve(undefined);
    }
  }

  /** Ends every take(); queued keys are dropped. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#dirty.clear();
    for (const taker of this.#takers) taker(undefined);
    this.#takers.clear();
    for (const { resolve } of this.#outside.values()) resolve(undefined);
    this.#outside.clear();
  }

  /** A key that is known already is never refused: its retry would be lost. */
  #admits(key: string): boolean {
    const room = this.#hasRoomFor(key);
    if (!room) this.#refusedCount += 1;
    return room;
  }

  #hasRoomFor(key: string): boolean {
    if (this.#ready.has(key) || this.#delayed.has(key) || this.#processing.has(key)) return true;
    return this.#ready.size + this.#delayed.size + this.#processing.size < this.#capacity;
  }

  #enqueue(key: string): void {
    if (this.#processing.has(key)) this.#dirty.add(key);
    else if (!this.#ready.has(key)) this.#hand(key);
  }

  #hand(key: string): void {
    const [taker] = this.#takers;
    if (taker === undefined) {
      this.#ready.add(key);
      return;
    }
    this.#takers.delete(taker);
    this.#processing.add(key);
    taker(key);
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }
}
