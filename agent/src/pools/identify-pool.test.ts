import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolUuid, realClock, VirtualClock } from '@couchestor/common/base';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { inspectPool, type PoolProblem } from './identify-pool.ts';
import { initPool } from './init-pool.ts';
import {
  HOLDER_PATH,
  IDENTITY_PATH,
  LOCK_PATH,
  POOL_FOLDER,
  QUARANTINE_FOLDER,
  SCRUB_PATH,
  TOMBSTONES_FOLDER,
} from './layout.ts';
import { identityRecord } from './pool-identity.ts';
import { Pool } from './pool.ts';
import { sealJson } from './sealed-json.ts';

const scratch = scratchFolder();
const node = parseNodeName('node-1');

describe('what a folder is', () => {
  let path: string;
  beforeEach(async () => {
    path = scratch.path('pool');
    await mkdir(path);
  });

  const init = (): Promise<unknown> => initPool(path, { node, tier: 'hot', clock: realClock });

  async function expectProblem(problem: PoolProblem, expected: object = {}): Promise<void> {
    const before = await contentOf(path);
    const error = expect.objectContaining({ name: 'CoucheStorError', fields: expect.objectContaining(expected) });
    expect(await inspectPool(path)).toEqual({ kind: 'problem', problem, error });
    await expect(Pool.open(path, { clock: realClock })).rejects.toMatchObject({ fields: expected });
    expect(await contentOf(path)).toEqual(before);
  }

  it('is a pool, when it was made one, and free', async () => {
    const uuid = parsePoolUuid('11111111-2222-4333-8444-555555555555');
    const clock = new VirtualClock(Date.UTC(2026, 4, 1));
    await initPool(path, { node, tier: 'cold', uuid, clock });
    const identity = { formatVersion: 1, uuid, node, tier: 'cold', createdAt: '2026-05-01T00:00:00.000Z' };
    expect(await inspectPool(path)).toEqual({ kind: 'pool', identity, isInUse: false });
  });

  it('is a pool in use, and by whom', async () => {
    await init();
    const pool = await Pool.open(path, { clock: realClock });
    expect(await inspectPool(path)).toMatchObject({
      isInUse: true,
      holder: { pid: process.pid, host: expect.any(String), since: expect.stringMatching(/^2.*Z$/) },
    });
    await pool.close();
    expect(await inspectPool(path)).not.toHaveProperty('holder');
  });

  it('is a pool in use when nobody knows by whom', async () => {
    await init();
    const pool = await Pool.open(path, { clock: realClock });
    for (const holder of ['', 'damaged', Buffer.from(sealJson({ pid: 'x' })), Buffer.from(sealJson(null))]) {
      await writeFile(`${path}/${HOLDER_PATH}`, holder);
      const found = await inspectPool(path);
      expect(found).toMatchObject({ kind: 'pool', isInUse: true });
      expect(found).not.toHaveProperty('holder');
    }
    await pool.close();
  });

  it('is missing', async () => {
    path = scratch.path('none');
    expect(await inspectPool(path)).toMatchObject({
      problem: 'missingFolder',
      error: { message: expect.stringContaining('Check that the disk is mounted') },
    });
  });

  it('is no folder', async () => {
    path = scratch.path('file');
    await writeFile(path, 'content');
    expect(await inspectPool(path)).toMatchObject({ problem: 'notAFolder' });
    expect(await inspectPool(`${path}/below`)).toMatchObject({ problem: 'notAFolder' });
  });

  it('is empty: most often a disk that is not mounted', async () => {
    await expectProblem('emptyFolder', { remedy: expect.stringMatching(/^Mount the disk/) });
    await mkdir(`${path}/lost+found`);
    await expectProblem('emptyFolder');
  });

  it('is something else, of which some is named', async () => {
    for (const name of ['etc', 'boot', 'usr', 'var', 'tmp']) await mkdir(`${path}/${name}`);
    await expectProblem('foreignFolder', { found: '"boot", "etc", "tmp" and 2 more' });
  });

  it('is the half of a pool', async () => {
    await mkdir(`${path}/${POOL_FOLDER}`);
    await expectProblem('unfinishedPool', { remedy: expect.stringContaining('pool init') });
  });

  it('is a pool that has lost its identity', async () => {
    await init();
    await mkdir(`${path}/volume`);
    await rm(`${path}/${IDENTITY_PATH}`);
    await expectProblem('identityLost', { found: '"volume"' });
  });

  it.each([HOLDER_PATH, SCRUB_PATH, `${TOMBSTONES_FOLDER}/vol_7-42_3.1.json`, `${QUARANTINE_FOLDER}/vol.json`])(
    'is a pool that has lost its identity and all shards, by %s',
    async (record) => {
      await init();
      await rm(`${path}/${IDENTITY_PATH}`);
      await expectProblem('unfinishedPool');
      await writeFile(`${path}/${record}`, 'of the pool that was here');
      await expectProblem('identityLost', { found: `"${record}"` });
      await expect(init()).rejects.toMatchObject({ fields: { fault: 'identityLost' } });
    },
  );

  it('is a pool whose identity is damaged, by any bit', async () => {
    await init();
    const whole = await readFile(`${path}/${IDENTITY_PATH}`);
    for (let byte = 0; byte < whole.length; byte += 1) {
      const damaged = Buffer.from(whole);
      damaged[byte] = (damaged[byte] ?? 0) ^ 1;
      await writeFile(`${path}/${IDENTITY_PATH}`, damaged);
      expect(await inspectPool(path)).toMatchObject({ kind: 'problem', problem: 'damagedFile' });
    }
    for (const cut of [Buffer.alloc(0), whole.subarray(1), whole.subarray(0, -1)]) {
      await writeFile(`${path}/${IDENTITY_PATH}`, cut);
      const remedy = expect.stringContaining('Do not delete it');
      await expectProblem('damagedFile', { file: `${path}/${IDENTITY_PATH}`, remedy });
    }
  });

  it('is the pool of a newer program', async () => {
    await init();
    const newer = { ...identityRecord({} as never), formatVersion: 2 };
    await writeFile(`${path}/${IDENTITY_PATH}`, sealJson(newer));
    await expectProblem('newerPool', { remedy: expect.stringContaining('Upgrade') });
  });

  it('is refused where a link stands for what is its own', async () => {
    await init();
    await rename(`${path}/${POOL_FOLDER}`, scratch.path('elsewhere'));
    await symlink(scratch.path('elsewhere'), `${path}/${POOL_FOLDER}`);
    await expectProblem('notAFolder', { fault: 'notAFolder' });
    await rm(`${path}/${POOL_FOLDER}`);
    await rename(scratch.path('elsewhere'), `${path}/${POOL_FOLDER}`);
    await rename(`${path}/${IDENTITY_PATH}`, scratch.path('pool.json'));
    await symlink(scratch.path('pool.json'), `${path}/${IDENTITY_PATH}`);
    await expectProblem('refused', { errno: 'ELOOP' });
  });

  it('is refused where the lock is something else', async () => {
    await init();
    const lock = `${path}/${LOCK_PATH}`;
    await writeFile(scratch.path('victim'), '');
    await rm(lock);
    await symlink(scratch.path('victim'), lock);
    await expectProblem('refused', { fault: 'notLockable', file: lock });
    await rm(lock);
    await mkdir(lock);
    await expectProblem('refused', { fault: 'notLockable' });
    await rm(lock, { recursive: true });
    await writeFile(lock, 'no lock'.repeat(1000));
    await expectProblem('refused', { fault: 'notLockable', remedy: expect.stringContaining('Delete it') });
  });

  it('is free when it has no lock file, which opening it makes', async () => {
    await init();
    await rm(`${path}/${LOCK_PATH}`);
    expect(await inspectPool(path)).toMatchObject({ kind: 'pool', isInUse: false });
    expect(await readdir(`${path}/${POOL_FOLDER}`)).not.toContain('lock');
    await (await Pool.open(path, { clock: realClock })).close();
    expect(await readdir(`${path}/${POOL_FOLDER}`)).toContain('lock');
  });
});

/** Of all that is in it, by path. */
async function contentOf(path: string): Promise<unknown> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.map((entry) => `${entry.parentPath}/${entry.name}`).sort();
}
