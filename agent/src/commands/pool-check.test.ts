import { CoucheStorError, parseVolumeId, realClock } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { copyFileSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { LinuxPoolFiles, type PoolFiles } from '../pools/index.ts';
import { parseShardPath } from '../shards/index.ts';
import { PROOF } from '../store/store.fixture.ts';
import { checkPool, type PoolFinding } from './check-pool.ts';
import {
  command,
  flip,
  makePool,
  putShards,
  RememberingConsole,
  rowsOf,
  tamper,
  withStore,
  writeFile,
} from './commands.fixture.ts';
import { lookAtPool } from './look-at-pool.ts';

describe('pool check', () => {
  const scratch = scratchFolder();

  it('finds nothing wrong with a sound pool, also beside the process that uses it', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 3);
    mkdirSync(`${folder}/lost+found`);
    await withStore(folder, async (store) => {
      await store.delete(parseShardPath(first), PROOF);
      await store.quarantine(parseVolumeId('vol-9'), 'nobody knows it');
      writeFile(folder, '.couchestor/incoming/x.part');
      expect(await command(['pool', 'check', folder])).toEqual({
        ...{ code: 0, said: '' },
        told:
          `${folder}: 3 shards (36 KiB), no problem.\n${folder}: 1 begun file is in its way in.\n` +
          `${folder}: 1 shard to be deleted when the grace is over.\n${folder}: quarantined: vol-9.\n`,
      });
    });
    expect((await command(['pool', 'check', folder])).told).toContain(
      '1 begun file is in its way in, left by a crash.',
    );
  });

  it('finds what is no pool', async () => {
    const empty = scratch.path('empty');
    mkdirSync(empty);
    const good = await makePool(scratch.path('good'));
    const { code, said, told } = await command(['pool', 'check', empty, scratch.path('none'), good]);
    expect({ code, told }).toEqual({ code: 1, told: `${good}: 0 shards (0 B), no problem.\n` });
    expect(rowsOf(said)).toEqual([
      [empty, '.', 'emptyFolder', expect.stringContaining('Mount the disk of the pool there')],
      [scratch.path('none'), '.', 'missingFolder', expect.stringContaining('Check that the disk is mounted')],
    ]);
  });

  it('finds shards whose ends are not as they were written', async () => {
    const folder = await makePool(scratch.path('pool'));
    const paths = (await putShards(folder, 6)).map((path) => `${folder}/${path}`);
    const [header = '', footer = '', cut = '', other = '', empty = ''] = paths;
    flip(header, 100);
    flip(footer, -100);
    tamper(cut, (bytes) => bytes.subarray(0, 8192));
    copyFileSync(paths[5] ?? '', other);
    tamper(empty, () => Buffer.alloc(0));
    const { code, said, told } = await command(['pool', 'check', folder]);
    expect(code).toBe(1);
    expect(rowsOf(said).map((row) => row.slice(0, 3))).toEqual([
      [folder, 'vol-1/7-1/0.1.shard', 'corruptHeader'],
      [folder, 'vol-1/7-2/0.1.shard', 'corruptFooter'],
      [folder, 'vol-1/7-3/0.1.shard', 'incomplete'],
      [folder, 'vol-1/7-4/0.1.shard', 'otherShard'],
      [folder, 'vol-1/7-5/0.1.shard', 'incomplete'],
    ]);
    expect(told).toBe(`${folder}: 6 shards (56 KiB), 5 problems.\n`);
  });

  it('finds what is no part of a pool, and what is missing or damaged of its own', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 1);
    await withStore(folder, async (store) => {
      await store.delete(parseShardPath(first), PROOF);
      await store.quarantine(parseVolumeId('vol-9'), 'nobody knows it');
    });
    const tombstone = '.couchestor/tombstones/vol-1_7-1_0.1.json';
    const quarantine = '.couchestor/quarantine/vol-9.json';
    for (const path of [tombstone, quarantine]) flip(`${folder}/${path}`, 60);
    for (const path of ['photo.jpg', 'vol-1/7-1/0.1.shard.bak', '.couchestor/notes', '.couchestor/scrub.json']) {
      writeFile(folder, path);
    }
    rmdirSync(`${folder}/.couchestor/incoming`);
    const { code, said } = await command(['pool', 'check', folder]);
    expect(code).toBe(1);
    expect(rowsOf(said).map((row) => row.slice(1, 3))).toEqual([
      ['.couchestor/incoming', 'missing'],
      ['.couchestor/notes', 'foreign'],
      [tombstone, 'damaged'],
      [quarantine, 'damaged'],
      ['.couchestor/scrub.json', 'damaged'],
      ['vol-1/7-1/0.1.shard.bak', 'foreign'],
      ['photo.jpg', 'foreign'],
    ]);
  });

  it('shows names that nobody should print as they are', async () => {
    const folder = await makePool(scratch.path('pool'));
    for (const name of ['x\ny\u001b[31mz', 'a b']) writeFile(folder, name);
    const { said } = await command(['pool', 'check', folder]);
    expect(rowsOf(said).map((row) => row.slice(0, 3))).toEqual([
      [folder, String.raw`"a\u0020b"`, 'foreign'],
      [folder, String.raw`"x\ny\u001b[31mz"`, 'foreign'],
    ]);
  });

  it('tells all of it as JSON', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 2);
    flip(`${folder}/${first}`, 100);
    const { code, said, told } = await command(['pool', 'check', folder, scratch.path('none'), '-o', 'json']);
    expect({ code, told }).toEqual({ code: 1, told: '' });
    expect(JSON.parse(said)).toEqual([
      expect.objectContaining({
        ...{ path: folder, node: 'node-a', state: 'Online', isInUse: false, shards: 2, bytes: 24_576 },
        ...{ incoming: 0, tombstones: 0, quarantines: [], problems: 1 },
        findings: [{ path: first, problem: 'corruptHeader', detail: expect.any(String) }],
      }),
      {
        ...{ path: scratch.path('none'), state: 'MissingFolder', problems: 1 },
        findings: [{ path: '.', problem: 'missingFolder', detail: expect.stringContaining('ENOENT') }],
      },
    ]);
  });

  it('lists the first thousand problems, and counts the others', async () => {
    const folder = await makePool(scratch.path('pool'));
    for (let index = 0; index < 1003; index += 1) writeFile(folder, `photo-${index}.jpg`, '');
    const { said, told } = await command(['pool', 'check', folder]);
    expect(rowsOf(said)).toHaveLength(1000);
    expect(told).toBe(`${folder}: 0 shards (0 B), 1003 problems.\n${folder}: 3 problems are not listed.\n`);
  });

  it('ends at Ctrl-C, with what it has found', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 2);
    writeFile(folder, '.couchestor/notes');
    const console = new RememberingConsole();
    const { code, said, told } = await command(['pool', 'check', folder, folder], stopping(console));
    expect({ code, rows: rowsOf(said).length }).toEqual({ code: 130, rows: 1 });
    expect(told).toMatch(/0 shards \(0 B\), 1 problem\.\nStopped; what follows was not looked at\.\n$/);
  });
});

/** At the first look at its clock, which is when the progress begins. */
function stopping(console: RememberingConsole): RememberingConsole {
  const monotonic = console.clock.monotonic.bind(console.clock);
  console.clock.monotonic = () => {
    console.interrupt();
    return monotonic();
  };
  return console;
}

describe('what is looked at while others change it', () => {
  const scratch = scratchFolder();

  async function findingsWith(
    folder: string,
    change: (files: PoolFiles) => Partial<PoolFiles>,
  ): Promise<PoolFinding[]> {
    const findings: PoolFinding[] = [];
    await lookAtPool(folder, realClock, async (look) => {
      if (look.kind === 'problem') throw look.error;
      Object.assign(look.files, change(look.files));
      const listener = { found: (finding: PoolFinding) => void findings.push(finding), reached: () => undefined };
      await checkPool(look, listener, new AbortController().signal);
    });
    return findings;
  }

  it('is no problem when it goes', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 2);
    flip(`${folder}/${first}`, 100);
    const findings = await findingsWith(folder, (files) => {
      const openDirect = files.openDirect.bind(files);
      return {
        openDirect: (path) => {
          rmSync(`${folder}/${path}`);
          return openDirect(path);
        },
      };
    });
    expect(findings).toEqual([]);
  });

  it('is no problem when it is bad once, and replaced', async () => {
    const folder = await makePool(scratch.path('pool'));
    const [first = ''] = await putShards(folder, 1);
    flip(`${folder}/${first}`, 100);
    let looks = 0;
    const findings = await findingsWith(folder, (files) => {
      const openDirect = files.openDirect.bind(files);
      return {
        openDirect: (path) => {
          looks += 1;
          if (looks === 2) flip(`${folder}/${first}`, 100);
          return openDirect(path);
        },
      };
    });
    expect({ findings, looks }).toEqual({ findings: [], looks: 2 });
  });

  it('is unreadable when the disk refuses, which ends the check for the folder of the pool alone', async () => {
    const folder = await makePool(scratch.path('pool'));
    await putShards(folder, 2);
    await putShards(folder, 1, 'vol-2');
    writeFile(folder, 'vol-2/notes');
    const error = new CoucheStorError('unavailable', 'The disk failed.', {
      retryable: false,
      fields: { errno: 'EIO' },
    });
    const refusesFirst = {
      openDirect: (path: string) => (path.includes('7-1') ? Promise.reject(error) : Promise.resolve(undefined)),
    };
    expect(await findingsWith(folder, () => refusesFirst)).toEqual([
      { path: 'vol-1/7-1/0.1.shard', problem: 'unreadable', detail: 'The disk failed.' },
      { path: 'vol-2/7-1/0.1.shard', problem: 'unreadable', detail: 'The disk failed.' },
      expect.objectContaining({ path: 'vol-2/notes', problem: 'foreign' }),
    ]);
    const refusing = (refused: string) => (files: PoolFiles) => {
      const entries = LinuxPoolFiles.prototype.entries.bind(files);
      return { entries: (path: string) => (path === refused ? Promise.reject(error) : entries(path)) };
    };
    expect(await findingsWith(folder, refusing('vol-1'))).toEqual([
      { path: 'vol-1', problem: 'unreadable', detail: 'The disk failed.' },
      expect.objectContaining({ path: 'vol-2/notes', problem: 'foreign' }),
    ]);
    expect(await findingsWith(folder, refusing(''))).toEqual([
      { path: '.', problem: 'unreadable', detail: 'The disk failed. What follows was not looked at.' },
    ]);
  });
});
