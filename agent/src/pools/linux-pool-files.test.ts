import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readdir, rename, rm, symlink, truncate, writeFile as writePlain } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  describeOnDisk,
  describeOnTmpfs,
  scratchFolder,
  type ScratchFolder,
} from '../devices/scratch-folder.fixture.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import { describePoolFiles, readFile, writeFile } from './pool-files-contract.fixture.ts';

const open: LinuxPoolFiles[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((files) => files.close()));
});

async function poolIn(scratch: ScratchFolder): Promise<LinuxPoolFiles> {
  const path = scratch.path('pool');
  await mkdir(path);
  const files = await LinuxPoolFiles.open(path);
  open.push(files);
  return files;
}

describeOnDisk('a folder on a disk', (scratch) => {
  describePoolFiles({ name: 'a folder on a disk', make: () => poolIn(scratch) });

  it('reads past the page cache what has whole blocks', async () => {
    const files = await poolIn(scratch);
    await writeFile(files, 'whole', 'x'.repeat(8192));
    await writeFile(files, 'more', 'x'.repeat(8193));
    const devices = [await files.openDirect('whole'), await files.openDirect('more')];
    expect(devices.map((device) => device?.blockBytes)).toEqual([4096, 1]);
    for (const device of devices) await device?.close();
  });
});

describeOnTmpfs('a folder on tmpfs', (scratch) => {
  describePoolFiles({ name: 'a folder on tmpfs', make: () => poolIn(scratch) });
});

describe('the folder of a pool', () => {
  const scratch = scratchFolder();
  let files: LinuxPoolFiles;

  beforeEach(async () => {
    files = await poolIn(scratch);
  });

  it.each([
    ['none', 'notFound', 'ENOENT'],
    ['file', 'invalid', undefined],
    ['file/below', 'invalid', undefined],
  ])('is not opened where there is %s', async (name, code, errno) => {
    await writePlain(scratch.path('file'), 'content');
    const opening = LinuxPoolFiles.open(scratch.path(name));
    await expect(opening).rejects.toMatchObject({
      code,
      fields: { device: scratch.path(name), ...(errno && { errno }) },
    });
  });

  it('may be reached by a link, as disks often are', async () => {
    await writeFile(files, 'file', 'content');
    await symlink(files.label, scratch.path('link'));
    const linked = await LinuxPoolFiles.open(scratch.path('link'));
    open.push(linked);
    expect(await readFile(linked, 'file')).toBe('content');
    expect(linked.label).toBe(scratch.path('link'));
  });

  it('is the one that was opened, whatever has its path later', async () => {
    await writeFile(files, 'file', 'of the pool');
    await rename(files.label, scratch.path('moved'));
    await mkdir(files.label);
    await writePlain(`${files.label}/file`, 'of another');
    await writePlain(`${files.label}/more`, 'of another');
    expect(await readFile(files, 'file')).toBe('of the pool');
    expect(await files.entries('')).toEqual([{ name: 'file', kind: 'file' }]);
    expect(await files.isHeldAt(files.label)).toBe(false);
    expect(await files.isHeldAt(scratch.path('moved'))).toBe(true);
    expect(await files.realPath()).toBe(scratch.path('moved'));
    await writeFile(files, 'new', 'content');
    expect(await readdir(files.label)).toEqual(['file', 'more']);
  });

  it('says that it does not know the path of a folder that was removed', async () => {
    await rm(files.label, { recursive: true });
    await expect(files.realPath()).rejects.toMatchObject({ name: 'CoucheStorError' });
    await expect(files.create('file')).rejects.toMatchObject({ code: 'notFound' });
  });

  it('shows paths that people know, also in what the system says', async () => {
    await expect(files.create('none/file')).rejects.toMatchObject({
      message: `${files.label}/none/file: open: ENOENT: no such file or directory. Check that the disk is mounted and the path is right.`,
    });
  });

  describe('with links in it', () => {
    const outside = (): string => scratch.path('outside');

    beforeEach(async () => {
      await mkdir(outside());
      await writePlain(`${outside()}/file`, 'outside');
      await symlink(outside(), `${files.label}/folder`);
      await symlink(`${outside()}/file`, `${files.label}/file`);
    });

    it('opens no file through them', async () => {
      for (const path of ['file', 'folder', 'folder/file']) {
        await expect(files.open(path)).rejects.toMatchObject({ code: 'invalid' });
        await expect(files.openDirect(path)).rejects.toMatchObject({ code: 'invalid' });
      }
    });

    it('makes, moves and removes nothing through them', async () => {
      await writeFile(files, 'own', 'own');
      const calls = [
        files.create('folder/new'),
        files.rename('own', 'folder/file'),
        files.rename('folder/file', 'own'),
        files.unlink('folder/file'),
        files.makeFolder('folder'),
        files.makeFolder('folder/new'),
        files.removeFolder('folder/file'),
        files.syncFolder('folder'),
        files.entries('folder'),
        files.stat('folder/file'),
      ];
      for (const call of await Promise.allSettled(calls)) {
        expect(call).toMatchObject({
          status: 'rejected',
          reason: { code: 'invalid', fields: { fault: 'notAFolder' } },
        });
      }
      await expect(files.create('file')).rejects.toMatchObject({ code: 'alreadyExists' });
      expect(await readdir(outside())).toEqual(['file']);
      expect(await readFile(files, 'own')).toBe('own');
    });

    it('opens nothing through one that takes the place of a folder after that was listed', async () => {
      await files.makeFolder('real');
      await writeFile(files, 'real/file', 'content');
      expect(await files.entries('real')).toHaveLength(1);
      expect(await files.stat('real/file')).toEqual({ kind: 'file', sizeBytes: 7 });
      await rename(`${files.label}/real`, scratch.path('moved'));
      await symlink(outside(), `${files.label}/real`);
      const fields = { fault: 'notAFolder' };
      await expect(files.open('real/file')).rejects.toMatchObject({ fields });
      await expect(files.unlink('real/file')).rejects.toMatchObject({ fields });
      expect(await readdir(outside())).toEqual(['file']);
    });

    it('lists and measures them as something else', async () => {
      execFileSync('mkfifo', [`${files.label}/pipe`]);
      const listed = (await files.entries('')) ?? [];
      expect(listed.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['file other', 'folder other', 'pipe other']);
      expect(await files.stat('folder')).toMatchObject({ kind: 'other' });
      await expect(files.open('pipe')).rejects.toMatchObject({ fields: { fault: 'notAFile' } });
    });

    it('removes a link, and not what it leads to', async () => {
      await files.unlink('file');
      await files.unlink('folder');
      expect(await readdir(outside())).toEqual(['file']);
    });
  });

  it('is for its owner alone', async () => {
    await files.makeFolder('folder');
    const mode = execFileSync('stat', ['-c', '%a', `${files.label}/folder`], { encoding: 'utf8' });
    expect(Number.parseInt(mode, 8) & 0o077).toBe(0);
  });

  it('is not read-only where it can be written', async () => {
    expect(await files.isReadOnly()).toBe(false);
    await access(files.label, constants.W_OK);
  });

  it('ends calls that are under way before it is closed, and refuses those that come later', async () => {
    await writeFile(files, 'file', 'content');
    const device = await files.open('file');
    const underWay = Promise.all([files.entries(''), files.makeFolder('folder'), files.stat('file')]);
    const closing = [files.close(), files.close()];
    await expect(files.entries('')).rejects.toMatchObject({ code: 'gone', fields: { fault: 'closed' } });
    await Promise.all(closing);
    expect(await underWay).toEqual([expect.any(Array), true, { kind: 'file', sizeBytes: 7 }]);
    await expect(files.create('other')).rejects.toMatchObject({ code: 'gone' });
    const into = Buffer.alloc(7);
    await device?.read(0, into);
    await device?.close();
    expect(into.toString()).toBe('content');
  });

  it('finds a file that somebody cuts while it is read', async () => {
    await writeFile(files, 'file', 'content');
    const device = await files.open('file');
    await truncate(`${files.label}/file`, 3);
    await expect(device?.read(0, Buffer.alloc(7))).rejects.toMatchObject({ fields: { fault: 'endedEarly' } });
    await device?.close();
  });
});
