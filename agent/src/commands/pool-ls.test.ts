import { parseVolumeId } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { mkdirSync } from 'node:fs';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { parseShardPath } from '../shards/index.ts';
import { PROOF } from '../store/store.fixture.ts';
import {
  command,
  flip,
  makePool,
  putShards,
  RememberingConsole,
  rowsOf,
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
