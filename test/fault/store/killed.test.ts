/**
 * kill -9 at every system call of put, delete and collection that changes the disk, and of the recovery itself: what was acknowledged is
 * there, the rest is there wholly or not at all, and the next process does what the killed one did not.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import type { Ended } from '../processes.ts';
import { requireTool } from '../../skips.ts';
import {
  type Call,
  callsIn,
  callsOf,
  CHANGES,
  hasDone,
  live,
  problemsOf,
  sideBySide,
  StoreLab,
  tracedCalls,
  type Fate,
  type Fates,
} from './store-lab.ts';

const [kept, shard, beside] = ['vol-a/7-1/0.1.shard', 'vol-b/7-2/1.1.shard', 'vol-b/7-2/2.1.shard'];

const strace = requireTool('strace');
const lab = new StoreLab();
afterAll(() => lab.remove());

interface Case {
  readonly before: readonly string[];
  readonly act: string;
  /** What `shard` is before, and after. */
  readonly from: Fate;
  readonly to: Fate;
  /** Others than `shard` that are there all the time. */
  readonly others: Fates;
}

const live1 = { [kept]: ['live'] } as const satisfies Fates;

const CASES: readonly Case[] = [
  { act: `put:${shard}`, before: [`put:${kept}`], from: 'absent', to: 'live', others: live1 },
  {
    act: `put:${shard}`,
    before: [`put:${kept}`, `put:${beside}`],
    from: 'absent',
    to: 'live',
    others: { ...live1, [beside]: ['live'] },
  },
  {
    act: `delete:${shard}`,
    before: [`put:${kept}`, `put:${shard}`],
    from: 'live',
    to: 'tombstoned',
    others: live1,
  },
  {
    act: `undelete:${shard}`,
    before: [`put:${kept}`, `put:${shard}`, `delete:${shard}`],
    from: 'tombstoned',
    to: 'live',
    others: live1,
  },
  {
    act: 'collect',
    before: [`put:${kept}`, `put:${shard}`, `delete:${shard}`],
    from: 'tombstoned',
    to: 'absent',
    others: live1,
  },
];

/** A process for each call. */
const PATIENCE_MS = 60_000;

const traced = tracedCalls(strace.path, CHANGES);

function killedAt({ name, nth }: Call): string[] {
  return tracedCalls(strace.path, CHANGES, `${name}:signal=KILL:when=${nth}`);
}

/** The last call of its kind for this act, at which what came before is done. */
async function lastOf(name: string, pool: string, act: string): Promise<Call> {
  const last = (await callsOf(lab, pool, { act, traced })).findLast((call) => call.name === name);
  if (last === undefined) throw new Error(`${act} makes no ${name}`);
  return last;
}

/** Runs the acts on copies of the pool, killed at each of the calls in turn, and gives what is wrong with what is found then. */
async function problemsWhenKilled(
  pool: string,
  acts: readonly string[],
  { calls, fatesAfter }: { calls: readonly Call[]; fatesAfter: (life: Ended) => Fates },
): Promise<string[]> {
  const problems: string[] = [];
  await sideBySide(calls, async (call) => {
    const copy = lab.copyOf(pool);
    const life = await live(copy, acts, killedAt(call));
    expect(life.code).not.toBe(0);
    const found = await problemsOf(copy, fatesAfter(life));
    problems.push(...found.map((problem) => `killed at ${call.name} ${call.nth}: ${problem}`));
  });
  return problems;
}

strace.describe('a process that is killed at each system call', () => {
  it.each(CASES)(
    'of $act, after $before',
    async ({ before, act, from, to, others }) => {
      const pool = await lab.newPool();
      expect((await live(pool, before)).code).toBe(0);
      const calls = await callsOf(lab, pool, { act, traced });
      expect(calls.length).toBeGreaterThan(1);
      const fatesAfter = (life: Ended): Fates => ({ ...others, [shard]: hasDone(life, act) ? [to] : [from, to] });
      expect(await problemsWhenKilled(pool, [act], { calls, fatesAfter })).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'of the recovery from two that were killed',
    async () => {
      const pool = await lab.newPool();
      await live(pool, [`put:${kept}`, `put:${shard}`, `delete:${shard}`]);
      const acts = ['scan', 'collect'];
      await live(pool, ['collect'], killedAt(await lastOf('unlink', pool, 'collect')));
      await live(pool, [`put:${beside}`], killedAt(await lastOf('rename', pool, `put:${beside}`)));
      const left = ['tombstones', 'incoming'].map((name) => readdirSync(join(pool, '.couchestor', name)).length);
      expect(left).toEqual([1, 1]);
      expect(existsSync(join(pool, shard))).toBe(false);
      const calls = callsIn(await live(lab.copyOf(pool), acts, traced));
      expect(calls.length).toBeGreaterThan(8);
      const fatesAfter = (): Fates => ({ ...live1, [shard]: ['absent'] });
      expect(await problemsWhenKilled(pool, acts, { calls, fatesAfter })).toEqual([]);
      expect((await live(pool, [...acts, `put:${shard}`, `put:${beside}`])).reports).toMatchObject([
        { what: 'open' },
        { what: 'scan', shards: 1 },
        { what: 'collect', kept: 0 },
        { what: `put:${shard}` },
        { what: `put:${beside}` },
        { what: 'health', state: 'Online' },
      ]);
    },
    PATIENCE_MS,
  );
});
