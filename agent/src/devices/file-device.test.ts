import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { describeBlockDevice } from './block-device-contract.fixture.ts';
import { openFileDevice } from './file-device.ts';
import { scratchFolder } from './scratch-folder.fixture.ts';

const scratch = scratchFolder();
let made = 0;

describeBlockDevice({
  name: 'a file',
  blockBytes: 1,
  isBounded: false,
  async make() {
    made += 1;
    const path = scratch.path(`device-${made}`);
    return {
      device: await openFileDevice(path, { mode: 'create' }),
      reopen: () => openFileDevice(path, { mode: 'read' }),
    };
  },
});

describe('a file as a device', () => {
  it('is the file', async () => {
    const path = scratch.path('file');
    const device = await openFileDevice(path, { mode: 'create' });
    await device.write(0, Buffer.from('first, '));
    await device.write(7, Buffer.from('second'));
    await device.close();
    expect(readFileSync(path, 'utf8')).toBe('first, second');
    expect(device.name).toBe(path);
  });

  it('is for its owner alone', async () => {
    const path = scratch.path('file');
    await (await openFileDevice(path, { mode: 'create' })).close();
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('begins with zeros where a size was given', async () => {
    const path = scratch.path('file');
    const device = await openFileDevice(path, { mode: 'create', sizeBytes: 10_000 });
    expect(device.sizeBytes).toBe(10_000);
    await device.write(5000, Buffer.from('x'));
    await device.close();
    const content = readFileSync(path);
    expect(content.byteLength).toBe(10_000);
    expect(content.filter((byte) => byte !== 0)).toEqual(Buffer.from('x'));
  });

  it('is made only where there is none', async () => {
    const path = scratch.path('file');
    writeFileSync(path, 'somebody’s');
    await expect(openFileDevice(path, { mode: 'create' })).rejects.toMatchObject({
      code: 'alreadyExists',
      fields: { device: path, operation: 'open', errno: 'EEXIST', remedy: expect.stringContaining('another name') },
    });
    expect(readFileSync(path, 'utf8')).toBe('somebody’s');
  });

  it('is written only where it was opened for it', async () => {
    const path = scratch.path('file');
    writeFileSync(path, 'content');
    const device = await openFileDevice(path, { mode: 'read' });
    await expect(device.write(0, Buffer.from('x'))).rejects.toMatchObject({
      code: 'forbidden',
      fields: { fault: 'readOnly', operation: 'write' },
    });
    await device.close();
    expect(readFileSync(path, 'utf8')).toBe('content');
  });

  it('that somebody shortens ends early, and says so', async () => {
    const path = scratch.path('file');
    writeFileSync(path, Buffer.alloc(1000));
    const device = await openFileDevice(path, { mode: 'read' });
    truncateSync(path, 500);
    await expect(device.read(0, new Uint8Array(1000))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('it ends at 500, not at 1000'),
    });
    await device.close();
  });

  it.each([
    ['nothing', 'notFound'],
    ['link', 'invalid'],
    ['folder', 'invalid'],
    ['file/below', 'invalid'],
  ])('is neither opened nor made where there is %s', async (name, code) => {
    writeFileSync(scratch.path('file'), 'content');
    symlinkSync(scratch.path('file'), scratch.path('link'));
    mkdirSync(scratch.path('folder'));
    for (const mode of ['read', 'write'] as const) {
      const open = openFileDevice(scratch.path(name), { mode });
      await expect(open).rejects.toMatchObject({ name: 'CoucheStorError', code, fields: { operation: 'open' } });
    }
  });

  it('is a regular file', async () => {
    const pipe = scratch.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const socket = scratch.path('socket');
    const server = createServer().listen(socket);
    await once(server, 'listening');
    for (const path of ['/dev/null', pipe, socket]) {
      const open = openFileDevice(path, { mode: 'read' });
      await expect(open).rejects.toMatchObject({ code: 'invalid', fields: { fault: 'notAFile', device: path } });
    }
    server.close();
  });
});
