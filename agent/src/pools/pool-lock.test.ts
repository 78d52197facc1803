import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { afterEach, expect, it } from '@jest/globals';
import { parseNodeName, realClock } from '@couchestor/common/base';
import { describeOnDisk, describeOnTmpfs, type ScratchFolder } from '../devices/scratch-folder.fixture.ts';
import { inspectPool } from './identify-pool.ts';
import { initPool } from './init-pool.ts';
import { LOCK_PATH, POOL_FOLDER } from './layout.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import { isLocked, takeLock, type PoolLock } from './pool-lock.ts';
import { endPoolProcess, startPoolProcess, type PoolProcess } from './pool-process.fixture.ts';
import { Pool } from './pool.ts';

interface PoolsUnderTest {
  readonly madePool: () => Promise<string>;
  readonly start: (path: string) => PoolProcess;
  /** To be closed after the test. */
  readonly open: (path: string) => Promise<Pool>;
  readonly filesOf: (path: string) => Promise<LinuxPoolFiles>;
}

function poolsIn(scratch: ScratchFolder): PoolsUnderTest {
  const started: PoolProcess[] = [];
  const held: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => endPoolProcess(each, 'SIGKILL')));
    for (const each of held.splice(0)) await each.close();
  });

  return {
    async madePool() {
      const path = scratch.path('pool');
      await mkdir(path);
      await initPool(path, { node: parseNodeName('node-1'), tier: 'hot', clock: realClock });
      return path;
    },
    start(path) {
      const one = startPoolProcess('open', path);
      started.push(one);
      return one;
    },
    async open(path) {
      const pool = await Pool.open(path, { clock: realClock });
      held.push(pool);
      return pool;
    },
    async filesOf(path) {
      const files = await LinuxPoolFiles.open(path);
      held.push(files);
      return files;
    },
  };
}

/** What a file system gives. */
function describeLock({ madePool, start, open }: PoolsUnderTest): void {
  it('is had by one of several processes that want it at once', async () => {
    const path = await madePool();
    const outcomes = await Promise.all([start(path), start(path), start(path)].map(({ outcome }) => outcome));
    expect(outcomes.sort()).toEqual(['conflict', 'conflict', 'done']);
  });

  it('ends with its process, also with kill -9', async () => {
    const path = await madePool();
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const holder = start(path);
      expect(await holder.outcome).toBe('done');
      await endPoolProcess(holder, signal);
      expect(await inspectPool(path)).toMatchObject({ isInUse: false });
      await (await open(path)).close();
    }
  });
}

describeOnTmpfs('the lock of a pool on tmpfs', (scratch) => describeLock(poolsIn(scratch)));

describeOnDisk('the lock of a pool', (scratch) => {
  const { madePool, start, open, filesOf } = poolsIn(scratch);

  describeLock({ madePool, start, open, filesOf });

  it('is had once in one process too, also by another path', async () => {
    const path = await madePool();
    await open(path);
    await expect(open(path)).rejects.toMatchObject({ code: 'conflict', fields: { pid: process.pid } });
    await expect(open(`${path}/../pool`)).rejects.toMatchObject({ fields: { fault: 'poolInUse' } });
  });

  it('is refused with who has it', async () => {
    const path = await madePool();
    const holder = start(path);
    expect(await holder.outcome).toBe('done');
    await expect(open(path)).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
      message: expect.stringMatching(
        new RegExp(`is in use by process ${holder.process.pid} on .*, since 2.*Z\\. Stop it`),
      ),
    });
    expect(await inspectPool(path)).toMatchObject({ isInUse: true, holder: { pid: holder.process.pid } });
  });

  it('ends when the pool is closed', async () => {
    const path = await madePool();
    const pool = await open(path);
    await Promise.all([pool.close(), pool.close()]);
    await (await open(path)).close();
    const holder = start(path);
    expect(await holder.outcome).toBe('done');
    await endPoolProcess(holder);
    await open(path);
  });

  it('is not given up by those who look, list and refuse', async () => {
    const path = await madePool();
    const pool = await open(path);
    const files = await filesOf(path);
    expect(await isLocked(files)).toBe(true);
    expect(await takeLock(files)).toBe('held');
    await files.entries(POOL_FOLDER);
    await pool.files.open(LOCK_PATH).catch(() => undefined);
    await expect(open(path)).rejects.toMatchObject({ code: 'conflict' });
    expect(await start(path).outcome).toBe('conflict');
  });

  it('waits for those who only look', async () => {
    const path = await madePool();
    const looking = startPoolProcess('look', path);
    expect(await looking.outcome).toBe('done');
    const files = await filesOf(path);
    for (let time = 0; time < 200; time += 1) {
      const lock = await takeLock(files);
      expect(lock).not.toBe('held');
      (lock as PoolLock).release();
    }
    await endPoolProcess(looking);
  });

  it('writes nothing', async () => {
    const path = await madePool();
    await open(path);
    expect((await stat(`${path}/${LOCK_PATH}`)).size).toBe(0);
    expect((await readdir(`${path}/${POOL_FOLDER}`)).filter((name) => name.startsWith('lock'))).toEqual(['lock']);
  });

  it('is given back more than once without harm', async () => {
    const path = await madePool();
    const files = await filesOf(path);
    const first = (await takeLock(files)) as PoolLock;
    first.release();
    const second = (await takeLock(files)) as PoolLock;
    first.release();
    expect(await isLocked(files)).toBe(true);
    second.release();
    expect(await isLocked(files)).toBe(false);
  });

  it('is of the folder that was opened, not of what has its path now', async () => {
    const path = await madePool();
    const files = await filesOf(path);
    await rename(path, scratch.path('moved'));
    const lock = (await takeLock(files)) as PoolLock;
    expect(await inspectPool(scratch.path('moved'))).toMatchObject({ isInUse: true });
    expect(await readdir(scratch.path('.'))).toEqual(['moved']);
    lock.release();
  });
});
