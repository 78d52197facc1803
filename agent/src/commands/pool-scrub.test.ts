import { VirtualClock } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { LinuxPoolFiles } from '../pools/index.ts';
import { readScrubRecord, type ScrubRecord } from '../scrub/index.ts';
import {
  command,
  flip,
  makePool,
  putShards,
  RememberingConsole,
  rowsOf,
  tamper,
  whileRefused,
  withStore,
  writeFile,
} from './commands.fixture.ts';

/** A shard of the fixture. */
const SHARD_BYTES = 12_288;

/** More than a scrub reads at once when its bandwidth is that of a block in a second. */
const BURST_BYTES = 262_144;

async function recordOf(folder: string): Promise<ScrubRecord | undefined> {
  const files = await LinuxPoolFiles.open(folder);
  try {
    return await readScrubRecord(files);
  } finally {
    await files.close();
  }
}

describe('pool scrub', () => {
  const scratch = scratchFolder();

  it('reads every shard, and clears nothing away', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 3);
    writeFile(folder, '.couchestor/incoming/x.part');
    expect(await command(['pool', 'scrub', folder])).toEqual({
      ...{ code: 0, said: '' },
      told: 'Pass 1: 3 shards (36 KiB): 3 ok, 0 corrupt, 0 missing, 0 unreadable.\n',
    });
    expect(readdirSync(`${folder}/.couchestor/incoming`)).toEqual(['x.part']);
    expect((await command(['pool', 'scrub', folder])).told).toMatch(/^Pass 2: 3 shards/);
  });

  it('tells which are not as they were written', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = '', second = ''] = await putShards(folder, 3);
    flip(`${folder}/${first}`, 4096);
    tamper(`${folder}/${second}`, (bytes) => bytes.subarray(0, 8192));
    const { code, said, told } = await command(['pool', 'scrub', folder]);
    expect({ code, told }).toEqual({
      ...{ code: 1, told: 'Pass 1: 3 shards (32 KiB): 1 ok, 1 corrupt, 1 missing, 0 unreadable.\n' },
    });
    expect(rowsOf(said)).toEqual([
      [folder, first, 'corrupt', expect.any(String)],
      [folder, second, 'missing', expect.stringMatching(/^incomplete: /)],
    ]);
    const json = await command(['pool', 'scrub', folder, '-o', 'json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.said)).toMatchObject({
      ...{ path: folder, pass: 2, shards: 3, ok: 1, corrupt: 1, missing: 1, unreadable: 0, droppedFindings: 0 },
      endedAt: '2025-01-01T00:00:00.000Z',
      findings: [
        { path: first, kind: 'corrupt' },
        { path: second, kind: 'missing' },
      ],
    });
  });

  it('goes on behind a folder that cannot be listed, and is not content', async () => {
    const folder = await makePool(scratch.path('pool'));
    for (const volume of ['vol-1', 'vol-2', 'vol-3']) await putShards(folder, 1, volume);
    await whileRefused(folder, 'vol-2', async () => {
      const { code, said, told } = await command(['pool', 'scrub', folder]);
      expect({ code, told }).toEqual({
        code: 1,
        told:
          'Pass 1: 2 shards (24 KiB): 2 ok, 0 corrupt, 0 missing, 0 unreadable.\n' +
          '1 place could not be looked at; what is there was not scrubbed.\n',
      });
      expect(rowsOf(said)).toEqual([[folder, 'vol-2', 'unreadable', expect.stringContaining('EACCES')]]);
      const json = await command(['pool', 'scrub', folder, '-o', 'json']);
      expect(JSON.parse(json.said)).toMatchObject({ pass: 2, ok: 2, findings: [], passedOver: [{ path: 'vol-2' }] });
    });
    const { said, told } = await command(['pool', 'ls', folder]);
    expect({ state: rowsOf(said)[0]?.[4], told }).toEqual({
      ...{ state: 'Degraded', told: `${folder}: a scrub could not look at 1 place.\n` },
    });
    expect((await command(['pool', 'scrub', folder])).code).toBe(0);
    expect(rowsOf((await command(['pool', 'ls', folder])).said)[0]?.[4]).toBe('Online');
  });

  it('as a dry run says what it would read, and reads nothing', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 3);
    const dry = (...flags: string[]) => command(['pool', 'scrub', folder, '--dry-run', ...flags]);
    expect(await dry()).toEqual({
      ...{ code: 0, told: '' },
      said: `${folder}: it would begin pass 1 and read 36 KiB of 3 shards (dry run).\n`,
    });
    expect((await dry('--bandwidth', '64Ki')).said).toContain('3 shards in no less than 1s (dry run)');
    expect(existsSync(`${folder}/.couchestor/scrub.json`)).toBe(false);
    await withStore(folder, async () => {
      expect((await dry()).told).toBe(`${folder}: it could not now: the pool is in use by process ${process.pid}.\n`);
    });
  });

  it('needs the pool for itself, and says who has it', async () => {
    const folder = await makePool(scratch.path('pool'));
    await withStore(folder, async () => {
      const { code, said, told } = await command(['pool', 'scrub', folder]);
      expect({ code, said }).toEqual({ code: 1, said: '' });
      expect(told).toMatch(new RegExp(`^error: .*the pool is in use by process ${process.pid} on .*Stop it first`));
    });
  });

  it.each([{ flags: [] }, { flags: ['--dry-run'] }])('refuses what is no pool: %j', async ({ flags }) => {
    const { code, said, told } = await command(['pool', 'scrub', scratch.path('none'), ...flags]);
    expect({ code, said }).toEqual({ code: 1, said: '' });
    expect(told).toMatch(/^error: .*ENOENT/);
  });

  it('stops at Ctrl-C, goes on there, and tells what was found before', async () => {
    const folder = await makePool(scratch.path('pool'));
    const paths = await putShards(folder, 20);
    for (const path of paths) flip(`${folder}/${path}`, 4096);
    const console = new RememberingConsole();
    console.onOut = (text) => {
      if (text.includes(paths[1] ?? '')) console.interrupt();
    };
    const stopped = await command(['pool', 'scrub', folder], console);
    const done = rowsOf(stopped.said).length;
    expect({ code: stopped.code, isPart: done >= 2 && done < 20, told: stopped.told }).toEqual({
      ...{ code: 130, isPart: true },
      told:
        `Pass 1: ${done} of 20 shards (${done * 12} KiB): 0 ok, ${done} corrupt, 0 missing, 0 unreadable.\n` +
        'Stopped; the next scrub goes on there.\n',
    });
    const plan = await command(['pool', 'scrub', folder, '--dry-run']);
    expect(plan.said).toContain(`it would go on with pass 1 and read ${(20 - done) * 12} KiB of 20 shards`);
    const rest = await command(['pool', 'scrub', folder]);
    expect({ code: rest.code, found: rowsOf(rest.said).map(([, path]) => path), told: rest.told }).toEqual({
      ...{ code: 1, found: paths },
      told:
        `Goes on with pass 1, of which ${done} shards are done.\n` +
        'Pass 1: 20 shards (240 KiB): 0 ok, 20 corrupt, 0 missing, 0 unreadable.\n',
    });
  });

  it('stops when nobody reads on', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 20);
    flip(`${folder}/${first}`, 4096);
    const console = new RememberingConsole();
    console.onOut = () => console.stopReading();
    expect((await command(['pool', 'scrub', folder], console)).code).toBe(1);
    expect((await recordOf(folder))?.endedAt).toBeUndefined();
  });

  it('begins a new pass when told to', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 20);
    flip(`${folder}/${first}`, 4096);
    const console = new RememberingConsole();
    console.onOut = () => console.interrupt();
    await command(['pool', 'scrub', folder], console);
    expect((await command(['pool', 'scrub', folder, '--dry-run', '--restart'])).said).toContain(
      'it would begin pass 2 and read 240 KiB',
    );
    expect((await command(['pool', 'scrub', folder, '--restart'])).told).toMatch(/^Pass 2: 20 shards/);
  });

  it('says when it cannot go on where it was', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 1);
    await command(['pool', 'scrub', folder]);
    flip(`${folder}/.couchestor/scrub.json`, 60);
    const { code, told } = await command(['pool', 'scrub', folder]);
    expect(code).toBe(0);
    expect(told).toMatch(/^Begins anew: the record of earlier passes cannot be used: .*damaged.*\nPass 1: 1 shards? /);
  });

  it.each([
    { flags: ['--bandwidth', '64Ki'], leastMs: ((60 * SHARD_BYTES - BURST_BYTES) * 1000) / 65_536 },
    { flags: [], leastMs: 0 },
  ])('is as slow as it is told to be: %j', async ({ flags, leastMs }) => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 60);
    const clock = new VirtualClock();
    let isDone = false;
    const running = command(['pool', 'scrub', folder, ...flags], new RememberingConsole({ clock })).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      if (clock.pendingTimerCount > 0) await clock.advance(50);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await running).code).toBe(0);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(leastMs);
    if (leastMs === 0) expect(clock.monotonic()).toBe(0);
  });

  it('draws a bar on a terminal, which makes way for what it finds', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 4);
    flip(`${folder}/${first}`, 4096);
    const clock = new VirtualClock();
    const console = new RememberingConsole({ clock, columns: 200 });
    const monotonic = clock.monotonic.bind(clock);
    let passedMs = 0;
    clock.monotonic = () => monotonic() + (passedMs += 100);
    const { told } = await command(['pool', 'scrub', folder], console);
    const drawn = told.split('\r').map((line) => line.trim());
    expect(drawn).toContain(`${folder}  [#####...............]  25%  1 shard, 12 KiB, 1 bad`);
    expect(drawn.at(-1)).toMatch(/^Pass 1: 4 shards/);
  });
});
