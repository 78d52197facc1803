/** A hundred runs of the whole control plane, each through another sequence of loads, edits, faults and ends of its process. */
import { describe, expect, it } from '@jest/globals';
import { run, type Outcome } from './run.ts';

const SEEDS = 100;
const SEEDS_PER_TEST = 10;
const STEPS = 20;

function expectNothingBroken({ violations, trace }: Outcome, replay: string): void {
  if (violations.length === 0) return;
  throw new Error(`${violations.join('\n')}\nafter ${trace.join('\n')}\nreplay: ${replay}`);
}

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
    60_000,
  );

  it('is the same for the same seed', async () => {
    const [one, other] = [await run({ seed: 6, stepCount: 15 }), await run({ seed: 6, stepCount: 15 })];
    expect(one).toEqual(other);
    expect(one.moves.started).toBeGreaterThan(0);
  });

  it('breaks no rule with 100 policies, 1,000 volumes and 10 migrations at once', async () => {
    const size = { volumeCount: 1_000, policyCount: 100, maxConcurrentMigrations: 10 };
    const outcome = await run({ seed: 1, stepCount: 4, isUnsettled: true, ...size });
    expectNothingBroken(outcome, 'npm run sim -- --seed 1 --steps 4 --volumes 1000 --policies 100');
    expect(outcome.mostAtOnce).toBe(10);
    expect(outcome.moves.completed).toBeGreaterThan(20);
  }, 60_000);
});
