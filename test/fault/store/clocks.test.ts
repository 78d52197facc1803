/** Clocks that are an hour off, either way: no grace is shortened, no collection and no scrub misfires. */
import { afterAll, expect, it } from '@jest/globals';
import { requireTool } from '../../skips.ts';
import { live, problemsOf, StoreLab, type Fate } from './store-lab.ts';

const [kept, shard] = ['vol-a/7-1/0.1.shard', 'vol-b/7-2/1.1.shard'];
const TEN_MINUTES_MS = 600_000;

const lab = new StoreLab();
afterAll(() => lab.remove());

const faketime = requireTool('faketime');

faketime.describe('a store in processes whose wall clocks are an hour apart', () => {
  it.each(['+1h', '-1h'])(
    '%s keeps the grace of a deletion, and scrubs',
    async (offset) => {
      const shifted = [faketime.path, '--exclude-monotonic', '-f', offset];
      const pool = await lab.newPool();
      const fate = async (
        acts: readonly string[],
        clock: readonly string[],
        graceMs = TEN_MINUTES_MS,
      ): Promise<Fate> => {
        const { reports, code } = await live(pool, acts, clock, graceMs);
        expect(code).toBe(0);
        expect(reports.filter((report) => 'code' in report)).toEqual([]);
        expect(reports.at(-1)).toMatchObject({ what: 'health', state: 'Online' });
        const isLeft = (await problemsOf(pool, { [kept]: ['live'], [shard]: ['tombstoned'] })).length === 0;
        if (!isLeft) expect(await problemsOf(pool, { [kept]: ['live'], [shard]: ['absent'] })).toEqual([]);
        return isLeft ? 'tombstoned' : 'absent';
      };
      expect(await fate([`put:${kept}`, `put:${shard}`, `delete:${shard}`, 'collect', 'scrub'], shifted)).toBe(
        'tombstoned',
      );
      expect(await fate(['collect', 'scrub'], [])).toBe('tombstoned');
      expect(await fate(['collect', 'scrub'], shifted)).toBe('tombstoned');
      expect(await fate(['collect'], [], 0)).toBe('absent');
    },
    60_000,
  );
});
