import { describe, expect, it } from '@jest/globals';
import { VirtualClock, type CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { describeBlockDevice } from './block-device-contract.fixture.ts';
import { MockDisk, type MockFault, type MockOperation } from './mock-device.ts';

for (const blockBytes of [1, 4096]) {
  describeBlockDevice({
    name: blockBytes === 1 ? 'a mock' : 'a mock with blocks',
    blockBytes,
    isBounded: true,
    make(capacityBytes) {
      const disk = new MockDisk({ capacityBytes });
      return Promise.resolve({
        device: disk.open(blockBytes),
        reopen: () => Promise.resolve(disk.open(blockBytes)),
      });
    },
  });
}

const BYTES = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

function diskWith(...faults: MockFault[]): MockDisk {
  const disk = new MockDisk({ capacityBytes: 1 << 16 });
  for (const fault of faults) disk.inject(fault);
  return disk;
}

function calls(disk: MockDisk, operation: MockOperation): unknown[] {
  return disk.calls.filter((call) => call.operation === operation).map(({ outcome }) => outcome);
}

describe('a device whose system does not do all at once', () => {
  it('goes on after short writes and reads, and interruptions', async () => {
    const disk = diskWith(
      { operation: 'write', effect: { kind: 'short', bytes: 10 } },
      { operation: 'write', effect: { kind: 'fail', errno: 'EINTR' }, after: 1, times: 2 },
      { operation: 'write', effect: { kind: 'short', bytes: 0 }, after: 3 },
      { operation: 'read', effect: { kind: 'short', bytes: 300 }, times: 3 },
      { operation: 'read', effect: { kind: 'fail', errno: 'EINTR' }, after: 2 },
    );
    const device = disk.open();
    await device.write(0, BYTES);
    const into = new Uint8Array(1000);
    await device.read(0, into);
    expect(into).toEqual(BYTES);
    expect(calls(disk, 'write')).toEqual([10, 'EINTR', 'EINTR', 0, 990]);
    expect(calls(disk, 'read')).toEqual([300, 300, 'EINTR', 400]);
  });

  it('moves a block again that was done in part, so that every call begins at a block', async () => {
    const disk = diskWith(
      { operation: 'write', effect: { kind: 'short', bytes: 4096 + 512 } },
      { operation: 'read', effect: { kind: 'short', bytes: 2 * 4096 + 1 } },
    );
    const device = disk.open(4096);
    const content = device.allocate(4 * 4096);
    content.forEach((_, index) => (content[index] = index % 253));
    await device.write(0, content);
    const into = device.allocate(4 * 4096);
    await device.read(0, into);
    expect(Buffer.compare(into, content)).toBe(0);
    expect(disk.calls.map(({ offset, bytes }) => [offset / 4096, bytes / 4096])).toEqual([
      [0, 4],
      [1, 3],
      [0, 4],
      [2, 2],
    ]);
  });

  it('has the same bytes whatever is short or interrupted', async () => {
    const faults = fc.record({
      operation: fc.constantFrom<'read' | 'write'>('read', 'write'),
      after: fc.nat({ max: 4 }),
      times: fc.integer({ min: 1, max: 5 }),
      effect: fc.oneof(
        // A read of nothing is the end of the file.
        fc.record({ kind: fc.constant('short' as const), bytes: fc.integer({ min: 1, max: 600 }) }),
        fc.constant({ kind: 'fail' as const, errno: 'EINTR' }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(faults, { maxLength: 6 }), async (list) => {
        const disk = diskWith(...list);
        const device = disk.open();
        await device.write(0, BYTES);
        const into = new Uint8Array(1000);
        await device.read(0, into);
        expect(Buffer.compare(into, BYTES)).toBe(0);
        expect(Buffer.compare(disk.content, BYTES)).toBe(0);
      }),
    );
  });

  it.each([
    ['write', { kind: 'short', bytes: 0 }],
    ['write', { kind: 'fail', errno: 'EINTR' }],
    ['read', { kind: 'fail', errno: 'EINTR' }],
  ] as const)('gives up on a %s that never gets anywhere: %j', async (operation, effect) => {
    const disk = diskWith();
    const device = disk.open();
    await device.write(0, BYTES);
    disk.inject({ operation, effect, times: Infinity });
    const stuck = operation === 'write' ? device.write(1000, BYTES) : device.read(0, new Uint8Array(1000));
    await expect(stuck).rejects.toMatchObject({ code: 'unavailable', fields: { fault: 'noProgress', operation } });
    expect(device.sizeBytes).toBe(1000);
    expect(disk.calls).toHaveLength(101);
  });

  it('says that a file has become shorter, and never hands out less than was asked for', async () => {
    const disk = diskWith();
    const device = disk.open();
    await device.write(0, BYTES);
    disk.inject({ operation: 'read', effect: { kind: 'short', bytes: 100 } });
    disk.inject({ operation: 'read', effect: { kind: 'short', bytes: 0 }, after: 1, times: Infinity });
    const read = device.read(0, new Uint8Array(1000));
    await expect(read).rejects.toMatchObject({ code: 'corrupt', fields: { fault: 'endedEarly', operation: 'read' } });
  });

  it('waits as long as the disk takes', async () => {
    const clock = new VirtualClock();
    const disk = new MockDisk({ capacityBytes: 1 << 16, clock });
    disk.inject({ operation: 'sync', effect: { kind: 'delay', delayMs: 30_000 } });
    const device = disk.open();
    let isSynced = false;
    const sync = device.sync().then(() => (isSynced = true));
    await clock.advance(29_999);
    expect(isSynced).toBe(false);
    await clock.advance(1);
    await sync;
    expect(isSynced).toBe(true);
  });
});

describe('a device whose system fails', () => {
  it.each([
    ['EIO', 'unavailable', false],
    ['ENOSPC', 'resourceExhausted', true],
    ['EDQUOT', 'resourceExhausted', true],
    ['EROFS', 'forbidden', false],
    ['EBADMSG', 'unavailable', false],
    ['ENOTTY', 'internal', false],
  ] as const)('names device, operation, errno and remedy of %s', async (errno, code, retryable) => {
    const disk = diskWith({ operation: 'write', effect: { kind: 'fail', errno, afterBytes: 10 } });
    const device = disk.open();
    const fields = { device: 'mock', operation: 'write', fault: 'system', errno, remedy: expect.stringMatching(/\.$/) };
    await expect(device.write(0, BYTES)).rejects.toMatchObject({ name: 'CoucheStorError', code, retryable, fields });
    expect(device.sizeBytes).toBe(0);
    await device.write(0, BYTES);
    await device.sync();
    disk.inject({ operation: 'read', effect: { kind: 'fail', errno } });
    await expect(device.read(0, new Uint8Array(1))).rejects.toMatchObject({
      code,
      fields: { operation: 'read', errno },
    });
    await device.read(0, new Uint8Array(1));
  });

  it('fails to close, once', async () => {
    const disk = diskWith({ operation: 'close', effect: { kind: 'fail', errno: 'EIO' } });
    const device = disk.open();
    await expect(device.close()).rejects.toMatchObject({ code: 'unavailable', fields: { operation: 'close' } });
    await expect(device.close()).rejects.toMatchObject({ code: 'unavailable' });
    expect(calls(disk, 'close')).toEqual(['EIO']);
  });
});

describe('a device whose sync failed', () => {
  it.each(['EIO', 'ENOSPC', 'EINTR'])('is poisoned for good: %s', async (errno) => {
    const disk = diskWith({ operation: 'sync', effect: { kind: 'fail', errno } });
    const device = disk.open();
    await device.write(0, BYTES);
    await expect(device.sync()).rejects.toMatchObject({ fields: { fault: 'system', operation: 'sync', errno } });
    const before = disk.calls.length;
    const poisoned = (operation: string): object => ({
      code: 'unavailable',
      retryable: false,
      fields: { fault: 'poisoned', operation, device: 'mock' },
      cause: { fields: { errno } },
    });
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await expect(device.sync()).rejects.toMatchObject(poisoned('sync'));
      await expect(device.write(1000, BYTES)).rejects.toMatchObject(poisoned('write'));
      await expect(device.read(0, new Uint8Array(1))).rejects.toMatchObject(poisoned('read'));
    }
    expect(disk.calls).toHaveLength(before);
    await device.close();
    expect(calls(disk, 'close')).toEqual([0]);
  });

  it('does not keep a new one on the same disk from working', async () => {
    const disk = diskWith({ operation: 'sync', effect: { kind: 'fail', errno: 'EIO' } });
    const device = disk.open();
    await expect(device.sync()).rejects.toMatchObject({ code: 'unavailable' });
    await device.close();
    const again = disk.open();
    await again.write(0, BYTES);
    await again.sync();
  });

  it('fails every sync that was asked for before it was known, as the kernel tells of a loss only once', async () => {
    const clock = new VirtualClock();
    const disk = new MockDisk({ capacityBytes: 1 << 16, clock });
    disk.inject({ operation: 'sync', effect: { kind: 'delay', delayMs: 10 } });
    disk.inject({ operation: 'sync', effect: { kind: 'fail', errno: 'EIO' } });
    const device = disk.open();
    const outcomes: string[] = [];
    const outcome = (sync: Promise<void>): Promise<unknown> =>
      sync.then(
        () => outcomes.push('synced'),
        (error: unknown) => outcomes.push(String((error as CoucheStorError).fields.fault)),
      );
    const first = outcome(device.sync());
    await clock.advance(5);
    const others = [outcome(device.sync()), outcome(device.sync())];
    await clock.advance(5);
    await Promise.all([first, ...others]);
    expect(outcomes).toEqual(['system', 'poisoned', 'poisoned']);
    expect(calls(disk, 'sync')).toEqual(['EIO']);
  });
});

describe('syncs asked for at once', () => {
  it('share one that begins after them, and never join one that began before', async () => {
    const clock = new VirtualClock();
    const disk = new MockDisk({ capacityBytes: 1 << 16, clock });
    disk.inject({ operation: 'sync', effect: { kind: 'delay', delayMs: 10 } });
    const device = disk.open();
    const first = device.sync();
    await clock.advance(5);
    await device.write(0, BYTES);
    const later = Array.from({ length: 20 }, () => device.sync());
    await clock.advance(5);
    await Promise.all([first, ...later]);
    expect(disk.calls.map(({ operation }) => operation)).toEqual(['write', 'sync', 'sync']);
  });
});

describe('a device that is closed', () => {
  it('ends what was asked for before', async () => {
    const clock = new VirtualClock();
    const disk = new MockDisk({ capacityBytes: 1 << 16, clock });
    disk.inject({ operation: 'write', effect: { kind: 'short', bytes: 10 }, times: 3 });
    disk.inject({ operation: 'write', effect: { kind: 'delay', delayMs: 10 }, times: 4 });
    const device = disk.open();
    const write = device.write(0, BYTES);
    const sync = device.sync();
    const close = device.close();
    await clock.advance(100);
    await Promise.all([write, sync, close]);
    expect(disk.calls.at(-1)?.operation).toBe('close');
    expect(Buffer.compare(disk.content, BYTES)).toBe(0);
  });
});
