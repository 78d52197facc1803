/** That the simulation finds what it is there to find: each planted bug breaks the rule that it should, within a few seeds. */
import { describe, expect, it } from '@jest/globals';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

const MOST_SEEDS = 60;
const RULES: Readonly<Record<string, RegExp>> = {
  'no-cooldown': /was started within the cooldown/,
  'unknown-is-cold': /was started (on a heat that nobody had measured|though the heat)/,
  'removed-early': /removes its source before the new replica has synced/,
  'decided-twice': /decisions about \d+ watched volumes/,
  'cordons-stay': /the cordon of .* belongs to nobody|never ended/,
  'unapproved-acts': /and nobody has approved it/,
  'cordons-forgotten': /the cordon of .* belongs to nobody/,
  'never-stopped': /though it was stopped|never ended/,
  'no-intent': /nobody means to cordon/,
};

describe('a planted bug is found', () => {
  it.each(Object.entries(PLANTS))(
    '%s',
    async (name, plants) => {
      const found: string[] = [];
      for (let seed = 1; seed <= MOST_SEEDS && found.length === 0; seed += 1) {
        const { violations } = await run({ seed, stepCount: 25, plants });
        found.push(...violations);
      }
      expect(found.join('\n')).toMatch(RULES[name] ?? /^$/);
    },
    120_000,
  );
});
