/** The command that runs the simulation: what it prints, what it refuses, and an exit code that is the truth. */
import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

function sim(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('npm', ['run', '--silent', 'sim', '--', ...args], { cwd: root, encoding: 'utf8', timeout: 60_000 });
}

describe('npm run sim', () => {
  it('tells its progress and what became of the moves', () => {
    const { status, stdout } = sim('--seed', '6', '--steps', '10');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^step 10 of 10/m);
    expect(stdout).toMatch(
      /every rule held[\s\S]*moves +\d+ started[\s\S]*success rate[\s\S]*mean duration[\s\S]*virtual time/,
    );
  }, 60_000);

  it('prints nothing but the outcomes as JSON when asked to', () => {
    const { status, stdout } = sim(
      '--seed',
      '6',
      '--seeds',
      '2',
      '--steps',
      '3',
      '--volumes',
      '3',
      '--policies',
      '1',
      '--json',
    );
    expect(status).toBe(0);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(outcomes.map(({ seed, violations }) => ({ seed, violations }))).toEqual([
      { seed: 6, violations: [] },
      { seed: 7, violations: [] },
    ]);
  }, 60_000);

  it('ends with 1 and the line that replays it when a rule is broken', () => {
    const { status, stderr } = sim('--seed', '1', '--steps', '5', '--plant', 'decided-twice');
    expect(status).toBe(1);
    expect(stderr).toMatch(/decisions about[\s\S]*replay: npm run sim -- --seed 1 --steps 5 --plant decided-twice/);
  }, 60_000);

  it.each([
    [['--sede', '1'], /--sede[\s\S]*--seed N/],
    [['--seed', 'x'], /--seed is a whole number from 0/],
    [['--volumes', '0'], /--volumes is a whole number from 1 to 2000, not '0'/],
    [['--plant', 'ivy'], /--plant knows no 'ivy'[\s\S]*no-cooldown/],
    [['seven'], /seven/],
  ])('refuses %j', (args, message) => {
    const { status, stdout, stderr } = sim(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('explains itself', () => {
    const { status, stdout } = sim('--help');
    expect(status).toBe(0);
    for (const flag of ['--seed', '--steps', '--seeds', '--volumes', '--policies', '--plant', '--json']) {
      expect(stdout).toContain(flag);
    }
  });
});
