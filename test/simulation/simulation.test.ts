/** A hundred runs of the whole control plane, each through another sequence of loads, edits, faults and ends of its process. */
import { describe, expect, it } from '@jest/globals';
import { expectNothingBroken } from './expectations.ts';
import { run } from './run.ts';

const SEEDS = 100;
const SEEDS_PER_TEST = 10;
const STEPS = 15;

describe('the simulation', () => {
  it.each(Array.from({ length: SEEDS / SEEDS_PER_TEST }, (_, index) => index * SEEDS_PER_TEST + 1))(
    'breaks no rule from seed %d on',
    async (first) => {
      let completed = 0;
      for (let seed = first; seed < first + SEEDS_PER_TEST; seed += 1) {
        const outcome = await run({ seed, stepCount: STEPS });
        expectNothingBroken(outcome, `npm run sim -- --seed ${seed} --steps ${STEPS}`);
        completed += outcome.moves.completed;
      }
      // Where nothing happens every rule holds.
      expect(completed).toBeGreaterThan(10);
    },
    120_000,
  );

  it('is the same for the same seed', async () => {
    const [one, other] = [await run({ seed: 6, stepCount: 15 }), await run({ seed: 6, stepCount: 15 })];
    expect(one).toEqual(other);
    expect(one.moves.started).toBeGreaterThan(0);
  }, 60_000);
});
