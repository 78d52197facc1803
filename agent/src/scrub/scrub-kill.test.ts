/** A scrub in a process that is killed, or in a machine that loses its power, and what the next one finds on the disk. */
import { describe, expect, it } from '@jest/globals';
import { replaceSealed, SCRUB_PATH } from '../pools/index.ts';
import { isEffect } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { HEADER_BYTES } from '../shards/shard-layout.ts';
import { NAMES, okAll, pathAt, refusal, ScrubStage } from './scrub.fixture.ts';

/** Not a CoucheStorError: nobody handles it. */
class Killed extends Error {}

/** The second one has a corrupt block. */
const found = okAll.map((text, index) => (index === 1 ? `${pathAt(1)} corrupt 0` : text));

const COUNTED = { shards: 8, ok: 7, corrupt: 1, missing: 0, unreadable: 0, vanished: 0 };

async function stageWithBadShard(): Promise<ScrubStage> {
  const stage = await ScrubStage.make();
  await stage.flip(pathAt(1), HEADER_BYTES + 7);
  stage.disk.disk.sync();
  return stage;
}

describe('a scrub that is killed', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('after %d shards goes on there, and each is counted once', async (shards) => {
    const stage = await stageWithBadShard();
    await stage.drive(await stage.open(), shards);
    const next = await ScrubStage.on(stage.disk);
    const scrub = await next.open();
    expect(scrub.report).toMatchObject({ pass: 1, begunAnew: undefined, counters: { shards } });
    expect(await next.drive(scrub)).toBe('done');
    expect([...stage.results, ...next.results]).toEqual(found);
    expect(scrub.report).toMatchObject({ pass: 1, counters: COUNTED, findings: [{ name: NAMES[1], kind: 'corrupt' }] });
    expect(next.pool.health.reasons).toMatchObject([{ cause: 'corruptShards' }]);
  });

  it('looks again at what it had not kept yet, and counts it once', async () => {
    const stage = await stageWithBadShard();
    const options = { checkpointMs: 1000 };
    const scrub = await stage.open(options);
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect') await stage.clock.advance(400);
      return run();
    };
    await stage.drive(scrub, 4);
    const next = await ScrubStage.on(stage.disk);
    const resumed = await next.open(options);
    await next.drive(resumed);
    expect([stage.results, next.results]).toEqual([found.slice(0, 4), found.slice(2)]);
    expect(resumed.report.counters).toMatchObject(COUNTED);
  });

  it.each([1, 3])(
    'or loses its power before any change of the disk goes on at or before where it was, and misses nothing: %d at once',
    async (atOnce) => {
      let random = 1;
      const chance = (): number => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647;
      let hasEnded = false;
      let disks = 0;
      for (let step = 1; !hasEnded; step += 1) {
        const stage = await stageWithBadShard();
        let steps = 0;
        stage.around = (call, run) => {
          if (steps >= step || (isEffect(call) && ++steps >= step)) throw new Killed();
          return run();
        };
        try {
          await stage.drive(await stage.open({ atOnce }));
          hasEnded = true;
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        for (const disk of [...stage.disk.disk.outcomes(4, chance), stage.disk.disk]) {
          const next = await ScrubStage.on(new PowerLossFiles(disk));
          const scrub = await next.open();
          const hadEnded = scrub.report.pass === 2;
          expect(scrub.report.begunAnew).toBeUndefined();
          const kept = scrub.report.counters.shards;
          expect(kept).toBeGreaterThanOrEqual(hadEnded ? 0 : stage.results.length - atOnce);
          expect(await next.drive(scrub)).toBe('done');
          expect(next.results).toEqual(found.slice(kept));
          expect(scrub.report).toMatchObject({ counters: COUNTED, findings: [{ name: NAMES[1] }] });
          disks += 1;
        }
      }
      expect(disks).toBeGreaterThan(180 / (atOnce + 2));
    },
  );
});

describe('a record that is', () => {
  /** How the next scrub begins, and whether it looks at everything. */
  async function nextAfter(damage: (stage: ScrubStage) => Promise<void>): Promise<string | undefined> {
    const stage = await ScrubStage.make();
    await stage.drive(await stage.open(), 5);
    await damage(stage);
    const next = await ScrubStage.on(stage.disk);
    const scrub = await next.open();
    const { begunAnew } = scrub.report;
    if (begunAnew === undefined) return undefined;
    // What it says is on the disk as well, for whoever asks later.
    const later = await ScrubStage.on(next.disk);
    expect((await later.open()).report.begunAnew).toBe(begunAnew);
    expect(await next.drive(scrub)).toBe('done');
    expect(next.results).toEqual(okAll);
    expect(scrub.report).toMatchObject({ pass: 1, counters: { shards: 8, ok: 8 } });
    expect((await next.open()).report).toMatchObject({ pass: 2, begunAnew: undefined });
    return begunAnew;
  }

  it('damaged in any byte begins a new pass, which says so and leaves nothing out', async () => {
    const whole = await ScrubStage.make();
    await whole.drive(await whole.open(), 5);
    const { sizeBytes = 0 } = (await whole.disk.stat(SCRUB_PATH)) ?? {};
    expect(sizeBytes).toBeGreaterThan(300);
    for (let at = 0; at < sizeBytes; at += 29) {
      expect(await nextAfter((stage) => stage.flip(SCRUB_PATH, at))).toContain('damaged');
    }
    for (const length of [0, 1, 100, sizeBytes - 1]) {
      expect(await nextAfter((stage) => stage.change(SCRUB_PATH, (bytes) => bytes.subarray(0, length)))).toContain(
        'damaged',
      );
    }
  });

  it('whole, and not of a scrub, begins a new pass too', async () => {
    const other = await ScrubStage.make();
    const sealed = async (value: unknown): Promise<string | undefined> =>
      nextAfter((stage) => replaceSealed(stage.disk, SCRUB_PATH, value));
    const { pool, pass, startedAt, counters, droppedFindings } = (await other.open()).report;
    const record = { pool, pass, startedAt, counters, findings: [], droppedFindings };
    expect(await sealed({ ...record, pool: 'pool-2' })).toContain('of pool pool-2');
    for (const value of [
      null,
      [],
      'text',
      {},
      { ...record, more: 1 },
      { ...record, after: 'vol-a/../0.1.shard' },
      { ...record, after: 5 },
      { ...record, pass: -1 },
      { ...record, pass: '1' },
      { ...record, startedAt: null },
      { ...record, endedAt: 0.5 },
      { ...record, begunAnew: 7 },
      { ...record, counters: { ...record.counters, ok: -1 } },
      { ...record, counters: { shards: 1 } },
      { ...record, findings: {} },
      { ...record, findings: [{}] },
      { ...record, findings: [{ shard: pathAt(0), pass: 1, foundAt: 1, kind: 'ok', detail: 'fine' }] },
      { ...record, findings: [{ shard: pathAt(0), pass: 1, foundAt: 1, kind: 'corrupt', detail: 5 }] },
      { ...record, findings: Array.from({ length: 1001 }, () => ({})) },
    ]) {
      expect(await sealed(value)).toContain('damaged');
    }
  });

  it('gone is that of a pool that was never scrubbed', async () => {
    const stage = await ScrubStage.make();
    await stage.drive(await stage.open(), 5);
    await stage.disk.unlink(SCRUB_PATH);
    const next = await ScrubStage.on(stage.disk);
    await next.drive(await next.open());
    expect(next.results).toEqual(okAll);
  });

  it('not readable for good begins a new pass too, and is replaced', async () => {
    const stage = await ScrubStage.make();
    await stage.drive(await stage.open(), 5);
    const next = await ScrubStage.on(stage.disk);
    let reads = 0;
    next.around = (step, run) => {
      if (step.operation === 'read' && step.path === SCRUB_PATH && reads++ === 0) throw refusal('EIO');
      return run();
    };
    const scrub = await next.open();
    expect(scrub.report.begunAnew).toContain('EIO');
    expect(next.pool.health).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'diskErrors' }] });
    expect(await next.drive(scrub)).toBe('done');
    expect(next.results).toEqual(okAll);
    expect(next.pool.health.state).toBe('Online');
  });

  it('not readable just now is waited for, and not given up', async () => {
    const stage = await ScrubStage.make();
    await stage.drive(await stage.open(), 5);
    stage.around = (step, run) => {
      if (step.path === SCRUB_PATH) throw refusal('EMFILE');
      return run();
    };
    await expect(stage.open()).rejects.toMatchObject({ code: 'resourceExhausted', retryable: true });
    stage.around = (_, run) => run();
    await stage.drive(await stage.open());
    expect(stage.results).toEqual(okAll);
  });
});
