/**
 * A real process whose system calls fail while it puts or reads a shard: a failed fsync is not asked again, nothing is acknowledged, what was
 * stored is read, and a full disk is over by itself while a disk that lost a sync takes nothing more.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
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
} from './store-lab.ts';

const [kept, shard, beside] = ['vol-a/7-1/0.1.shard', 'vol-b/7-2/1.1.shard', 'vol-c/7-2/2.1.shard'];

const strace = requireTool('strace');
const lab = new StoreLab();
afterAll(() => lab.remove());

const ACTS = [`put:${shard}`, `read:${kept}`, `put:${beside}`, `read:${kept}`];

let pool = '';
/** What a put calls, behind what opening the pool does. */
let calls: readonly Call[] = [];

beforeAll(async () => {
  if (strace.path === '') return;
  pool = await lab.newPool();
  await live(pool, [`put:${kept}`]);
  calls = await callsOf(lab, pool, { act: `put:${shard}`, traced: tracedCalls(strace.path, CHANGES) });
});

/** One process for each call of this kind that a put makes, in which that call fails. */
async function eachRefused(kind: string, errno: string, look: (life: Ended, nth: number) => void): Promise<void> {
  const ofKind = calls.filter(({ name }) => name === kind);
  expect(ofKind.length).toBeGreaterThan(0);
  await sideBySide(ofKind, async ({ nth }) => {
    const copy = lab.copyOf(pool);
    const life = await live(copy, ACTS, tracedCalls(strace.path, kind, `${kind}:error=${errno}:when=${nth}`));
    expect(life.errors).toContain('INJECTED');
    expect(life.code).toBe(0);
    const refused = life.reports.find(({ what }) => what === `put:${shard}`);
    expect(refused).toMatchObject({ errno, remedy: expect.any(String) });
    expect(life.reports.filter(({ what }) => what === `read:${kept}`)).toMatchObject([
      { served: 'whole' },
      { served: 'whole' },
    ]);
    look(life, nth);
    // A disk that takes no more writes keeps what nobody was told of.
    const fates = {
      [shard]: ['absent', 'live'],
      [beside]: [hasDone(life, `put:${beside}`) ? 'live' : 'absent'],
    } as const;
    expect(await problemsOf(copy, { [kept]: ['live'], ...fates })).toEqual([]);
  });
}

const PATIENCE_MS = 60_000;

strace.describe('a real process', () => {
  it(
    'whose put has an fsync that fails acknowledges nothing, and asks for no other',
    async () => {
      await eachRefused('fsync', 'EIO', (life, nth) => {
        expect(callsIn(life)).toHaveLength(nth);
        expect(life.reports.find(({ what }) => what === `put:${beside}`)).toMatchObject({ code: 'unavailable' });
        expect(life.reports.at(-1)).toMatchObject({ what: 'health', state: 'ReadOnly', causes: ['syncFailed'] });
      });
    },
    PATIENCE_MS,
  );

  it.each(['pwrite64', 'mkdir', 'rename'])(
    'whose put has a %s that finds no room says so, and the next one succeeds',
    async (call) => {
      await eachRefused(call, 'ENOSPC', (life) => {
        expect(life.reports.find(({ what }) => what === `put:${shard}`)).toMatchObject({ code: 'resourceExhausted' });
        expect(hasDone(life, `put:${beside}`)).toBe(true);
        expect(life.reports.at(-1)).toMatchObject({ what: 'health', state: 'Online' });
      });
    },
    PATIENCE_MS,
  );

  it(
    'whose put has a write that fails leaves the disk under suspicion, and the next one succeeds',
    async () => {
      await eachRefused('pwrite64', 'EIO', (life) => {
        expect(hasDone(life, `put:${beside}`)).toBe(true);
        expect(life.reports.at(-1)).toMatchObject({ what: 'health', state: 'Degraded', causes: ['diskErrors'] });
      });
    },
    PATIENCE_MS,
  );

  it.each(['mkdir', 'rename'])(
    'whose put has a %s that fails takes no other',
    async (call) => {
      await eachRefused(call, 'EIO', (life) => {
        expect(hasDone(life, `put:${beside}`)).toBe(false);
        expect(life.reports.at(-1)).toMatchObject({ what: 'health', state: 'Faulted', causes: ['fileSystemFailed'] });
      });
    },
    PATIENCE_MS,
  );

  it('that only reads takes a shard that the disk refuses for unreadable, and never for missing', async () => {
    const act = `read:${kept}`;
    const readsOf = (copy: string, inject?: string): string[] => [
      ...tracedCalls(strace.path, 'pread64', inject),
      ...['-P', join(copy, kept)],
    ];
    const untouched = lab.copyOf(pool);
    const reads = callsIn(await live(untouched, [act], readsOf(untouched)));
    expect(reads.length).toBeGreaterThan(2);
    await sideBySide(reads, async ({ nth }) => {
      const copy = lab.copyOf(pool);
      const { reports } = await live(copy, [act, act], readsOf(copy, `pread64:error=EIO:when=${nth}`));
      expect(reports).toMatchObject([
        { what: 'open' },
        { what: act, served: 'unreadable' },
        { what: act, served: 'whole' },
        { what: 'health', state: 'Degraded', causes: ['diskErrors'] },
      ]);
    });
  }, 60_000);
});
