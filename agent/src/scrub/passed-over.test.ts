import { CoucheStorError } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { MAX_PASSED_OVER, parsePassedOver, withPassedOver, type PassedOver } from './passed-over.ts';
import { readScrubRecord } from './scrub-record.ts';
import { okAll, pathAt, refusal, ScrubStage } from './scrub.fixture.ts';

/** From now on its disk refuses to list or to measure this path. */
function refuse(stage: ScrubStage, path: string | undefined, code = 'EACCES'): void {
  stage.around = (step, run) => {
    const isAsked = step.operation === 'entries' || step.operation === 'stat';
    return isAsked && step.path === path ? Promise.reject(refusal(code)) : run();
  };
}

const okBut = (path: string): string[] => okAll.filter((text) => !text.startsWith(path));

describe('what a disk does not let be looked at', () => {
  it.each(['vol-a', 'vol-a/7-2', 'vol-b', pathAt(7)])('is passed over and told: %s', async (path) => {
    const stage = await ScrubStage.make();
    refuse(stage, path);
    const scrub = await stage.open({ atOnce: 3 });
    expect(await stage.drive(scrub)).toBe('done');
    expect(stage.results).toEqual(okBut(path));
    expect(scrub.report).toMatchObject({
      findings: [],
      passedOver: [{ path, pass: 1, detail: refusal('EACCES').message }],
    });
    expect(stage.pool.health).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'diskErrors' }] });
    expect((await readScrubRecord(stage.disk))?.passedOver).toEqual(scrub.report.passedOver);
  });

  it('is over with the first pass that can look at it, be it empty or not', async () => {
    for (const isEmptied of [false, true]) {
      const stage = await ScrubStage.make();
      refuse(stage, 'vol-a/7-2');
      await stage.drive(await stage.open());
      if (isEmptied) for (const at of [2, 3]) await stage.disk.unlink(pathAt(at));
      refuse(stage, undefined);
      const next = await stage.open();
      expect(next.report.passedOver).toHaveLength(1);
      await stage.drive(next, isEmptied ? Infinity : 3);
      expect(next.report.passedOver).toEqual([]);
      await stage.drive(next);
      expect(stage.pool.health.state).toBe('Online');
    }
  });

  it('is told once, however often it is met, and not any more when it can be looked at after all', async () => {
    const stage = await ScrubStage.make();
    refuse(stage, 'vol-a/7-2');
    const scrub = await stage.open();
    await stage.drive(scrub, 1);
    await scrub.close();
    expect(scrub.report.passedOver).toHaveLength(1);
    const [again, better] = [await ScrubStage.on(stage.disk), await ScrubStage.on(stage.disk)];
    const betterScrub = await better.open();
    refuse(again, 'vol-a/7-2');
    const scrubAgain = await again.open();
    await again.drive(scrubAgain);
    expect(scrubAgain.report.passedOver).toHaveLength(1);
    await better.drive(betterScrub);
    expect(betterScrub.report).toMatchObject({ passedOver: [], counters: { shards: 8 } });
  });

  it('is no matter of one folder when the file system fails there, nor when it is the folder of the pool', async () => {
    for (const path of ['vol-a/7-2', 'vol-b']) {
      const stage = await ScrubStage.make();
      refuse(stage, path, 'EIO');
      const scrub = await stage.open();
      expect(await stage.drive(scrub)).toBe('idle');
      expect(scrub.report).toMatchObject({ passedOver: [], endedAt: undefined });
      const next = await ScrubStage.on(stage.disk);
      await next.drive(await next.open());
      expect([...stage.results, ...next.results]).toEqual(okAll);
    }
    const stage = await ScrubStage.make();
    refuse(stage, '');
    await expect(stage.drive(await stage.open())).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('the list of what was passed over', () => {
  const error = new CoucheStorError('forbidden', `no${'!'.repeat(600)}`);

  it('has each path once, is bounded, and comes back from JSON', () => {
    let all: readonly PassedOver[] = [];
    for (let counter = 0; counter < MAX_PASSED_OVER + 5; counter += 1) {
      all = withPassedOver(all, { path: `vol-1/7-${counter % 1003}`, pass: 1 }, error);
    }
    all = withPassedOver(all, { path: 'vol-1/7-3', pass: 2 }, error);
    expect(all).toHaveLength(MAX_PASSED_OVER);
    expect(all.at(-1)).toEqual({ path: 'vol-1/7-3', pass: 2, detail: error.message.slice(0, 500) });
    expect(parsePassedOver(JSON.parse(JSON.stringify(all)))).toEqual(all);
  });

  it.each([
    [{}],
    [[{ path: 'a', pass: -1, detail: '' }]],
    [[{ path: 1, pass: 1, detail: '' }]],
    [Array(1001).fill({})],
  ])('is refused when no scrub has written it: %#', (value) => {
    expect(() => parsePassedOver(value)).toThrow(expect.objectContaining({ code: 'invalid' }));
  });
});
