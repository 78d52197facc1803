import { describe, expect, it } from '@jest/globals';
import { pathOfShard } from '../shards/index.ts';
import type { DiskNode } from '../pools/power-loss-disk.fixture.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import { collectAll, GRACE_MS, PROOF, putShard } from '../store/store.fixture.ts';
import { BLOCK_BYTES, HEADER_BYTES } from '../shards/shard-layout.ts';
import { NAMES, okAll, pathAt, refusal, ScrubStage } from './scrub.fixture.ts';

/** All of them are ok, but for these. */
const withOne = (at: number, result: string): string[] =>
  okAll.map((text, index) => (index === at ? `${pathAt(at)} ${result}` : text));

/** Files in memory have no second name for what somebody has open, so it is the node that is cut. */
async function shorten(stage: ScrubStage, path: string): Promise<void> {
  const node = path
    .split('/')
    .reduce<DiskNode | undefined>(
      (folder, name) => (folder?.kind === 'folder' ? folder.entries.get(name) : undefined),
      stage.disk.disk.root,
    );
  if (node?.kind === 'file') node.content = node.content.subarray(0, 100);
  await Promise.resolve();
}

describe('a pass', () => {
  it('looks at every shard once, in their order, and tells how it went', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open();
    expect(scrub.report).toMatchObject({
      pass: 1,
      startedAt: stage.clock.now(),
      endedAt: undefined,
      begunAnew: undefined,
    });
    await stage.clock.advance(5000);
    expect(await stage.drive(scrub)).toBe('done');
    expect(stage.results).toEqual(okAll);
    const { sizeBytes } = (await stage.disk.stat(pathAt(0)))!;
    expect(scrub.report).toMatchObject({
      counters: {
        shards: 8,
        bytes: 8 * sizeBytes,
        ok: 8,
        corrupt: 0,
        missing: 0,
        unreadable: 0,
        vanished: 0,
        secondLooks: 0,
      },
      findings: [],
      droppedFindings: 0,
      endedAt: stage.clock.now(),
      checkpointError: undefined,
    });
    expect(await scrub.step()).toBe('done');
    expect(stage.pool.health.state).toBe('Online');
  });

  it('looks at a few short shards side by side, and tells of them in their order', async () => {
    const stage = await ScrubStage.make();
    await stage.flip(pathAt(4), HEADER_BYTES + 7);
    let open = 0;
    const opened: number[] = [];
    stage.around = async (step, run) => {
      if (step.operation !== 'openDirect') return run();
      opened.push((open += 1));
      // The first of each few is the last to be opened.
      if (open % 3 === 1) await new Promise((resolve) => setImmediate(resolve));
      return run();
    };
    const scrub = await stage.open({ atOnce: 3 });
    expect([await scrub.step(), stage.results]).toEqual(['busy', okAll.slice(0, 3)]);
    await stage.drive(scrub);
    expect(stage.results).toEqual(withOne(4, 'corrupt 0'));
    expect(opened).toHaveLength(9);
  });

  it('of a pool without shards ends at once', async () => {
    const stage = await ScrubStage.make([]);
    expect(await (await stage.open()).step()).toBe('done');
  });

  it('looks at shards that wait for their deletion, and at those of volumes in quarantine', async () => {
    const stage = await ScrubStage.make();
    await stage.store.delete(NAMES[0]!, PROOF);
    await stage.store.quarantine(NAMES[4]!.volumeId, 'nobody knows it');
    await stage.drive(await stage.open());
    expect(stage.results).toEqual(okAll);
  });

  it.each<[string, number, string]>([
    ['its payload', HEADER_BYTES + 7, 'corrupt 0'],
    ['its header', 20, 'missing corruptHeader'],
    ['its footer', -4000, 'missing corruptFooter'],
    ['its zeros', HEADER_BYTES + 200, 'missing corruptPadding'],
  ])('finds a bit of %s that is not as written', async (_, at, result) => {
    const stage = await ScrubStage.make();
    await stage.flip(pathAt(3), at);
    const scrub = await stage.open();
    await stage.drive(scrub);
    expect(stage.results).toEqual(withOne(3, result));
    const [kind, detail] = result.split(' ');
    expect(scrub.report.counters).toMatchObject({ shards: 8, ok: 7, [kind ?? '']: 1 });
    expect(scrub.report.findings).toMatchObject([{ name: NAMES[3], pass: 1, kind }]);
    expect(scrub.report.findings[0]?.detail).toContain(detail);
    expect(stage.pool.health).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'corruptShards' }] });
  });

  it('finds files that were cut, grown, emptied, swapped, or are something else', async () => {
    const stage = await ScrubStage.make();
    await stage.change(pathAt(0), (bytes) => bytes.subarray(0, 4096));
    await stage.change(pathAt(1), (bytes) => Buffer.concat([bytes, bytes]));
    await stage.change(pathAt(2), () => Buffer.alloc(0));
    await stage.disk.rename(pathAt(3), 'vol-b/7-1/0.1.shard');
    await stage.change(pathAt(6), () => Buffer.alloc(20_480, 'x'));
    await stage.drive(await stage.open());
    expect(stage.results).toEqual([
      `${pathAt(0)} missing incomplete`,
      `${pathAt(1)} missing incomplete`,
      `${pathAt(2)} missing incomplete`,
      `${pathAt(4)} missing otherShard`,
      `${pathAt(5)} ok`,
      `${pathAt(6)} missing notAShard`,
      `${pathAt(7)} ok`,
    ]);
  });

  it('says of a shard whose checksum it cannot read that it cannot, at any read, and never that it is bad', async () => {
    for (let failing = 0; failing < 3; failing += 1) {
      const stage = await ScrubStage.make();
      let reads = 0;
      stage.around = (step, run) => {
        if (step.operation === 'read' && step.path === pathAt(2) && reads++ === failing) throw refusal('EIO');
        return run();
      };
      const scrub = await stage.open();
      await stage.drive(scrub);
      expect(stage.results).toEqual(withOne(2, 'unreadable EIO'));
      expect(scrub.report.counters).toMatchObject({ shards: 8, ok: 7, unreadable: 1, corrupt: 0, missing: 0 });
      expect(scrub.report.findings).toMatchObject([{ name: NAMES[2], kind: 'unreadable' }]);
      expect(stage.pool.health).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'diskErrors' }] });
    }
  });

  it('says so of a shard that cannot be opened', async () => {
    const stage = await ScrubStage.make();
    stage.around = (step, run) => {
      if (step.operation === 'openDirect' && step.path === pathAt(2)) throw refusal('EACCES');
      return run();
    };
    await stage.drive(await stage.open());
    expect(stage.results).toEqual(withOne(2, 'unreadable EACCES'));
  });

  it('counts a shard that was deleted since it was listed as nothing but that', async () => {
    const stage = await ScrubStage.make();
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect' && step.path === pathAt(5)) await stage.disk.unlink(pathAt(5));
      return run();
    };
    const scrub = await stage.open();
    await stage.drive(scrub);
    expect(stage.results).toEqual(withOne(5, 'vanished'));
    expect(scrub.report).toMatchObject({ counters: { shards: 7, ok: 7, vanished: 1 }, findings: [] });
    expect(stage.pool.health.state).toBe('Online');
  });

  it('is not disturbed by shards that are put and collected meanwhile', async () => {
    const stage = await ScrubStage.make();
    await stage.store.delete(NAMES[6]!, PROOF);
    await stage.clock.advance(GRACE_MS);
    const scrub = await stage.open();
    await stage.drive(scrub, 3);
    await collectAll(stage.store);
    await putShard(stage.store, nameOf({ volumeId: 'vol-b', stripeId: '7-3', index: 0 }));
    await stage.drive(scrub);
    expect(stage.results).toEqual([...okAll.filter((_, index) => index !== 6), 'vol-b/7-3/0.1.shard ok']);
  });

  it('looks twice before it calls a shard bad: what was bad has been replaced meanwhile', async () => {
    const stage = await ScrubStage.make();
    await stage.flip(pathAt(4), HEADER_BYTES + 7);
    let opened = 0;
    stage.around = async (step, run) => {
      if (step.operation === 'openDirect' && step.path === pathAt(4) && opened++ === 1)
        await stage.flip(pathAt(4), HEADER_BYTES + 7);
      return run();
    };
    const scrub = await stage.open();
    await stage.drive(scrub);
    expect(stage.results).toEqual(withOne(4, 'ok at the second look'));
    expect(scrub.report).toMatchObject({ counters: { ok: 8, secondLooks: 1 }, findings: [] });
    expect(stage.pool.health.state).toBe('Online');
  });

  it('calls a shard bad that was shortened while it was read', async () => {
    const stage = await ScrubStage.make();
    let reads = 0;
    stage.around = async (step, run) => {
      if (step.operation === 'read' && step.path === pathAt(1) && reads++ === 0) await shorten(stage, pathAt(1));
      return run();
    };
    await stage.drive(await stage.open());
    expect(stage.results).toEqual(withOne(1, 'missing incomplete'));
  });
});

describe('a long shard', () => {
  const name = nameOf();
  const path = pathOfShard(name);
  const payloadBytes = 40 * BLOCK_BYTES + 5;
  /** A slice is four blocks. */
  const slow = { bandwidthBytesPerSecond: 32 * BLOCK_BYTES };

  it('is looked at slice by slice, and all its corrupt blocks are named', async () => {
    const stage = await ScrubStage.make([name], payloadBytes);
    for (const block of [0, 3, 4, 39, 40]) await stage.flip(path, HEADER_BYTES + block * BLOCK_BYTES + 2);
    const scrub = await stage.open(slow);
    await stage.drive(scrub);
    expect(stage.results).toEqual([`${path} corrupt 0,3,4,39,40`]);
    expect(scrub.report).toMatchObject({ counters: { shards: 1, corrupt: 1 }, findings: [{ kind: 'corrupt' }] });
  });

  it('is corrupt when a part of it is, and another part cannot be read', async () => {
    const stage = await ScrubStage.make([name], payloadBytes);
    await stage.flip(path, HEADER_BYTES + 2);
    let reads = 0;
    stage.around = (step, run) => {
      if (step.operation === 'read' && step.path === path && ++reads % 9 === 0) throw refusal('EIO');
      return run();
    };
    await stage.drive(await stage.open(slow));
    expect(stage.results).toEqual([`${path} corrupt 0`]);
  });

  it('is corrupt also when both are in one slice', async () => {
    const stage = await ScrubStage.make([name], payloadBytes);
    await stage.flip(path, HEADER_BYTES + 2);
    let reads = 0;
    // Of five: header, footer, and three of its payload.
    stage.around = (step, run) => {
      if (step.operation === 'read' && step.path === path && ++reads % 5 === 4) throw refusal('EIO');
      return run();
    };
    await stage.drive(await stage.open());
    expect(stage.results).toEqual([`${path} corrupt 0`]);
    expect(stage.pool.health.reasons.map(({ cause }) => cause)).toContain('corruptShards');
  });

  it('is read to its end though it is deleted meanwhile', async () => {
    const stage = await ScrubStage.make([name], payloadBytes);
    const scrub = await stage.open(slow);
    expect(await scrub.step()).toBe('busy');
    await stage.disk.unlink(path);
    await stage.drive(scrub);
    expect(stage.results).toEqual([`${path} ok`]);
  });

  it('is begun again after a kill', async () => {
    const stage = await ScrubStage.make([name], payloadBytes);
    const killed = await stage.open(slow);
    for (let step = 0; step < 5; step += 1) {
      if ((await killed.step()) === 'throttled') await stage.clock.advance(killed.waitMs);
    }
    const next = await ScrubStage.on(stage.disk);
    await stage.flip(path, HEADER_BYTES + 2);
    await next.drive(await next.open(slow));
    expect([stage.results, next.results]).toEqual([[], [`${path} corrupt 0`]]);
  });
});

describe('passes one after the other', () => {
  it('drop what was found as soon as the shard is right, and at their end what is of shards that are gone', async () => {
    const stage = await ScrubStage.make();
    for (const at of [1, 3, 5]) await stage.flip(pathAt(at), HEADER_BYTES + 7);
    await stage.drive(await stage.open());
    expect(stage.pool.health.reasons[0]?.detail).toContain('3 shards');
    await stage.flip(pathAt(1), HEADER_BYTES + 7);
    await stage.disk.unlink(pathAt(5));

    const next = await ScrubStage.on(stage.disk);
    expect(next.pool.health.state).toBe('Online');
    const scrub = await next.open();
    expect(scrub.report).toMatchObject({ pass: 2, counters: { shards: 0 }, endedAt: undefined });
    expect(next.pool.health.reasons[0]?.detail).toContain('3 shards');
    const paths = (): string[] => scrub.report.findings.map((finding) => pathOfShard(finding.name));
    await next.drive(scrub, 1);
    expect(paths()).toEqual([1, 3, 5].map(pathAt));
    await next.drive(scrub, 1);
    expect(paths()).toEqual([3, 5].map(pathAt));
    expect(await next.drive(scrub)).toBe('done');
    expect(scrub.report.findings).toMatchObject([{ name: NAMES[3], pass: 2 }]);
    expect(next.pool.health.reasons[0]?.detail).toContain('1 shard');

    await stage.flip(pathAt(3), HEADER_BYTES + 7);
    await next.drive(await next.open());
    expect(next.pool.health.state).toBe('Online');
  });

  it('keep what a read has met behind them, till the next one', async () => {
    const stage = await ScrubStage.make();
    const scrub = await stage.open();
    await stage.drive(scrub, 3);
    await stage.flip(pathAt(1), HEADER_BYTES + 7);
    stage.pool.health.noteCorrupt(pathAt(1));
    stage.pool.health.noteCorrupt(pathAt(5));
    expect(await stage.drive(scrub)).toBe('done');
    expect(stage.results).toEqual(okAll);
    expect(stage.pool.health.reasons[0]?.detail).toContain('1 shard is');
    await stage.flip(pathAt(1), HEADER_BYTES + 7);
    await stage.drive(await stage.open());
    expect(stage.pool.health.state).toBe('Online');
    stage.pool.health.noteCorrupt(pathAt(1));
    expect(stage.pool.health.state).toBe('Degraded');
  });

  it('begin early when that is asked for', async () => {
    const stage = await ScrubStage.make();
    await stage.drive(await stage.open(), 5);
    const scrub = await stage.open({ restart: true });
    expect(scrub.report).toMatchObject({ pass: 2, counters: { shards: 0 }, after: undefined });
    await stage.drive(scrub);
    expect(stage.results).toEqual([...okAll.slice(0, 5), ...okAll]);
  });
});
