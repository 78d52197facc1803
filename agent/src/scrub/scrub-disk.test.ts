/** A scrub beside a disk that refuses, fails, fills up or is slow, and clocks that are set. */
import { describe, expect, it } from '@jest/globals';
import { nameOf } from '../shards/shards.fixture.ts';
import { BLOCK_BYTES, HEADER_BYTES } from '../shards/shard-layout.ts';
import { NAMES, okAll, pathAt, refusal, ScrubStage } from './scrub.fixture.ts';

const HOUR_MS = 3_600_000;

describe('a scrub and its disk', () => {
  it('wait for each other: what passes is asked for again, and nothing is left out', async () => {
    for (const operation of ['entries', 'stat', 'openDirect'] as const) {
      for (let failing = 0; failing < 7; failing += 1) {
        const stage = await ScrubStage.make();
        const scrub = await stage.open({ atOnce: 1 + (failing % 3) });
        let calls = 0;
        stage.around = (step, run) => {
          if (step.operation === operation && calls++ === failing) throw refusal('EMFILE');
          return run();
        };
        const refused = stage.drive(scrub).catch((error: unknown) => error);
        // Where some shards are already there, they are looked at first.
        expect(['done', expect.objectContaining({ code: 'resourceExhausted' })]).toContainEqual(await refused);
        expect(await stage.drive(scrub)).toBe('done');
        expect(calls).toBeGreaterThan(failing);
        expect(stage.results).toEqual(okAll);
        expect(scrub.report.counters.shards).toBe(8);
      }
    }
  });

  it('that takes no writes is read all the same; only how far that got is not kept', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open();
    await stage.drive(scrub, 2);
    stage.pool.health.note('fileSystemReadOnly', 'the file system is read-only');
    await stage.drive(scrub, 2);
    expect(scrub.report.checkpointError).toMatchObject({ code: 'unavailable', fields: { fault: 'takesNoWrites' } });
    const next = await ScrubStage.on(stage.disk);
    await next.drive(await next.open());
    expect(next.results).toEqual(okAll.slice(2));
    expect(await stage.drive(scrub)).toBe('done');
    expect(stage.results).toEqual(okAll);
  });

  it('that is full is read all the same, and how far is kept as soon as there is room', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open();
    stage.around = (step, run) => {
      if (step.operation === 'write') throw refusal('ENOSPC');
      return run();
    };
    await stage.drive(scrub, 3);
    expect(scrub.report.checkpointError?.code).toBe('resourceExhausted');
    stage.around = (_, run) => run();
    await stage.drive(scrub, 1);
    expect(scrub.report.checkpointError).toBeUndefined();
    const next = await ScrubStage.on(stage.disk);
    await next.drive(await next.open());
    expect(next.results).toEqual(okAll.slice(4));
  });

  it('that has failed teaches nothing: the scrub stays where it is', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open();
    await stage.drive(scrub, 2);
    stage.pool.health.note('fileSystemFailed', 'the file system has shut down');
    expect([await scrub.step(), await scrub.run()]).toEqual(['idle', 'idle']);
    expect(stage.results).toEqual(okAll.slice(0, 2));
  });

  it('that fails just now has said nothing of the shards that were being read', async () => {
    for (const atOnce of [1, 4]) {
      const stage = await ScrubStage.make();
      const scrub = await stage.open({ atOnce });
      stage.around = (step, run) => {
        if (step.operation === 'read' && step.path === pathAt(5)) throw refusal('EUCLEAN');
        return run();
      };
      expect(await stage.drive(scrub)).toBe('idle');
      expect(stage.pool.health.state).toBe('Faulted');
      expect(stage.results).toEqual(okAll.slice(0, atOnce === 1 ? 5 : 4));
      expect(scrub.report).toMatchObject({ counters: { unreadable: 0 }, findings: [] });
      const next = await ScrubStage.on(stage.disk);
      expect(await next.drive(await next.open())).toBe('done');
      expect([...stage.results, ...next.results]).toEqual(okAll);
    }
  });

  it('with too many errors is looked at to the end, which says how many there are', async () => {
    const names = Array.from({ length: 40 }, (_, counter) => nameOf({ stripeId: `7-${100 + counter}` }));
    const stage = await ScrubStage.make(names);
    let isBroken = true;
    stage.around = (step, run) => {
      if (isBroken && step.operation === 'read' && !step.path.startsWith('.')) throw refusal('EIO');
      return run();
    };
    const scrub = await stage.open();
    expect(await stage.drive(scrub)).toBe('done');
    expect(scrub.report.counters).toMatchObject({ shards: 40, unreadable: 40 });
    expect(stage.pool.health.state).toBe('Faulted');
    isBroken = false;
    const next = await stage.open({ restart: true });
    expect(next.report.checkpointError).toMatchObject({ fields: { fault: 'takesNoWrites' } });
    expect(await stage.drive(next)).toBe('done');
    expect(next.report.counters).toMatchObject({ shards: 40, ok: 40 });
    expect(stage.pool.health.state).toBe('Online');
  });

  it('do not care how the wall clock is set', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open({ tranquility: 3, checkpointMs: 1000 });
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect') {
        stage.clock.stepWall(stage.results.length % 2 === 0 ? HOUR_MS : -HOUR_MS);
        await stage.clock.advance(100);
      }
      return run();
    };
    const begunMs = stage.clock.monotonic();
    await stage.drive(scrub);
    expect(stage.results).toEqual(okAll);
    expect(stage.clock.monotonic() - begunMs).toBe(8 * 400);
    expect(scrub.report.counters.shards).toBe(8);
    stage.clock.stepWall(-100 * 365 * 24 * HOUR_MS);
    const next = await stage.open();
    expect(next.report).toMatchObject({ pass: 2, startedAt: 0, begunAnew: undefined });
    expect((await (await ScrubStage.on(stage.disk)).open()).report).toMatchObject({ pass: 2, begunAnew: undefined });
  });
});

describe('the pace', () => {
  it('keeps a bandwidth when shards that were cut off are rebuilt between the first look and the second', async () => {
    const stage = await ScrubStage.make(NAMES.slice(0, 4), 40 * BLOCK_BYTES);
    const whole: Buffer[] = [];
    for (let at = 0; at < 4; at += 1) {
      await stage.change(pathAt(at), (bytes) => {
        whole.push(Buffer.from(bytes));
        return bytes.subarray(0, HEADER_BYTES);
      });
    }
    const bandwidthBytesPerSecond = 32 * BLOCK_BYTES;
    const scrub = await stage.open({ bandwidthBytesPerSecond, atOnce: 4 });
    expect(await scrub.step()).toBe('busy');
    for (const [at, bytes] of whole.entries()) await stage.change(pathAt(at), () => bytes);
    expect(await stage.drive(scrub)).toBe('done');
    expect(stage.results).toEqual([0, 1, 2, 3].map((at) => `${pathAt(at)} ok at the second look`));
    expect(stage.clock.monotonic()).toBeGreaterThan(4000);
  });

  it('keeps a bandwidth, however fast the disk is', async () => {
    const stage = await ScrubStage.make(NAMES, 5 * BLOCK_BYTES);
    const bandwidthBytesPerSecond = 4 * BLOCK_BYTES;
    const scrub = await stage.open({ bandwidthBytesPerSecond });
    let readBytes = 0;
    stage.around = async (step, run) => {
      if (step.operation === 'read') readBytes += BLOCK_BYTES;
      // What a limited scrub may have read by now: a burst, and what the time since then allows.
      if (!step.path.startsWith('.')) {
        const allowed = 4 * BLOCK_BYTES + (stage.clock.monotonic() * bandwidthBytesPerSecond) / 1000;
        expect(scrub.report.counters.bytes).toBeLessThanOrEqual(allowed);
      }
      return run();
    };
    await stage.drive(scrub);
    const { bytes } = scrub.report.counters;
    expect(readBytes).toBeGreaterThan(0);
    expect(stage.clock.monotonic()).toBeGreaterThan((1000 * (bytes - 4 * BLOCK_BYTES)) / bandwidthBytesPerSecond);
    expect(stage.clock.monotonic()).toBeLessThan((1000 * bytes * 1.3) / bandwidthBytesPerSecond + 1000);
  });

  it('leaves a slow disk alone for a multiple of what it took', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open({ tranquility: 4 });
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect') await stage.clock.advance(step.path === pathAt(1) ? 5000 : 10);
      return run();
    };
    expect([await scrub.step(), scrub.waitMs]).toEqual(['throttled', 40]);
    expect(await scrub.step()).toBe('throttled');
    await stage.clock.advance(39);
    expect([await scrub.step(), stage.results.length]).toEqual(['throttled', 1]);
    await stage.clock.advance(1);
    expect([await scrub.step(), scrub.waitMs, stage.results.length]).toEqual(['throttled', 20_000, 2]);
  });

  it('of a run is kept by itself, and a run that is told to stop can be gone on with', async () => {
    const stage = await ScrubStage.make();
    const stop = new AbortController();
    const scrub = await stage.open({ tranquility: 1, checkpointMs: HOUR_MS });
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect') await stage.clock.advance(1000);
      return run();
    };
    const running = scrub.run(stop.signal);
    while (stage.results.length < 3) await stage.clock.advance(1000);
    stop.abort();
    expect(await running).toBe('throttled');
    expect(stage.clock.pendingTimerCount).toBe(0);
    const next = await ScrubStage.on(stage.disk);
    expect(await (await next.open()).run()).toBe('done');
    expect([...stage.results, ...next.results]).toEqual(okAll);
    expect(await (await next.open()).run(AbortSignal.abort())).toBe('throttled');
  });

  it.each([
    ['tranquility', { tranquility: -1 }],
    ['tranquility', { tranquility: NaN }],
    ['tranquility', { tranquility: Infinity }],
    ['checkpointMs', { checkpointMs: -1 }],
    ['atOnce', { atOnce: 0 }],
    ['atOnce', { atOnce: 1.5 }],
    ['bandwidthBytesPerSecond', { bandwidthBytesPerSecond: 0 }],
    ['bandwidthBytesPerSecond', { bandwidthBytesPerSecond: BLOCK_BYTES - 1 }],
  ])('is refused by the name of its option: %s of %j', async (field, options) => {
    const stage = await ScrubStage.make([]);
    await expect(stage.open(options)).rejects.toMatchObject({ code: 'invalid', fields: { field } });
  });
});
