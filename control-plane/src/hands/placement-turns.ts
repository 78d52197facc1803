/**
 * The lock on placement among the migrations of one process: they queue for it in the order of their asking, and only the first
 * of the queue asks the lock itself, so that however many wait, one of them at a time reads the lease and one writes it. When the
 * lock is given back the next is woken. The queue is a courtesy and no lock: whoever the lock says has it is never made to wait.
 */
import type { Clock } from '@couchestor/common/base';
import type { PlacementLock } from '../ports/placement-lock.ts';
import type { LockFact } from './observation.ts';

export interface PlacementTurnsOptions {
  readonly lock: PlacementLock;
  readonly clock: Clock;
  /** Of one that has not asked again for so long, nobody is made to wait for its turn. */
  readonly patienceMs: number;
  readonly wake: (migration: string) => void;
}

export class PlacementTurns {
  readonly #options: PlacementTurnsOptions;
  /** When each asked last, in the order in which they asked first. */
  readonly #askedAtMs = new Map<string, number>();
  /** As the lock said last; empty when it is not known to have one. */
  #holder = '';

  constructor(options: PlacementTurnsOptions) {
    this.#options = options;
  }

  /** Thrown: what the lock throws. */
  async acquire(migration: string, signal: AbortSignal): Promise<LockFact> {
    this.#dropAbsent();
    if (migration !== this.#holder) {
      this.#askedAtMs.set(migration, this.#options.clock.monotonic());
      const first = this.#first();
      if (first !== undefined && first !== migration) {
        return { kind: 'taken', by: this.#holder === '' ? first : this.#holder, isNext: false };
      }
    }
    const answer = await this.#options.lock.acquire(migration, signal);
    if (answer.kind === 'held') {
      this.#holder = migration;
      this.#askedAtMs.delete(migration);
      return answer;
    }
    this.#holder = answer.by;
    this.#askedAtMs.set(migration, this.#options.clock.monotonic());
    // It has the lock from an earlier life, and was made to queue before that was known.
    if (this.#askedAtMs.delete(answer.by)) this.#options.wake(answer.by);
    return { ...answer, isNext: this.#first() === migration };
  }

  /** Thrown: what the lock throws. */
  async release(migration: string, signal: AbortSignal): Promise<void> {
    await this.#options.lock.release(migration, signal);
    this.#askedAtMs.delete(migration);
    if (this.#holder !== migration && this.#holder !== '') return;
    this.#holder = '';
    this.#wakeFirst();
  }

  /** It does not want to place anything now. */
  leave(migration: string): void {
    const wasFirst = this.#first() === migration;
    this.#askedAtMs.delete(migration);
    if (wasFirst) this.#wakeFirst();
  }

  #first(): string | undefined {
    const [first] = this.#askedAtMs.keys();
    return first;
  }

  #wakeFirst(): void {
    const first = this.#first();
    if (first !== undefined) this.#options.wake(first);
  }

  #dropAbsent(): void {
    const { clock, patienceMs } = this.#options;
    const nowMs = clock.monotonic();
    for (const [migration, askedAtMs] of this.#askedAtMs) {
      if (nowMs - askedAtMs > patienceMs) this.#askedAtMs.delete(migration);
    }
  }
}
