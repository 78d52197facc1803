import { mkdir, readdir, rm, symlink, writeFile as writePlain } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolUuid, VirtualClock } from '@couchestor/common/base';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { initPool, writePool } from './init-pool.ts';
import { InterposedFiles, type FileOperation } from './interposed-files.fixture.ts';
import { HOLDER_PATH, INCOMING_FOLDER, LOCK_PATH, POOL_FOLDER, POOL_SUBFOLDERS, PROBE_PATH } from './layout.ts';
import { readFile, writeFile } from './pool-files-contract.fixture.ts';
import type { PoolFiles } from './pool-files.ts';
import type { PoolIdentity } from './pool-identity.ts';
import { Pool, type PoolHold } from './pool.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';
import { sealJson } from './sealed-json.ts';
import { systemFailure } from './system-failure.fixture.ts';

const clock = new VirtualClock();
const node = parseNodeName('node-1');
const identity: PoolIdentity = {
  formatVersion: 1,
  uuid: parsePoolUuid('uuid-1'),
  node,
  tier: 'hot',
  createdAt: '2026-01-01T00:00:00.000Z',
};
const held: PoolHold = { hasLock: true, release: () => Promise.resolve() };

describe('a pool', () => {
  const scratch = scratchFolder();
  const open: Pool[] = [];
  let path: string;

  beforeEach(async () => {
    path = scratch.path('pool');
    await mkdir(path);
    await initPool(path, { node, tier: 'hot', uuid: identity.uuid, clock });
  });
  afterEach(async () => {
    for (const pool of open.splice(0)) await pool.close();
  });

  async function opened(at = path, expected = {}): Promise<Pool> {
    const pool = await Pool.open(at, { clock, expected });
    open.push(pool);
    return pool;
  }

  it('is opened, and is Online', async () => {
    const pool = await opened(path, { uuid: 'uuid-1', node: 'node-1', tier: 'hot' });
    expect(pool.identity).toMatchObject({ uuid: 'uuid-1', node: 'node-1', tier: 'hot' });
    expect(pool.health.report).toEqual({ state: 'Online', reasons: [] });
    expect(pool.clock).toBe(clock);
    expect(pool.files.label).toBe(path);
    await writeFile(pool.files, 'file', 'content');
    expect(await readFile(pool.files, 'file')).toBe('content');
  });

  it('that is another one is refused before anything is written', async () => {
    await rm(`${path}/${LOCK_PATH}`);
    await expect(opened(path, { uuid: 'uuid-2' })).rejects.toMatchObject({
      code: 'conflict',
      fields: { field: 'uuid' },
    });
    const content = await readdir(`${path}/${POOL_FOLDER}`);
    expect(content.filter((name) => name === 'lock' || name === 'holder.json')).toEqual([]);
    await opened();
  });

  it('is found through a link', async () => {
    await symlink(path, scratch.path('link'));
    await opened(scratch.path('link'));
    await expect(opened()).rejects.toMatchObject({ fields: { fault: 'poolInUse' } });
  });

  it('has again the folder of what is being written, and never those whose loss has to be seen', async () => {
    for (const folder of POOL_SUBFOLDERS) await rm(`${path}/${folder}`, { recursive: true });
    await opened();
    const found = await readdir(`${path}/${POOL_FOLDER}`);
    expect(found.filter((name) => POOL_SUBFOLDERS.some((folder) => folder.endsWith(`/${name}`)))).toEqual(['incoming']);
  });

  it('is refused, and free again, where something else is in the place of a folder', async () => {
    await rm(`${path}/${INCOMING_FOLDER}`, { recursive: true });
    await writePlain(`${path}/${INCOMING_FOLDER}`, '');
    await expect(opened()).rejects.toMatchObject({ fields: { fault: 'notAFolder' } });
    await rm(`${path}/${INCOMING_FOLDER}`);
    await opened();
  });

  it('is opened though nobody can be told by whom', async () => {
    await mkdir(`${path}/${HOLDER_PATH}`);
    const pool = await opened();
    expect(pool.health.state).toBe('Online');
  });

  it('names nobody who may have ended long ago', async () => {
    const old = sealJson({ pid: 1, host: 'h', since: '2026-01-01T00:00:00.000Z' });
    await writePlain(`${path}/${HOLDER_PATH}`, old);
    const refused = await Pool.open(path, { clock, expected: { uuid: parsePoolUuid('uuid-2') } }).catch(String);
    expect(refused).toContain('uuid-2');
    expect(await readdir(`${path}/${POOL_FOLDER}`)).toContain('holder.json');
    // So that nobody can write who has it now.
    const pool = await Pool.open(path, { clock, limits: { capacityBytes: 0 } }).catch(String);
    expect(pool).toContain('capacityBytes');
    expect(await readdir(`${path}/${POOL_FOLDER}`)).not.toContain('holder.json');
  });

  it('is used by nobody once it is closed', async () => {
    const pool = await opened();
    expect(await readdir(`${path}/${POOL_FOLDER}`)).toContain('holder.json');
    await pool.close();
    expect(await readdir(`${path}/${POOL_FOLDER}`)).not.toContain('holder.json');
    await expect(pool.files.entries('')).rejects.toMatchObject({ fields: { fault: 'closed' } });
    await expect(pool.admit(1, 'data')).rejects.toMatchObject({ fields: { fault: 'closed' } });
    await pool.close();
  });
});

describe('a pool on any files', () => {
  let failing: Map<FileOperation, string>;
  let memory: PowerLossFiles;
  let files: PoolFiles;

  beforeEach(async () => {
    failing = new Map();
    memory = new PowerLossFiles();
    await writePool(memory, identity);
    files = new InterposedFiles(memory, (step, run) => {
      const errno = failing.get(step.operation);
      return errno === undefined ? run() : Promise.reject(systemFailure(errno));
    });
  });

  const start = (hold: PoolHold = held): Promise<Pool> => Pool.start(files, { clock }, hold);
  const causes = (pool: Pool): string[] => pool.health.reasons.map(({ cause }) => cause);

  it('is checked against what is expected', async () => {
    const starting = Pool.start(files, { clock, expected: { tier: 'cold' } }, held);
    await expect(starting).rejects.toMatchObject({ fields: { fault: 'otherPool' } });
  });

  it('has the folder of what is being written for good, before anything is', async () => {
    await memory.removeFolder(INCOMING_FOLDER);
    memory.disk.sync();
    await start();
    for (const disk of memory.disk.outcomes(100, () => 0)) {
      expect(await new PowerLossFiles(disk).stat(INCOMING_FOLDER)).toMatchObject({ kind: 'folder' });
    }
  });

  it('is released once', async () => {
    let released = 0;
    const release = (): Promise<void> => {
      released += 1;
      return Promise.resolve();
    };
    const pool = await start({ hasLock: true, release });
    await Promise.all([pool.close(), pool.close()]);
    expect(released).toBe(1);
  });

  it('without the lock is read, and nothing else', async () => {
    await memory.removeFolder(INCOMING_FOLDER);
    const pool = await start({ ...held, hasLock: false });
    expect(pool.health.report).toMatchObject({ state: 'ReadOnly', reasons: [{ cause: 'withoutLock' }] });
    expect(await memory.stat(INCOMING_FOLDER)).toBeUndefined();
    expect(await pool.files.entries('')).toHaveLength(1);
    await expect(pool.files.makeFolder('volume')).rejects.toMatchObject({ fields: { fault: 'takesNoWrites' } });
    await expect(pool.admit(1, 'repair')).rejects.toMatchObject({ code: 'unavailable' });
    await memory.makeFolder(INCOMING_FOLDER);
    expect(await pool.probe()).toMatchObject({ state: 'ReadOnly' });
  });

  it('admits what fits, within its limits', async () => {
    const pool = await Pool.start(files, { clock, limits: { capacityBytes: 1000 } }, held);
    expect(await pool.usage()).toMatchObject({ totalBytes: 1000, freeForDataBytes: 950, freeForRepairBytes: 990 });
    const reservation = await pool.admit(950, 'data');
    await expect(pool.admit(1, 'data')).rejects.toMatchObject({ code: 'resourceExhausted' });
    reservation.release();
  });

  it('that failed to sync takes nothing more until it is opened again, and its probes write nothing', async () => {
    const pool = await start();
    failing.set('sync', 'EIO');
    await expect(writeFile(pool.files, `${INCOMING_FOLDER}/a.part`, 'content')).rejects.toMatchObject({
      fields: { errno: 'EIO' },
    });
    failing.clear();
    expect(pool.health.state).toBe('ReadOnly');
    await expect(pool.admit(1, 'data')).rejects.toMatchObject({ fields: { cause: 'syncFailed' } });
    await expect(pool.files.create('b')).rejects.toMatchObject({ fields: { cause: 'syncFailed' } });
    failing.set('create', 'EUCLEAN');
    expect(await pool.probe()).toMatchObject({ state: 'ReadOnly' });
    failing.clear();
    await pool.close();
    const again = await start();
    expect(again.health.state).toBe('Online');
    await writeFile(again.files, 'b', 'content');
  });

  it('on a file system that went read-only takes writes again when that is over', async () => {
    const pool = await start();
    for (const operation of ['create', 'rename', 'unlink', 'makeFolder'] as const) failing.set(operation, 'EROFS');
    await expect(pool.files.makeFolder('volume')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await pool.probe()).toMatchObject({ state: 'ReadOnly', reasons: [{ cause: 'fileSystemReadOnly' }] });
    failing.clear();
    await expect(pool.files.makeFolder('volume')).rejects.toMatchObject({ fields: { fault: 'takesNoWrites' } });
    expect(await pool.probe()).toEqual({ state: 'Online', reasons: [] });
    expect(await pool.files.makeFolder('volume')).toBe(true);
    expect(await memory.stat(PROBE_PATH)).toBeUndefined();
  });

  it('that is full is Degraded, goes on reading, and recovers by itself', async () => {
    const pool = await start();
    await writeFile(pool.files, 'file', 'content');
    failing.set('write', 'ENOSPC');
    await expect(writeFile(pool.files, 'more', 'content')).rejects.toMatchObject({ code: 'resourceExhausted' });
    expect(pool.health.report).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'noSpace' }] });
    expect(await readFile(pool.files, 'file')).toBe('content');
    expect(await pool.probe()).toMatchObject({ state: 'Degraded' });
    failing.clear();
    await writeFile(pool.files, 'after', 'content');
    expect(pool.health.state).toBe('Online');
  });

  it('with too many open files is Degraded, and well again after a probe', async () => {
    const pool = await start();
    failing.set('open', 'EMFILE');
    await expect(pool.files.open('file')).rejects.toMatchObject({ code: 'resourceExhausted' });
    expect(causes(pool)).toEqual(['tooManyOpenFiles']);
    failing.clear();
    expect(await pool.probe()).toMatchObject({ state: 'Online' });
  });

  it('whose folders cannot be read is Faulted, and is still tried', async () => {
    const pool = await start();
    failing.set('entries', 'EIO');
    await expect(pool.files.entries('')).rejects.toMatchObject({ fields: { errno: 'EIO' } });
    expect(pool.health.state).toBe('Faulted');
    failing.clear();
    expect(await pool.files.entries('')).toHaveLength(1);
    await expect(pool.files.makeFolder('volume')).rejects.toMatchObject({ fields: { state: 'Faulted' } });
  });

  it('that gives a probe other bytes is Faulted', async () => {
    const lying = new InterposedFiles(memory, (step, run) => {
      return step.operation === 'read' && step.path === PROBE_PATH ? (Promise.resolve() as never) : run();
    });
    const pool = await Pool.start(lying, { clock }, held);
    expect(await pool.probe()).toMatchObject({ state: 'Faulted', reasons: [{ cause: 'fileSystemFailed' }] });
    expect(await memory.stat(PROBE_PATH)).toBeUndefined();
  });

  it('asks the disk what a probe has written, and says why it could not be', async () => {
    const asked: string[] = [];
    const broken = new InterposedFiles(memory, (step, run) => {
      if (step.path === PROBE_PATH) asked.push(step.operation);
      if (step.operation === 'write') return Promise.reject(systemFailure('ENOMEM'));
      return step.operation === 'unlink' && asked.includes('write') ? Promise.reject(systemFailure('EACCES')) : run();
    });
    const pool = await Pool.start(broken, { clock }, held);
    await expect(pool.probe()).rejects.toMatchObject({ fields: { errno: 'ENOMEM' } });
    asked.length = 0;
    const watched = new InterposedFiles(memory, (step, run) => {
      asked.push(step.operation);
      return run();
    });
    await (await Pool.start(watched, { clock }, held)).probe();
    expect(asked.slice(-5)).toEqual(['write', 'sync', 'openDirect', 'read', 'unlink']);
  });

  it('whose probe somebody has removed is none the worse', async () => {
    const removing = new InterposedFiles(memory, async (step, run) => {
      if (step.operation === 'openDirect' && step.path === PROBE_PATH) await memory.unlink(PROBE_PATH);
      return run();
    });
    const pool = await Pool.start(removing, { clock }, held);
    await expect(pool.probe()).rejects.toMatchObject({ code: 'conflict', fields: { fault: 'probeRemoved' } });
    expect(pool.health.state).toBe('Online');
  });

  it('is probed beside what is being written, and after a probe that was ended in the middle', async () => {
    const pool = await start();
    await writeFile(memory, PROBE_PATH, 'of a process that was killed');
    const created: string[] = [];
    const watching = new InterposedFiles(memory, (step, run) => {
      if (step.operation === 'create') created.push(step.path);
      return run();
    });
    const probed = await Pool.start(watching, { clock }, held);
    for (const one of [pool, probed]) expect(await one.probe()).toMatchObject({ state: 'Online' });
    expect(created.filter((path) => path.startsWith(INCOMING_FOLDER))).toEqual([]);
    expect(await memory.stat(PROBE_PATH)).toBeUndefined();
  });

  it('tells of a probe that fails for another reason', async () => {
    const pool = await start();
    failing.set('create', 'EACCES');
    await expect(pool.probe()).rejects.toMatchObject({ code: 'forbidden' });
    expect(pool.health.state).toBe('Online');
  });

  it('is probed by several at once', async () => {
    const pool = await start();
    const reports = await Promise.all([pool.probe(), pool.probe(), pool.probe()]);
    expect(reports.map(({ state }) => state)).toEqual(['Online', 'Online', 'Online']);
    expect(await memory.stat(PROBE_PATH)).toBeUndefined();
    expect(await pool.probe()).toMatchObject({ state: 'Online' });
  });
});
