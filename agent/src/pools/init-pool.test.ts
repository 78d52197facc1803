import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolUuid, realClock, VirtualClock } from '@couchestor/common/base';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { inspectPool } from './identify-pool.ts';
import { initPool, writePool } from './init-pool.ts';
import { InterposedFiles, isEffect } from './interposed-files.fixture.ts';
import { IDENTITY_PATH, INCOMING_FOLDER, POOL_FOLDER, POOL_SUBFOLDERS } from './layout.ts';
import { endPoolProcess, startPoolProcess } from './pool-process.fixture.ts';
import { Pool } from './pool.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';
import { systemFailure } from './system-failure.fixture.ts';

const scratch = scratchFolder();
const clock = new VirtualClock();
const pool = { node: parseNodeName('node-1'), tier: 'hot', clock } as const;
const identity = {
  formatVersion: 1,
  uuid: parsePoolUuid('uuid-1'),
  node: pool.node,
  tier: pool.tier,
  createdAt: '2026-01-01T00:00:00.000Z',
};
const hold = { hasLock: false, release: () => Promise.resolve() };

/** More than the histories here have. */
const OUTCOMES = 10_000;
const drawn = (): number => 0;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a new pool', () => {
  let path: string;
  beforeEach(async () => {
    path = scratch.path('pool');
    await mkdir(path);
  });

  it('is who it was made to be, with a uuid of its own', async () => {
    const made = await initPool(path, pool);
    expect(made).toMatchObject({ formatVersion: 1, node: 'node-1', tier: 'hot', uuid: expect.stringMatching(UUID) });
    expect(await inspectPool(path)).toEqual({ kind: 'pool', identity: made, isInUse: false });
    await mkdir(scratch.path('other'));
    expect((await initPool(scratch.path('other'), pool)).uuid).not.toBe(made.uuid);
  });

  it('is for its owner alone, and can be read by people', async () => {
    await initPool(path, pool);
    expect((await stat(`${path}/${POOL_FOLDER}`)).mode & 0o077).toBe(0);
    expect((await stat(`${path}/${IDENTITY_PATH}`)).mode & 0o077).toBe(0);
    expect(await readFile(`${path}/${IDENTITY_PATH}`, 'utf8')).toContain('"node": "node-1"');
  });

  it('is only told, when that is wished, or refused as if it were made', async () => {
    const told = await initPool(path, { ...pool, dryRun: true });
    expect(told).toMatchObject({ node: 'node-1', uuid: expect.stringMatching(UUID) });
    expect(await readdir(path)).toEqual([]);
    await writeFile(`${path}/foreign`, '');
    const dryRun = initPool(path, { ...pool, dryRun: true });
    await expect(dryRun).rejects.toMatchObject({ fields: { fault: 'foreignFolder' } });
  });

  it('is made beside lost+found', async () => {
    await mkdir(`${path}/lost+found`);
    await initPool(path, pool);
    await (await Pool.open(path, { clock })).close();
  });

  it('is made once', async () => {
    const made = await initPool(path, pool);
    await expect(initPool(path, pool)).rejects.toMatchObject({
      code: 'alreadyExists',
      message: expect.stringContaining(`this is the pool ${made.uuid} of node node-1 already`),
      fields: { fault: 'alreadyAPool', uuid: made.uuid },
    });
    expect(await inspectPool(path)).toMatchObject({ identity: made });
  });

  it('is made of no folder that has something in it, or of none', async () => {
    await mkdir(`${path}/volume`);
    await expect(initPool(path, pool)).rejects.toMatchObject({ code: 'conflict', fields: { fault: 'foreignFolder' } });
    expect(await readdir(path)).toEqual(['volume']);
    await expect(initPool(scratch.path('none'), pool)).rejects.toMatchObject({ code: 'notFound' });
    await rm(path, { recursive: true });
    await writeFile(path, 'content');
    await expect(initPool(path, pool)).rejects.toMatchObject({ fields: { fault: 'notAFolder' } });
  });

  it('is not made inside another one', async () => {
    await initPool(path, pool);
    for (const inner of [`${path}/${INCOMING_FOLDER}`, `${path}/volume`, `${path}/volume/1-1`]) {
      await mkdir(inner, { recursive: true });
      for (const dryRun of [true, false]) {
        await expect(initPool(inner, { ...pool, dryRun })).rejects.toMatchObject({
          code: 'conflict',
          fields: { fault: 'insideAPool', outer: path },
        });
      }
      expect((await readdir(inner)).filter((name) => name === POOL_FOLDER)).toEqual([]);
    }
  });

  it('is not made of one that has lost its identity, or whose identity is damaged or newer', async () => {
    await initPool(path, pool);
    const identity = await readFile(`${path}/${IDENTITY_PATH}`);
    await writeFile(`${path}/${IDENTITY_PATH}`, identity.subarray(1));
    await expect(initPool(path, pool)).rejects.toMatchObject({ code: 'corrupt' });
    await rm(`${path}/${IDENTITY_PATH}`);
    await mkdir(`${path}/volume`);
    await expect(initPool(path, pool)).rejects.toMatchObject({ fields: { fault: 'identityLost' } });
  });

  it('is made by one of two processes that make it at once', async () => {
    const makers = [startPoolProcess('init', path), startPoolProcess('init', path)];
    const outcomes = await Promise.all(makers.map(({ outcome }) => outcome));
    await Promise.all(makers.map((maker) => endPoolProcess(maker)));
    expect(outcomes.sort()).toEqual([expect.stringMatching(/^(alreadyExists|conflict)$/), 'done']);
    await (await Pool.open(path, { clock: realClock })).close();
  });

  it('survives a power loss once it is made', async () => {
    const files = new PowerLossFiles();
    await writePool(files, identity);
    for (const disk of files.disk.outcomes(OUTCOMES, drawn)) {
      expect((await Pool.start(new PowerLossFiles(disk), { clock }, hold)).identity).toEqual(identity);
    }
  });

  it('is whole or none, wherever its making ends, and made by the next attempt', async () => {
    for (let last = 0; ; last += 1) {
      const files = new PowerLossFiles();
      let steps = 0;
      const failing = new InterposedFiles(files, (step, run) => {
        if (isEffect(step)) steps += 1;
        return isEffect(step) && steps > last ? Promise.reject(systemFailure('EIO')) : run();
      });
      const isMade = await writePool(failing, identity).then(
        () => true,
        () => false,
      );
      for (const disk of files.disk.outcomes(OUTCOMES, drawn)) {
        const found = new PowerLossFiles(disk);
        if (!(await found.stat(IDENTITY_PATH))) {
          await expect(Pool.start(found, { clock }, hold)).rejects.toMatchObject({ code: 'notFound' });
          await writePool(found, identity);
        }
        for (const folder of POOL_SUBFOLDERS) expect(await found.stat(folder)).toMatchObject({ kind: 'folder' });
        expect((await Pool.start(found, { clock }, hold)).identity).toEqual(identity);
      }
      if (isMade) {
        expect(last).toBeGreaterThan(5);
        return;
      }
    }
  });
});
