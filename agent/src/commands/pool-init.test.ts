import { describe, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { inspectPool } from '../pools/index.ts';
import { command, makePool, writeFile } from './commands.fixture.ts';

const FLAGS = ['--node', 'node-a', '--tier', 'warm'];

describe('pool init', () => {
  const scratch = scratchFolder();
  const emptyFolder = (): string => {
    const folder = scratch.path('pool');
    mkdirSync(folder);
    return folder;
  };

  it('makes a pool, and says what it is', async () => {
    const folder = emptyFolder();
    const { code, said } = await command(['pool', 'init', folder, ...FLAGS, '--uuid', 'u-1']);
    expect({ code, said }).toEqual({ code: 0, said: `${folder} is pool u-1 of node node-a, tier warm.\n` });
    expect(await inspectPool(folder)).toMatchObject({
      kind: 'pool',
      identity: { uuid: 'u-1', node: 'node-a', tier: 'warm', formatVersion: 1 },
    });
  });

  it('makes up a uuid, and tells all of it as JSON', async () => {
    const folder = emptyFolder();
    const { said } = await command(['pool', 'init', folder, ...FLAGS, '-o', 'json']);
    const inspected = await inspectPool(folder);
    expect(JSON.parse(said)).toEqual({
      path: folder,
      ...(inspected.kind === 'pool' ? inspected.identity : {}),
      dryRun: false,
    });
  });

  it('as a dry run says what would be, and changes nothing', async () => {
    const folder = emptyFolder();
    const { code, said } = await command(['pool', 'init', folder, ...FLAGS, '--dry-run']);
    expect({ code, said }).toEqual({
      ...{ code: 0, said: `${folder} would become a pool of node node-a, tier warm (dry run).\n` },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('notes that no disk is mounted there', async () => {
    const folder = emptyFolder();
    const { told } = await command(['pool', 'init', folder, ...FLAGS, '--dry-run']);
    expect(told).toBe(
      `Note: no file system is mounted at ${folder}; what is stored there goes to that of the folder above it.\n`,
    );
  });

  it.each(['', '--dry-run'])('refuses what is no empty folder, with what to do %s', async (flag) => {
    const pool = await makePool(scratch.path('made'));
    const foreign = scratch.path('foreign');
    mkdirSync(foreign);
    writeFile(foreign, 'photo.jpg');
    symlinkSync('nowhere', scratch.path('link'));
    const cases: [string, RegExp][] = [
      [
        pool,
        /^error: .*this is the pool [-0-9a-f]{36} of node node-a already\. Use it as it is; or name another folder\.\n$/,
      ],
      [foreign, /^error: .*it holds something else \("photo\.jpg"\)\. Check which disk is mounted there/],
      [scratch.path('none'), /^error: .*ENOENT.*Check that the disk is mounted and the path is right\.\n$/],
      [scratch.path('link'), /^error: .*ENOENT/],
      [`${foreign}/photo.jpg`, /^error: .*it is no folder/],
    ];
    for (const [folder, error] of cases) {
      const { code, said, told } = await command(['pool', 'init', folder, ...FLAGS, ...(flag === '' ? [] : [flag])]);
      expect({ code, said, told }).toEqual({ code: 1, said: '', told: expect.stringMatching(error) });
    }
    expect(readdirSync(foreign)).toEqual(['photo.jpg']);
  });

  it('is not begun on a command line that cannot be meant', async () => {
    const folder = emptyFolder();
    const { code, told } = await command(['pool', 'init', folder, '--node', 'node-a', '--tir', 'hot']);
    expect(code).toBe(2);
    expect(told.split('\n')).toEqual([
      'error: flag --tir: is not known; did you mean --tier?',
      'error: flag --tier: is missing; say which tier the disk is fit for: hot, warm, cold.',
      'See couchestor-agent pool init --help.',
      '',
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });
});

it('the version is that of the program', async () => {
  expect(await command(['version'])).toEqual({ code: 0, said: 'couchestor-agent 1.2.3\n', told: '' });
});
