import { constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { ShardArena } from '@couchestor/common/erasure';
import { admitArena, allocateAligned, isAligned } from './aligned-buffers.ts';
import { describeBlockDevice } from './block-device-contract.fixture.ts';
import { openDirectFileDevice, openFileDevice } from './file-device.ts';
import { describeOnDisk, describeOnTmpfs } from './scratch-folder.fixture.ts';

describeOnDisk('a file past the page cache', (scratch) => {
  let made = 0;

  describeBlockDevice({
    name: 'a file past the page cache',
    blockBytes: 4096,
    isBounded: false,
    async make() {
      made += 1;
      const path = scratch.path(`device-${made}`);
      return {
        device: await openDirectFileDevice(path, { mode: 'create' }),
        reopen: () => openDirectFileDevice(path, { mode: 'write' }),
      };
    },
  });

  it('refuses a buffer that is not known to be aligned', async () => {
    const device = await openDirectFileDevice(scratch.path('file'), { mode: 'create' });
    await device.write(0, device.allocate(4096));
    const foreign = [new Uint8Array(4096), Buffer.alloc(4096), device.allocate(8192).subarray(512, 4608)];
    const fields = { fault: 'misaligned', remedy: expect.stringContaining('allocate()') };
    for (const buffer of foreign) {
      await expect(device.write(4096, buffer)).rejects.toMatchObject({ code: 'invalid', fields });
      await expect(device.read(0, buffer)).rejects.toMatchObject({ code: 'invalid', fields });
    }
    expect(device.sizeBytes).toBe(4096);
    await device.close();
  });

  it('shares its bytes with those who open it otherwise', async () => {
    const path = scratch.path('file');
    const device = await openDirectFileDevice(path, { mode: 'create', sizeBytes: 8192 });
    const buffer = device.allocate(4096);
    buffer.fill(7);
    await device.write(4096, buffer);
    await device.close();
    expect(Buffer.compare(readFileSync(path), Buffer.concat([Buffer.alloc(4096), Buffer.alloc(4096, 7)]))).toBe(0);
    const plain = await openFileDevice(path, { mode: 'write' });
    await plain.write(0, Buffer.alloc(4096, 9));
    await plain.close();
    const again = await openDirectFileDevice(path, { mode: 'read' });
    await again.read(0, buffer);
    expect(buffer.every((byte) => byte === 9)).toBe(true);
    await again.close();
  });

  it('has whole blocks', async () => {
    const path = scratch.path('file');
    writeFileSync(path, Buffer.alloc(4097));
    const opening = openDirectFileDevice(path, { mode: 'write' });
    await expect(opening).rejects.toMatchObject({ code: 'corrupt', fields: { fault: 'badFormat', device: path } });
  });

  /** Around the device: what the kernel itself says of an address. */
  async function kernelAccepts(path: string, buffer: Uint8Array): Promise<boolean> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_DIRECT);
    try {
      return (await handle.write(buffer, 0, buffer.byteLength, 0)).bytesWritten === buffer.byteLength;
    } catch (error) {
      expect(error).toMatchObject({ code: 'EINVAL' });
      return false;
    } finally {
      await handle.close();
    }
  }

  it('takes from the kernel that what counts as aligned is', async () => {
    const path = scratch.path('file');
    const arena = new ShardArena(1 << 20);
    expect(isAligned(arena.at({ offset: 0, length: 4096 }))).toBe(false);
    admitArena(arena);
    const lengths = [4096, 65_536, 12_288, 4096, 5 << 20, 4096];
    const buffers = [...lengths.map(allocateAligned), arena.at({ offset: 4096, length: 65_536 })];
    for (const buffer of buffers) {
      expect(isAligned(buffer)).toBe(true);
      expect(await kernelAccepts(path, buffer)).toBe(true);
    }
    const odd = arena.at({ offset: 64, length: 4096 });
    expect(isAligned(odd)).toBe(false);
  });

  it('is direct: the kernel refuses there what a page cache would take', async () => {
    // An odd address suits no disk, whichever alignment it asks for.
    const misaligned = allocateAligned(8192).subarray(1, 4097);
    expect(await kernelAccepts(scratch.path('file'), misaligned)).toBe(false);
  });
});

describe('direct I/O', () => {
  describeOnTmpfs('on tmpfs', (scratch) => {
    it('is refused, and leaves nothing behind', async () => {
      const path = scratch.path('file');
      await expect(openDirectFileDevice(path, { mode: 'create' })).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringContaining('tmpfs'),
        fields: {
          fault: 'noDirectIo',
          device: path,
          operation: 'open',
          remedy: expect.stringContaining('plain files'),
        },
      });
      expect(existsSync(path)).toBe(false);
    });
  });

  it('is refused where the file system does not have it', async () => {
    // procfs has none on any kernel.
    await expect(openDirectFileDevice('/proc/self/status', { mode: 'read' })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('no direct I/O'),
      fields: { fault: 'noDirectIo' },
    });
  });
});
