import { describe, expect, test } from '@jest/globals';
import { constants } from 'node:fs';

import { Machine } from '../machine.fixture.ts';
import { probeDevice, probeDevices, type OpenDevice, type ProbeResult } from './probe.ts';

const SIZE = 1024 * 1024;

const device = (() => {
  const machine = new Machine();
  machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', { serial: 'A', sizeBytes: SIZE });
  return machine.device('sda');
})();

interface Disk {
  readonly content?: Buffer;
  readonly openErrno?: string;
  readonly readErrno?: string;
  readonly rdev?: number;
  readonly block?: boolean;
  readonly never?: boolean;
  readonly onOpen?: (path: string, flags: number) => void;
  readonly onClose?: () => void;
}

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/** 8:1 is the number of the first block device of a machine. */
function disk(of: Disk): OpenDevice {
  const content = of.content ?? Buffer.alloc(SIZE);
  return (path, flags) => {
    of.onOpen?.(path, flags);
    if (of.openErrno !== undefined) return Promise.reject(failure(of.openErrno));
    const file = {
      stat: () => Promise.resolve({ isBlockDevice: () => of.block ?? true, rdev: of.rdev ?? 0x801 }),
      read: (into: Buffer, offset: number, length: number, position: number) => {
        if (of.never === true) return new Promise(() => undefined);
        if (of.readErrno !== undefined) return Promise.reject(failure(of.readErrno));
        // In pieces, as a device may do it.
        const bytesRead = content.copy(into, offset, position, Math.min(position + length, position + 65_536));
        return Promise.resolve({ bytesRead, buffer: into });
      },
      close: () => {
        of.onClose?.();
        return Promise.resolve();
      },
    };
    return Promise.resolve(file as unknown as Awaited<ReturnType<OpenDevice>>);
  };
}

const probe = (of: Disk, timeoutMs?: number): Promise<ProbeResult> =>
  probeDevice(device, { root: '/', openDevice: disk(of), ...(timeoutMs === undefined ? {} : { timeoutMs }) });

describe('a probe', () => {
  test('opens a disk for exclusive use, for reading alone, and closes it', async () => {
    const seen: unknown[] = [];
    const result = await probe({ onOpen: (path, flags) => seen.push(path, flags), onClose: () => seen.push('closed') });
    expect(result).toEqual({ kind: 'free', signatures: [], blank: true });
    expect(seen).toEqual(['/dev/sda', constants.O_EXCL | constants.O_NONBLOCK | constants.O_NOFOLLOW, 'closed']);
  });

  test('finds what the ends of the disk carry', async () => {
    const start = Buffer.alloc(SIZE);
    start.write('LABELONE', 512);
    expect(await probe({ content: start })).toEqual({ kind: 'free', signatures: ['LVM2_member'], blank: false });
    const end = Buffer.alloc(SIZE);
    end.write('EFI PART', SIZE - 512);
    expect(await probe({ content: end })).toEqual({ kind: 'free', signatures: ['gpt'], blank: false });
  });

  test.each<[string, ProbeResult]>([
    ['EBUSY', { kind: 'busy' }],
    ['EACCES', { kind: 'denied', reason: 'EACCES' }],
    ['EPERM', { kind: 'denied', reason: 'EPERM' }],
    ['ENOENT', { kind: 'denied', reason: 'ENOENT' }],
    ['EIO', { kind: 'unreadable', errno: 'EIO' }],
    ['ENXIO', { kind: 'unreadable', errno: 'ENXIO' }],
  ])('that is answered %s', async (openErrno, result) => {
    expect(await probe({ openErrno })).toEqual(result);
  });

  test('of a disk that cannot be read, or ends before its end, and is closed then too', async () => {
    let closed = 0;
    const onClose = (): void => void (closed += 1);
    expect(await probe({ readErrno: 'EIO', onClose })).toEqual({ kind: 'unreadable', errno: 'EIO' });
    expect(await probe({ content: Buffer.alloc(SIZE - 4096), onClose })).toEqual({ kind: 'unreadable', errno: 'EIO' });
    expect(closed).toBe(2);
  });

  test('takes no file and no other device for the disk', async () => {
    for (const other of [{ block: false }, { rdev: 0x802 }]) {
      expect(await probe(other)).toEqual({ kind: 'denied', reason: 'its node is not this device' });
    }
  });

  test('does not wait for ever', async () => {
    expect(await probe({ never: true }, 1)).toEqual({ kind: 'unreadable', errno: 'ETIMEDOUT' });
  });

  test('opens every path of a disk that has several without a map, and finds it busy by any', async () => {
    const [path] = device.paths;
    const paths = [path!, { ...path!, kernelName: 'sdb' }];
    let closed = 0;
    const free = disk({ onClose: () => void (closed += 1) });
    const busy = disk({ openErrno: 'EBUSY' });
    const openDevice: OpenDevice = (node, flags) => (node === '/dev/sdb' ? busy : free)(node, flags);
    expect(await probeDevice({ ...device, paths }, { root: '/', openDevice })).toEqual({ kind: 'busy' });
    expect(await probeDevice({ ...device, paths }, { root: '/', openDevice: free })).toMatchObject({ kind: 'free' });
    expect(closed).toBe(2);
    const hidden = [{ ...path!, kernelName: 'nvme0c0n1' }, path!];
    for (const other of [
      { driver: 'nvme', paths: hidden },
      { driver: 'dm', paths },
    ]) {
      expect(await probeDevice({ ...device, ...other }, { root: '/', openDevice })).toMatchObject({ kind: 'free' });
    }
  });

  test('goes to the nodes of the tree in which the disk was found, a few at a time', async () => {
    const opened: string[] = [];
    const results = await probeDevices([device, { ...device, id: 'other', kernelName: 'cciss!c0d0', paths: [] }], {
      root: '/host',
      concurrency: 1,
      openDevice: disk({ onOpen: (path) => opened.push(path), openErrno: 'EBUSY' }),
    });
    expect(opened).toEqual(['/host/dev/sda', '/host/dev/cciss/c0d0']);
    expect([...results.keys()]).toEqual([device.id, 'other']);
  });
});
