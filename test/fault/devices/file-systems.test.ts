/** Devices on file systems that are full, out of inodes or read-only. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { openFileDevice } from '@couchestor/agent/devices';
import { requireMounts } from '../../skips.ts';

const folder = mkdtempSync(join(tmpdir(), 'couchestor-mount-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function mount(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
}

function unmount(): void {
  execFileSync('umount', [folder], { stdio: 'pipe' });
}

requireMounts()('a device on a file system', () => {
  let isMounted = false;
  beforeEach(() => {
    isMounted = false;
  });
  afterEach(() => {
    if (isMounted) unmount();
  });

  function mountFor(options: string): string {
    mount(options);
    isMounted = true;
    return join(folder, 'file');
  }

  it('that is full keeps what it has, says so, and goes on when there is room', async () => {
    const path = mountFor('size=1m');
    writeFileSync(join(folder, 'other'), Buffer.alloc(512 * 1024));
    const device = await openFileDevice(path, { mode: 'create' });
    const block = Buffer.alloc(384 * 1024, 1);
    await device.write(0, block);
    // The system takes a part of it, and refuses the rest.
    const write = device.write(block.byteLength, Buffer.alloc(384 * 1024, 2));
    await expect(write).rejects.toMatchObject({
      code: 'resourceExhausted',
      retryable: true,
      fields: { device: path, operation: 'write', errno: 'ENOSPC', remedy: expect.stringContaining('Free space') },
    });
    expect(device.sizeBytes).toBe(block.byteLength);
    const into = Buffer.alloc(block.byteLength);
    await device.read(0, into);
    expect(into.equals(block)).toBe(true);
    unlinkSync(join(folder, 'other'));
    await device.write(block.byteLength, Buffer.alloc(384 * 1024, 3));
    await device.sync();
    await device.close();
    expect(readFileSync(path).equals(Buffer.concat([block, Buffer.alloc(384 * 1024, 3)]))).toBe(true);
  });

  it('that has no inodes left says so', async () => {
    const path = mountFor('size=1m,nr_inodes=2');
    const device = await openFileDevice(path, { mode: 'create' });
    await expect(openFileDevice(join(folder, 'another'), { mode: 'create' })).rejects.toMatchObject({
      code: 'resourceExhausted',
      fields: { operation: 'open', errno: 'ENOSPC', remedy: expect.stringContaining('inodes') },
    });
    await device.write(0, Buffer.from('x'));
    await device.close();
  });

  it('that is read-only is read, and neither written nor made', async () => {
    const path = mountFor('size=1m');
    writeFileSync(path, 'content');
    execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'pipe' });
    const refused = { code: 'forbidden', retryable: false, fields: { operation: 'open', errno: 'EROFS' } };
    await expect(openFileDevice(path, { mode: 'write' })).rejects.toMatchObject(refused);
    await expect(openFileDevice(`${path}-2`, { mode: 'create' })).rejects.toMatchObject(refused);
    const device = await openFileDevice(path, { mode: 'read' });
    const into = Buffer.alloc(7);
    await device.read(0, into);
    expect(into.toString()).toBe('content');
    await device.close();
  });
});
