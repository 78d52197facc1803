/** A short run of the random mode, always through the same steps; `npm run crash` makes longer ones. */
import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PATIENCE_MS } from './crash-lab.ts';
import { randomRun } from './random-run.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const SEED = 1;
const STEPS = 6;

it(
  'what is killed, stopped, cut off and refused at random comes to rest as it should',
  async () => {
    const { problems, schedule, output, phases } = await randomRun({ seed: SEED, stepCount: STEPS });
    const replay = `npm run crash -- --seed ${SEED} --steps ${STEPS}`;
    if (problems.length > 0) throw new Error([output, ...problems, ...schedule, replay].join('\n'));
    expect(phases.join()).toContain('move-1');
  },
  PATIENCE_MS,
);

it.each([
  [['--seed', 'x'], /--seed is a whole number from 0/],
  [['--stpes', '1'], /--stpes[\s\S]*--steps M/],
])(
  'npm run crash refuses %j',
  (args, message) => {
    const options = { cwd: root, encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'crash', '--', ...args], options);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  },
  30_000,
);
