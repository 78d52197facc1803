/** The whole control plane with as many policies, volumes and migrations at once as it is made for. */
import { describe, expect, it } from '@jest/globals';
import { expectNothingBroken } from './expectations.ts';
import { run } from './run.ts';

describe('the simulation at size', () => {
  it('breaks no rule with 100 policies, 1,000 volumes and 10 migrations at once', async () => {
    const size = { volumeCount: 1_000, policyCount: 100, maxConcurrentMigrations: 10 };
    const outcome = await run({ seed: 1, stepCount: 0, isUnsettled: true, ...size });
    expectNothingBroken(outcome, 'npm run sim -- --seed 1 --steps 0 --volumes 1000 --policies 100');
    expect(outcome.mostAtOnce).toBe(10);
    expect(outcome.moves.completed).toBeGreaterThan(9);
  }, 150_000);
});
