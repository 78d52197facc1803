/**
 * Whether the work of this process goes on: activities that have to show themselves from time to time, and single pieces of
 * work that have to end. A hung event loop needs no entry here; it answers no probe either.
 */
import type { Clock } from '@couchestor/common/base';

interface Pulse {
  readonly maxSilenceMs: number;
  lastMs: number;
}

export class Vitals {
  readonly #clock: Clock;
  readonly #pulses = new Map<string, Pulse>();
  readonly #work = new Map<symbol, { readonly name: string; readonly startMs: number }>();
  readonly #maxWorkMs: number;

  /** `maxWorkMs`: no piece of work takes longer unless it is stuck. */
  constructor({ clock, maxWorkMs }: { clock: Clock; maxWorkMs: number }) {
    this.#clock = clock;
    this.#maxWorkMs = maxWorkMs;
  }

  /** From now on `name` has to be heard of at least this often; returns how it says so. */
  expect(name: string, maxSilenceMs: number): () => void {
    const pulse = { maxSilenceMs, lastMs: this.#clock.monotonic() };
    this.#pulses.set(name, pulse);
    return () => (pulse.lastMs = this.#clock.monotonic());
  }

  /** A piece of work has begun; returns how it says that it has ended. */
  begin(name: string): () => void {
    const id = Symbol(name);
    this.#work.set(id, { name, startMs: this.#clock.monotonic() });
    return () => void this.#work.delete(id);
  }

  /** A sentence for everything that makes no progress; empty if all is well. */
  problems(): readonly string[] {
    const nowMs = this.#clock.monotonic();
    const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
    const silent = [...this.#pulses].filter(([, { lastMs, maxSilenceMs }]) => nowMs - lastMs > maxSilenceMs);
    const stuck = [...this.#work.values()].filter(({ startMs }) => nowMs - startMs > this.#maxWorkMs);
    return [
      ...silent.map(([name, { lastMs }]) => `${name}: no progress for ${seconds(nowMs - lastMs)}.`),
      ...stuck.map(({ name, startMs }) => `${name}: not done after ${seconds(nowMs - startMs)}.`),
    ];
  }
}
