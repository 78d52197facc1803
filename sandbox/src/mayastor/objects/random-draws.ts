/** Draws that a seed decides. mulberry32 by Tommy Ettinger: tiny, and even enough to make up a cluster. */
import { assertInvariant } from '@couchestor/common/base';

export class RandomDraws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to just below 1. */
  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.share() < probability;
  }

  /** Both ends included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.share() * (most - least + 1));
  }

  oneOf<T>(values: readonly T[]): T {
    return this.weighted(values, () => 1);
  }

  weighted<T>(values: readonly T[], weightOf: (value: T) => number): T {
    let rest = this.share() * values.reduce((sum, value) => sum + weightOf(value), 0);
    const drawn = values.find((value) => (rest -= weightOf(value)) < 0);
    assertInvariant(drawn !== undefined, 'a draw needs something to draw from');
    return drawn;
  }
}
