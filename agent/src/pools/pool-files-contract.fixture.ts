/** What every PoolFiles promises, as tests: called by the test of each kind. */
import { describe, expect, it } from '@jest/globals';
import type { BlockDevice } from '../devices/index.ts';
import { LOCK_PATH, POOL_FOLDER } from './layout.ts';
import type { PoolFiles } from './pool-files.ts';

export interface PoolFilesKind {
  readonly name: string;
  /** Of an empty pool. */
  make(): Promise<PoolFiles>;
}

/** What leads elsewhere, or could. */
const BAD_PATHS = ['/a', 'a/', 'a//b', '.', '..', 'a/..', '../a', 'a/../../b', './a', 'a\0b', 'a'.repeat(256)];

export async function writeFile(files: PoolFiles, path: string, content: string): Promise<void> {
  const device = await files.create(path);
  await device.write(0, Buffer.from(content));
  await device.sync();
  await device.close();
}

/** Undefined: there is no such file. */
export async function readFile(files: PoolFiles, path: string): Promise<string | undefined> {
  const device = await files.open(path);
  return device === undefined ? undefined : contentOf(device);
}

async function contentOf(device: BlockDevice): Promise<string> {
  const bytes = device.allocate(device.sizeBytes);
  await device.read(0, bytes);
  await device.close();
  return Buffer.from(bytes).toString('latin1');
}

/** What a refused call says. */
function refused(files: PoolFiles, path: string, expected: { operation: string; code: string }): object {
  const { operation, code } = expected;
  const device = path === '' ? files.label : `${files.label}/${path}`;
  const fields = { device, operation, fault: expect.any(String), remedy: expect.stringMatching(/\.$/) };
  return { name: 'CoucheStorError', code, message: expect.stringContaining(device), fields };
}

export function describePoolFiles(kind: PoolFilesKind): void {
  describe(`${kind.name}, as all files of a pool`, () => {
    describe('files', () => {
      it('hold what was written', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        expect(await readFile(files, 'file')).toBe('content');
        expect(await files.stat('file')).toEqual({ kind: 'file', sizeBytes: 7 });
      });

      it('are known by the path that people know', async () => {
        const files = await kind.make();
        const device = await files.create('file');
        expect(device.name).toBe(`${files.label}/file`);
        await device.close();
      });

      it('are made where nothing is, also when two are made at once', async () => {
        const files = await kind.make();
        const made = await Promise.allSettled([files.create('file'), files.create('file')]);
        const devices = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        expect(devices).toHaveLength(1);
        await devices[0]?.write(0, Buffer.from('first'));
        await devices[0]?.close();
        await files.makeFolder('folder');
        for (const path of ['file', 'folder']) {
          const error = refused(files, path, { operation: 'open', code: 'alreadyExists' });
          await expect(files.create(path)).rejects.toMatchObject(error);
          await expect(files.create(path)).rejects.toMatchObject({ fields: { errno: 'EEXIST' } });
        }
        expect(await readFile(files, 'file')).toBe('first');
      });

      it('are made only in a folder that is there', async () => {
        const files = await kind.make();
        const error = refused(files, 'folder/file', { operation: 'open', code: 'notFound' });
        await expect(files.create('folder/file')).rejects.toMatchObject(error);
      });

      it('that are not there are no error', async () => {
        const files = await kind.make();
        for (const path of ['file', 'folder/file', 'folder/folder/file']) {
          expect(await files.open(path)).toBeUndefined();
          expect(await files.openDirect(path)).toBeUndefined();
          expect(await files.stat(path)).toBeUndefined();
          expect(await files.unlink(path)).toBe(false);
        }
      });

      it('are opened for reading alone', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        for (const device of [await files.open('file'), await files.openDirect('file')]) {
          const buffer = device?.allocate(4096) ?? Buffer.alloc(0);
          await expect(device?.write(0, buffer)).rejects.toMatchObject({ code: 'forbidden' });
          await device?.close();
        }
        expect(await readFile(files, 'file')).toBe('content');
      });

      it.each([0, 1, 4095, 4096, 4097, 8192, 100_000])(
        'of %d bytes are read past the page cache or not',
        async (bytes) => {
          const files = await kind.make();
          const content = Array.from({ length: bytes }, (_, index) => String.fromCharCode(97 + (index % 23))).join('');
          await writeFile(files, 'file', content);
          const device = await files.openDirect('file');
          expect(device?.sizeBytes).toBe(bytes);
          expect(device === undefined ? undefined : await contentOf(device)).toBe(content);
        },
      );

      it('are no folders', async () => {
        const files = await kind.make();
        await files.makeFolder('folder');
        for (const open of [files.open('folder'), files.openDirect('folder')]) {
          await expect(open).rejects.toMatchObject(refused(files, 'folder', { operation: 'open', code: 'invalid' }));
        }
        await expect(files.unlink('folder')).rejects.toMatchObject({ fields: { operation: 'unlink' } });
        expect(await files.stat('folder')).toMatchObject({ kind: 'folder' });
      });

      it('are gone once they are removed, but not for those who have them open', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        const device = await files.open('file');
        expect(await files.unlink('file')).toBe(true);
        expect(await files.unlink('file')).toBe(false);
        expect(await readFile(files, 'file')).toBeUndefined();
        expect(device === undefined ? undefined : await contentOf(device)).toBe('content');
      });
    });

    describe('renaming', () => {
      it('moves a file', async () => {
        const files = await kind.make();
        await files.makeFolder('folder');
        await writeFile(files, 'file', 'content');
        await files.rename('file', 'folder/other');
        expect(await readFile(files, 'file')).toBeUndefined();
        expect(await readFile(files, 'folder/other')).toBe('content');
      });

      it('replaces what has the name, but not for those who have it open', async () => {
        const files = await kind.make();
        await writeFile(files, 'old', 'old content');
        await writeFile(files, 'new', 'new');
        const device = await files.open('old');
        await files.rename('new', 'old');
        expect(await readFile(files, 'old')).toBe('new');
        expect(device === undefined ? undefined : await contentOf(device)).toBe('old content');
        expect(await files.entries('')).toEqual([{ name: 'old', kind: 'file' }]);
      });

      it('to its own name changes nothing', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        await files.rename('file', 'file');
        expect(await readFile(files, 'file')).toBe('content');
      });

      it('moves nothing where there is nothing, or nowhere to move it', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        await files.makeFolder('folder');
        await expect(files.rename('none', 'other')).rejects.toMatchObject({ code: 'notFound' });
        await expect(files.rename('file', 'none/file')).rejects.toMatchObject({ code: 'notFound' });
        await expect(files.rename('file', 'folder')).rejects.toMatchObject({ fields: { operation: 'rename' } });
        expect(await readFile(files, 'file')).toBe('content');
        expect(await files.entries('folder')).toEqual([]);
      });
    });

    describe('folders', () => {
      it('are made once', async () => {
        const files = await kind.make();
        expect(await files.makeFolder('a')).toBe(true);
        expect(await files.makeFolder('a')).toBe(false);
        expect(await files.makeFolder('a/b')).toBe(true);
        expect(await files.makeFolder('a/b')).toBe(false);
        expect(await files.entries('a')).toEqual([{ name: 'b', kind: 'folder' }]);
      });

      it('are made by one of two who make them at once', async () => {
        const files = await kind.make();
        expect((await Promise.all([files.makeFolder('a'), files.makeFolder('a')])).sort()).toEqual([false, true]);
      });

      it('are made only in a folder that is there, and not in the place of a file', async () => {
        const files = await kind.make();
        const missing = refused(files, 'a/b', { operation: 'makeFolder', code: 'notFound' });
        await expect(files.makeFolder('a/b')).rejects.toMatchObject(missing);
        await writeFile(files, 'file', 'content');
        const taken = refused(files, 'file', { operation: 'makeFolder', code: 'invalid' });
        await expect(files.makeFolder('file')).rejects.toMatchObject(taken);
        expect(await readFile(files, 'file')).toBe('content');
      });

      it('are removed when nothing is in them', async () => {
        const files = await kind.make();
        await files.makeFolder('folder');
        await writeFile(files, 'folder/file', 'content');
        expect(await files.removeFolder('folder')).toBe('notEmpty');
        expect(await readFile(files, 'folder/file')).toBe('content');
        await files.unlink('folder/file');
        expect(await files.removeFolder('folder')).toBe('removed');
        expect(await files.removeFolder('folder')).toBe('missing');
        expect(await files.removeFolder('none/folder')).toBe('missing');
        expect(await files.entries('folder')).toBeUndefined();
      });

      it('are no files', async () => {
        const files = await kind.make();
        await writeFile(files, 'file', 'content');
        await expect(files.removeFolder('file')).rejects.toMatchObject({ fields: { operation: 'removeFolder' } });
        await expect(files.entries('file')).rejects.toMatchObject({
          code: 'invalid',
          fields: { operation: 'entries' },
        });
        await expect(files.syncFolder('file')).rejects.toMatchObject({ code: 'invalid' });
        for (const path of ['file/x', 'file/x/y']) {
          await expect(files.open(path)).rejects.toMatchObject({ code: 'invalid' });
          await expect(files.stat(path)).rejects.toMatchObject({ code: 'invalid' });
          await expect(files.makeFolder(path)).rejects.toMatchObject({ code: 'invalid' });
        }
        expect(await readFile(files, 'file')).toBe('content');
      });

      it('list what is in them, sorted by code units', async () => {
        const files = await kind.make();
        const names = ['b', 'a', 'B', '10', '9', 'ä', 'a-b', 'a.b', 'aa'];
        for (const name of names) await writeFile(files, name, '');
        await files.makeFolder('0');
        const listed = (await files.entries('')) ?? [];
        expect(listed.map(({ name }) => name)).toEqual(['0', '10', '9', 'B', 'a', 'a-b', 'a.b', 'aa', 'b', 'ä']);
        expect(listed.filter(({ kind: entryKind }) => entryKind === 'folder')).toEqual([{ name: '0', kind: 'folder' }]);
      });

      it('are the pool itself where the path is empty', async () => {
        const files = await kind.make();
        expect(await files.entries('')).toEqual([]);
        expect(await files.stat('')).toMatchObject({ kind: 'folder' });
        await files.syncFolder('');
      });

      it('are synced when they are there', async () => {
        const files = await kind.make();
        await files.makeFolder('a');
        await files.makeFolder('a/b');
        await Promise.all([
          files.syncFolder(''),
          files.syncFolder('a'),
          files.syncFolder('a/b'),
          files.syncFolder('a'),
        ]);
        const error = refused(files, 'a/c', { operation: 'syncFolder', code: 'notFound' });
        await expect(files.syncFolder('a/c')).rejects.toMatchObject(error);
      });
    });

    it('tells the room there is', async () => {
      const space = await (await kind.make()).space();
      expect(space.totalBytes).toBeGreaterThan(0);
      expect(space.freeBytes).toBeLessThanOrEqual(space.totalBytes);
      expect(space.availableBytes).toBeLessThanOrEqual(space.freeBytes);
      expect(space.freeInodes).toBeLessThanOrEqual(space.totalInodes);
    });

    it.each(BAD_PATHS)('refuses the path %j, whatever is asked of it', async (path) => {
      const files = await kind.make();
      await files.makeFolder('a');
      const calls: ((path: string) => Promise<unknown>)[] = [
        (bad) => files.create(bad),
        (bad) => files.open(bad),
        (bad) => files.openDirect(bad),
        (bad) => files.rename(bad, 'b'),
        (bad) => files.rename('a', bad),
        (bad) => files.unlink(bad),
        (bad) => files.makeFolder(bad),
        (bad) => files.removeFolder(bad),
        (bad) => files.syncFolder(bad),
        (bad) => files.entries(bad),
        (bad) => files.stat(bad),
      ];
      for (const call of calls) {
        await expect(call(path)).rejects.toMatchObject({ code: 'invalid', fields: { fault: 'badPath' } });
      }
      expect(await files.entries('')).toEqual([{ name: 'a', kind: 'folder' }]);
    });

    it('gives the pool itself to nobody who would write, move or remove it', async () => {
      const files = await kind.make();
      await writeFile(files, 'file', 'content');
      const calls = [
        files.create(''),
        files.open(''),
        files.openDirect(''),
        files.rename('', 'b'),
        files.rename('file', ''),
        files.unlink(''),
        files.makeFolder(''),
        files.removeFolder(''),
      ];
      for (const call of await Promise.allSettled(calls)) {
        expect(call).toMatchObject({ status: 'rejected', reason: { fields: { fault: 'badPath' } } });
      }
    });

    it('opens the lock for nobody, because closing it would give it up', async () => {
      const files = await kind.make();
      await files.makeFolder(POOL_FOLDER);
      for (const open of [files.create(LOCK_PATH), files.open(LOCK_PATH), files.openDirect(LOCK_PATH)]) {
        await expect(open).rejects.toMatchObject({ code: 'invalid', fields: { fault: 'badPath' } });
      }
    });
  });
}
