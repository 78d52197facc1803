import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { describeOnDisk } from '../devices/scratch-folder.fixture.ts';
import { InterposedFiles, type FileOperation } from './interposed-files.fixture.ts';
import { INCOMING_FOLDER, POOL_FOLDER } from './layout.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import { describePoolFiles, readFile, writeFile } from './pool-files-contract.fixture.ts';
import type { PoolFiles } from './pool-files.ts';
import { PoolHealth, type HealthCause } from './pool-health.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';
import { systemFailure } from './system-failure.fixture.ts';
import { WatchedFiles } from './watched-files.ts';

const watched = (files: PoolFiles): WatchedFiles =>
  new WatchedFiles(files, { health: new PoolHealth(files.label, new VirtualClock()), refuses: true });

describeOnDisk('a watched folder', (scratch) => {
  const open: LinuxPoolFiles[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((files) => files.close()));
  });

  describePoolFiles({
    name: 'a watched folder',
    async make() {
      await mkdir(scratch.path('pool'));
      const files = await LinuxPoolFiles.open(scratch.path('pool'));
      open.push(files);
      return watched(files);
    },
  });
});

describePoolFiles({ name: 'a watched folder in memory', make: () => Promise.resolve(watched(new PowerLossFiles())) });

describe('the files of a pool, watched', () => {
  let health: PoolHealth;
  let failing: Map<FileOperation, string>;
  let inner: PoolFiles;
  let files: WatchedFiles;

  beforeEach(async () => {
    health = new PoolHealth('/memory', new VirtualClock());
    failing = new Map();
    inner = new InterposedFiles(new PowerLossFiles(), (step, run) => {
      const errno = failing.get(step.operation);
      return errno === undefined ? run() : Promise.reject(systemFailure(errno));
    });
    files = new WatchedFiles(inner, { health, refuses: true });
    await files.makeFolder(POOL_FOLDER);
    await files.makeFolder(INCOMING_FOLDER);
    await files.makeFolder('volume');
    await writeFile(files, 'volume/shard', 'content');
    await writeFile(files, `${INCOMING_FOLDER}/old.part`, 'begun');
  });

  const causes = (): HealthCause[] => health.reasons.map(({ cause }) => cause);

  const calls: Record<string, (pool: PoolFiles) => Promise<unknown>> = {
    create: (pool) => pool.create(`${INCOMING_FOLDER}/new.part`),
    open: (pool) => pool.open('volume/shard'),
    openDirect: (pool) => pool.openDirect('volume/shard'),
    rename: (pool) => pool.rename(`${INCOMING_FOLDER}/old.part`, 'volume/other'),
    unlink: (pool) => pool.unlink('volume/shard'),
    makeFolder: (pool) => pool.makeFolder('other'),
    removeFolder: (pool) => pool.removeFolder('volume'),
    syncFolder: (pool) => pool.syncFolder('volume'),
    entries: (pool) => pool.entries('volume'),
    stat: (pool) => pool.stat('volume/shard'),
    space: (pool) => pool.space(),
    read: (pool) => readFile(pool, 'volume/shard'),
    write: (pool) => writeFile(pool, `${INCOMING_FOLDER}/new.part`, 'content'),
    sync: (pool) => writeFile(pool, `${INCOMING_FOLDER}/new.part`, 'content'),
  };

  it.each(Object.keys(calls))('tell what %s has met, and pass it on', async (name) => {
    failing.set(name as FileOperation, 'EUCLEAN');
    await expect(calls[name]?.(files)).rejects.toMatchObject({ fields: { errno: 'EUCLEAN' } });
    expect(causes()).toEqual(['fileSystemFailed']);
  });

  it.each([
    ['read', 'EIO', 'diskErrors'],
    ['open', 'EIO', 'diskErrors'],
    ['write', 'ENOSPC', 'noSpace'],
    ['sync', 'EIO', 'syncFailed'],
    ['syncFolder', 'EIO', 'syncFailed'],
    ['create', 'EMFILE', 'tooManyOpenFiles'],
    ['rename', 'EROFS', 'fileSystemReadOnly'],
    ['entries', 'EIO', 'fileSystemFailed'],
  ] as const)('tell apart what fails: %s with %s is %s', async (name, errno, cause) => {
    failing.set(name, errno);
    await expect(calls[name]?.(files)).rejects.toMatchObject({ fields: { errno } });
    expect(causes()).toEqual([cause]);
  });

  it('tell no other error', async () => {
    await expect(files.create('volume/shard')).rejects.toMatchObject({ fields: { errno: 'EEXIST' } });
    await expect(files.entries('../x')).rejects.toMatchObject({ code: 'invalid' });
    expect(health.state).toBe('Online');
  });

  it.each(['create', 'rename', 'unlink', 'makeFolder', 'removeFolder', 'syncFolder'])(
    'refuse %s where the pool takes no writes, before the disk is asked',
    async (name) => {
      health.note('syncFailed', 'a sync has failed');
      failing.set(name as FileOperation, 'EUCLEAN');
      await expect(calls[name]?.(files)).rejects.toMatchObject({
        code: 'unavailable',
        fields: { fault: 'takesNoWrites', cause: 'syncFailed' },
      });
      expect(causes()).toEqual(['syncFailed']);
    },
  );

  it('refuse there to write and sync what was begun before, and close it', async () => {
    const device = await files.create(`${INCOMING_FOLDER}/new.part`);
    await device.write(0, Buffer.from('content'));
    health.note('syncFailed', 'a sync has failed');
    for (const operation of ['write', 'sync'] as const) failing.set(operation, 'EUCLEAN');
    const refusal = { code: 'unavailable', fields: { fault: 'takesNoWrites' } };
    await expect(device.write(7, Buffer.from('more'))).rejects.toMatchObject(refusal);
    await expect(device.sync()).rejects.toMatchObject(refusal);
    expect(causes()).toEqual(['syncFailed']);
    expect(device.sizeBytes).toBe(7);
    await device.close();
  });

  it('go on reading there', async () => {
    health.note('fileSystemFailed', 'x');
    expect(await readFile(files, 'volume/shard')).toBe('content');
    expect(await files.entries('volume')).toHaveLength(1);
    expect(await files.stat('volume/shard')).toMatchObject({ sizeBytes: 7 });
    expect(await files.openDirect('volume/shard')).toBeDefined();
    expect((await files.space()).totalBytes).toBeGreaterThan(0);
  });

  it('let go there of what was begun', async () => {
    health.note('syncFailed', 'x');
    expect(await files.unlink(`${INCOMING_FOLDER}/old.part`)).toBe(true);
    expect(await inner.entries(INCOMING_FOLDER)).toEqual([]);
  });

  it('refuse nothing to those who find out whether writes are taken again', async () => {
    health.note('fileSystemReadOnly', 'x');
    const probing = new WatchedFiles(inner, { health, refuses: false });
    await writeFile(probing, `${INCOMING_FOLDER}/new.part`, 'content');
    expect(await inner.stat(`${INCOMING_FOLDER}/new.part`)).toMatchObject({ sizeBytes: 7 });
  });

  it('see a full disk pass when a file was written and synced, not when it was begun', async () => {
    health.note('noSpace', 'x');
    const device = await files.create(`${INCOMING_FOLDER}/new.part`);
    await device.sync();
    expect(causes()).toEqual(['noSpace']);
    await device.write(0, Buffer.from('content'));
    expect(causes()).toEqual(['noSpace']);
    await device.sync();
    expect(causes()).toEqual([]);
    await device.close();
  });

  it('see open files become fewer when one is opened, not when there is none to open', async () => {
    health.note('tooManyOpenFiles', 'x');
    expect(await files.open('none')).toBeUndefined();
    expect(causes()).toEqual(['tooManyOpenFiles']);
    await (await files.open('volume/shard'))?.close();
    expect(causes()).toEqual([]);
  });

  it('are the devices that they watch', async () => {
    const device = await files.open('volume/shard');
    const bare = await inner.open('volume/shard');
    const shown = ({ name, sizeBytes, blockBytes, writeOrder }: NonNullable<typeof device>): unknown[] => [
      name,
      sizeBytes,
      blockBytes,
      writeOrder,
    ];
    expect(device && shown(device)).toEqual(bare && shown(bare));
    expect(device?.allocate(10)).toEqual(new Uint8Array(10));
  });
});
