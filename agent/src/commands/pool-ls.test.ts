import { parseVolumeId, realClock } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { describe, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { Scrub } from '../scrub/index.ts';
import { parseShardPath } from '../shards/index.ts';
import { PROOF } from '../store/store.fixture.ts';
import {
  command,
  flip,
  makePool,
  putShards,
  RememberingConsole,
  rowsOf,
  whileRefused,
  withStore,
  writeFile,
} from './commands.fixture.ts';

describe('pool ls', () => {
  const scratch = scratchFolder();

  it('lists pools with what they are and hold, and what is none with why', async () => {
    const good = await makePool(scratch.path('good'));
    await putShards(good, 3);
    const empty = scratch.path('empty');
    mkdirSync(empty);
    const damaged = await makePool(scratch.path('damaged'));
    flip(`${damaged}/.couchestor/pool.json`, 60);
    const none = scratch.path('none');
    const { code, said, told } = await command(['pool', 'ls', good, empty, damaged, none]);
    expect(code).toBe(1);
    expect(said.split('\n')[0]?.split(/ +/)).toEqual(
      'POOL UUID TIER NODE STATE PROCESS SIZE USED FREE SHARDS'.split(' '),
    );
    const size = expect.stringMatching(/^[0-9.]+[KMGTP]iB$/);
    expect(rowsOf(said)).toEqual([
      [good, expect.stringMatching(/^[-0-9a-f]{36}$/), 'warm', 'node-a', 'Online', '-', size, size, size, '3'],
      [empty, '-', '-', '-', 'EmptyFolder', '-', '-', '-', '-', '-'],
      [damaged, '-', '-', '-', 'DamagedFile', '-', '-', '-', '-', '-'],
      [none, '-', '-', '-', 'MissingFolder', '-', '-', '-', '-', '-'],
    ]);
    expect(told.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^error: .*it is empty\. Mount the disk of the pool there; /),
      expect.stringMatching(/^error: .*pool\.json: damaged: /),
      expect.stringMatching(/^error: .*ENOENT/),
    ]);
  });

  it('names the process that uses a pool', async () => {
    const folder = await makePool(scratch.path('pool'));
    await withStore(folder, async () => {
      const { code, said } = await command(['pool', 'ls', folder]);
      expect({ code, process: rowsOf(said)[0]?.[5] }).toEqual({ code: 0, process: String(process.pid) });
    });
  });

  it('has exact numbers as JSON', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 2);
    const { said } = await command(['pool', 'ls', folder, scratch.path('none'), '-o', 'json']);
    expect(JSON.parse(said)).toEqual([
      expect.objectContaining({
        ...{ path: folder, node: 'node-a', tier: 'warm', state: 'Online', concerns: [], isInUse: false, shards: 2 },
        totalBytes: expect.any(Number),
        freeForDataBytes: expect.any(Number),
      }),
      { path: scratch.path('none'), state: 'MissingFolder', error: expect.stringContaining('ENOENT') },
    ]);
  });

  it('fits a terminal that is narrow: the name and the state stay', async () => {
    const folder = await makePool(scratch.path('pool'));
    const { said } = await command(['pool', 'ls', folder], new RememberingConsole({ columns: folder.length + 10 }));
    expect(said).toBe(`${'POOL'.padEnd(folder.length)}  STATE\n${folder}  Online\n`);
  });

  it('tells of what the last scrub has found', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 2);
    flip(`${folder}/${first}`, 4096);
    await command(['pool', 'scrub', folder]);
    const { code, said, told } = await command(['pool', 'ls', folder]);
    expect({ code, state: rowsOf(said)[0]?.[4], told }).toEqual({
      ...{ code: 0, state: 'Degraded', told: `${folder}: a scrub has found 1 shard corrupt.\n` },
    });
  });

  it('does not forget what a scrub has found when the next one begins', async () => {
    const folder = await makePool(scratch.path('pool'));
    const paths = await putShards(folder, 3);
    for (const path of paths) flip(`${folder}/${path}`, 4096);
    await command(['pool', 'scrub', folder]);
    await withStore(folder, (store) => {
      const { crc32c } = chooseCrc32c();
      return Scrub.open(store, { crc32c, clock: realClock, tranquility: 0, checkpointMs: 0 });
    });
    const { said, told } = await command(['pool', 'ls', folder]);
    expect({ state: rowsOf(said)[0]?.[4], told }).toEqual({
      ...{ state: 'Degraded', told: `${folder}: a scrub has found 3 shards corrupt.\n` },
    });
  });

  it('lists the other pools, and the rest of the shards, when a folder of one cannot be listed', async () => {
    const bad = await makePool(scratch.path('bad'));
    const good = await makePool(scratch.path('good'));
    for (const volume of ['vol-1', 'vol-2', 'vol-3']) await putShards(bad, 1, volume);
    await putShards(good, 1);
    for (const path of ['vol-2', '']) {
      const all = path === '' ? [] : ['vol-1/7-1/0.1.shard', 'vol-3/7-1/0.1.shard'];
      await whileRefused(bad, path, async () => {
        const refused = new RegExp(`^error: ${bad}/${path}: entries: EACCES.*\n$`);
        const pools = await command(['pool', 'ls', bad, good]);
        expect({ code: pools.code, states: rowsOf(pools.said).map((row) => [row[0], row[4]]) }).toEqual({
          ...{ code: 1, states: [[bad, 'Refused'], [good, 'Online']] }, // prettier-ignore
        });
        expect(pools.told).toMatch(refused);
        const shards = await command(['pool', 'ls', bad, good, '--shards', '-o', 'json']);
        expect(shards.code).toBe(1);
        expect(shards.told).toMatch(refused);
        const listed = JSON.parse(shards.said) as { pool: string; path: string }[];
        expect(listed.map(({ pool, path: at }) => [pool, at])).toEqual([
          ...all.map((at) => [bad, at]),
          [good, 'vol-1/7-1/0.1.shard'],
        ]);
      });
    }
  });

  it('says that a pool cannot be used whose records are gone', async () => {
    const folder = await makePool(scratch.path('pool'));
    rmSync(`${folder}/.couchestor/incoming`, { recursive: true });
    expect((await command(['pool', 'ls', folder])).code).toBe(0);
    rmSync(`${folder}/.couchestor/quarantine`, { recursive: true });
    const { code, said, told } = await command(['pool', 'ls', folder]);
    expect({ code, state: rowsOf(said)[0]?.[4] }).toEqual({ code: 1, state: 'Faulted' });
    expect(told).toMatch(/quarantine is gone, and what must not be deleted was kept there; restore it\.\n$/);
  });

  it('tells a pool and its copy apart from one pool under two names', async () => {
    const folder = await makePool(scratch.path('pool'));
    symlinkSync(folder, scratch.path('link'));
    expect((await command(['pool', 'ls', folder, scratch.path('link')])).code).toBe(0);
    expect(rowsOf((await command(['pool', 'ls', folder, `${folder}/`, `${folder}/.`])).said)).toHaveLength(1);
    const copy = scratch.path('copy');
    cpSync(folder, copy, { recursive: true });
    const { code, said, told } = await command(['pool', 'ls', folder, copy]);
    expect({ code, states: rowsOf(said).map((row) => row[4]) }).toEqual({ code: 1, states: ['Faulted', 'Faulted'] });
    expect(told.split('\n')).toEqual([
      expect.stringContaining(`${folder}: it has the uuid of ${copy}: `),
      expect.stringContaining(`${copy}: it has the uuid of ${folder}: `),
      '',
    ]);
    const checked = await command(['pool', 'check', folder, copy]);
    expect({ code: checked.code, rows: rowsOf(checked.said).map((row) => row.slice(0, 3)) }).toEqual({
      ...{ code: 1, rows: [[folder, '.', 'duplicate'], [copy, '.', 'duplicate']] }, // prettier-ignore
    });
  });

  it('lists shards in their order, with what will become of them', async () => {
    const folder = await makePool(scratch.path('pool'));
    const other = await makePool(scratch.path('other'));
    const [first = ''] = await putShards(folder, 2);
    await putShards(folder, 1, 'vol-2');
    await putShards(other, 1, 'vol-3');
    await withStore(folder, async (store) => {
      await store.delete(parseShardPath(first), PROOF);
      await store.quarantine(parseVolumeId('vol-2'), 'nobody knows it');
    });
    const { code, said, told } = await command(['pool', 'ls', folder, other, '--shards']);
    expect({ code, told }).toEqual({ code: 0, told: '' });
    expect(rowsOf(said)).toEqual([
      [folder, 'vol-1', '7-1', '0', '1', '12KiB', 'tombstoned'],
      [folder, 'vol-1', '7-2', '0', '1', '12KiB', 'live'],
      [folder, 'vol-2', '7-1', '0', '1', '12KiB', 'live,quarantined'],
      [other, 'vol-3', '7-1', '0', '1', '12KiB', 'live'],
    ]);
    const json = await command(['pool', 'ls', folder, '--shards', '--volume', 'vol-2', '-o', 'json']);
    expect(JSON.parse(json.said)).toEqual([
      {
        ...{ pool: folder, path: 'vol-2/7-1/0.1.shard', volumeId: 'vol-2', stripeId: '7-1', index: 0, placement: 1 },
        ...{ sizeBytes: 12_288, state: 'live', quarantined: true },
      },
    ]);
  });

  it('lists the shards of the pools that there are, and fails for the others', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 1);
    const { code, said, told } = await command(['pool', 'ls', scratch.path('none'), folder, '--shards']);
    expect({ code, rows: rowsOf(said).length }).toEqual({ code: 1, rows: 1 });
    expect(told).toMatch(/^error: .*ENOENT/);
  });

  it('says that there are no shards, which as JSON is an empty list', async () => {
    const folder = await makePool(scratch.path('pool'));
    expect(await command(['pool', 'ls', folder, '--shards'])).toEqual({
      code: 0,
      said: '',
      told: 'No shards found.\n',
    });
    expect(await command(['pool', 'ls', folder, '--shards', '-o', 'json'])).toEqual({
      code: 0,
      said: '[]\n',
      told: '',
    });
  });

  it('counts nothing that is no shard', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 1);
    writeFile(folder, 'vol-1/notes.txt');
    mkdirSync(`${folder}/lost+found`);
    expect(rowsOf((await command(['pool', 'ls', folder])).said)[0]?.at(-1)).toBe('1');
  });

  it('ends at Ctrl-C, and when nobody reads on', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 3);
    for (const [flag, code] of [
      ['interrupt', 130],
      ['stopReading', 0],
    ] as const) {
      const console = new RememberingConsole();
      console.onOut = (text) => {
        if (text.includes('7-1')) console[flag]();
      };
      const outcome = await command(['pool', 'ls', folder, '--shards'], console);
      expect({ code: outcome.code, rows: rowsOf(outcome.said).length }).toEqual({ code, rows: 1 });
    }
    const console = new RememberingConsole();
    console.interrupt();
    expect(await command(['pool', 'ls', folder], console)).toEqual({ code: 130, said: '', told: '' });
  });
});
