/** Shards on the kinds of devices there are, with the faults that the system below them has. */
import { truncateSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  formatZonedModel,
  MockDisk,
  openDirectFileDevice,
  openFileDevice,
  openZonedModel,
  ZoneAllocator,
  zonedModelBytes,
  type BlockDevice,
  type MockEffect,
  type MockOperation,
} from '../devices/index.ts';
import { describeOnDisk, scratchFolder } from '../devices/scratch-folder.fixture.ts';
import { openShard, type OpenedShard } from './open-shard.ts';
import { BLOCK_BYTES, layoutOf, MAX_STRIPE_RECORD_BYTES } from './shard-layout.ts';
import { ShardWriter } from './shard-writer.ts';
import { crc32c, identityOf, payloadOf, stripeOf } from './shards.fixture.ts';
import { WindowPool } from './window-pool.ts';

const PAYLOAD = payloadOf(5 * BLOCK_BYTES + 4097);
const EXPECTED = { name: identityOf().name, payloadBytes: PAYLOAD.length, checksum: crc32c(PAYLOAD) };
/** So long that the footer does not begin in the page it ends in. */
const STRIPE = stripeOf({ record: payloadOf(5000, 7) });
const { fileBytes } = layoutOf({ payloadBytes: PAYLOAD.length, recordBytes: STRIPE.record.length });

const windowsOf = (device: BlockDevice): WindowPool =>
  new WindowPool({
    windowBytes: 2 * BLOCK_BYTES,
    windows: 1,
    waiting: 0,
    allocate: (bytes) => device.allocate(bytes),
  });

async function write(device: BlockDevice): Promise<void> {
  const writer = await ShardWriter.begin({ device, windows: windowsOf(device), crc32c }, identityOf());
  await writer.append(PAYLOAD.subarray(0, 100_000));
  await writer.append(PAYLOAD.subarray(100_000));
  expect(await writer.commit(STRIPE)).toEqual({ checksum: EXPECTED.checksum, fileBytes });
}

const open = (device: BlockDevice): Promise<OpenedShard> =>
  openShard({ device, windows: windowsOf(device), crc32c }, EXPECTED);

/** What a reader of the whole shard gets. */
async function outcomeOf(device: BlockDevice): Promise<string> {
  const opened = await open(device);
  if (opened.kind !== 'open') return opened.kind === 'missing' ? opened.reason : opened.kind;
  expect(opened.reader).toMatchObject({ identity: identityOf(), stripe: STRIPE });
  const into = new Uint8Array(PAYLOAD.length);
  const { kind } = await opened.reader.read(0, into);
  expect(Buffer.compare(into, kind === 'verified' ? PAYLOAD : new Uint8Array(PAYLOAD.length))).toBe(0);
  return kind;
}

describe('a shard in a file', () => {
  const scratch = scratchFolder();

  it('is written, synced and read through the page cache', async () => {
    const path = scratch.path('3.1.shard');
    const device = await openFileDevice(path, { mode: 'create' });
    await write(device);
    await device.close();
    const reading = await openFileDevice(path, { mode: 'read' });
    expect(await outcomeOf(reading)).toBe('verified');
    await reading.close();

    for (const length of [fileBytes - 1, 5000, 1, 0]) {
      truncateSync(path, length);
      const cut = await openFileDevice(path, { mode: 'read' });
      expect(await outcomeOf(cut)).toBe('incomplete');
      await cut.close();
    }
  });
});

describeOnDisk('a shard past the page cache', (scratch) => {
  it('is the same file', async () => {
    const path = scratch.path('3.1.shard');
    const device = await openDirectFileDevice(path, { mode: 'create' });
    await write(device);
    expect(await outcomeOf(device)).toBe('verified');
    await device.close();
    const reading = await openFileDevice(path, { mode: 'read' });
    expect(await outcomeOf(reading)).toBe('verified');
    await reading.close();
  });
});

describe('a shard in a zone', () => {
  const mostBytes = layoutOf({ payloadBytes: PAYLOAD.length, recordBytes: MAX_STRIPE_RECORD_BYTES }).fileBytes;
  const geometry = {
    blockBytes: 4096,
    zoneCount: 2,
    zoneBytes: 2 * 1024 * 1024,
    zoneCapacityBytes: fileBytes + mostBytes,
    maxOpenZones: 1,
    maxActiveZones: 1,
  };

  it('is as long as its file, begins after the one before it, and is read where it lies', async () => {
    const disk = new MockDisk({ sizeBytes: zonedModelBytes(geometry), capacityBytes: zonedModelBytes(geometry) });
    await formatZonedModel(disk.open(), geometry);
    const { allocator } = await ZoneAllocator.open(await openZonedModel(disk.open()), []);
    const abandoned = await allocator.begin(fileBytes);
    const { device } = abandoned;
    const writer = await ShardWriter.begin({ device, windows: windowsOf(device), crc32c }, identityOf());
    await writer.append(PAYLOAD.subarray(0, 3 * BLOCK_BYTES));
    writer.abort();
    await abandoned.abandon();

    const append = await allocator.begin(fileBytes);
    await write(append.device);
    const extent = await append.commit();
    expect(extent.lengthBytes).toBe(fileBytes);
    const reading = allocator.openExtent(extent);
    expect(await outcomeOf(reading)).toBe('verified');
    await reading.close();
  });
});

describe('a shard on a disk that misbehaves', () => {
  const diskOf = (): MockDisk => new MockDisk({ capacityBytes: fileBytes });
  const callsOf = async (blockBytes: number): Promise<Record<MockOperation, number>> => {
    const disk = diskOf();
    const device = disk.open(blockBytes);
    await write(device);
    expect(await outcomeOf(device)).toBe('verified');
    const count = (operation: MockOperation): number =>
      disk.calls.filter((call) => call.operation === operation).length;
    return { read: count('read'), write: count('write'), sync: count('sync'), close: count('close') };
  };

  it('is whole though every call is cut short', async () => {
    const disk = diskOf();
    for (const operation of ['read', 'write'] as const) {
      disk.inject({ operation, effect: { kind: 'short', bytes: 4096 }, times: 1000 });
    }
    const device = disk.open();
    await write(device);
    expect(await outcomeOf(device)).toBe('verified');
    expect(disk.calls.filter(({ outcome }) => outcome === 4096).length).toBeGreaterThan(fileBytes / 4096);
  });

  it.each<[string, MockEffect]>([
    ['EIO', { kind: 'fail', errno: 'EIO' }],
    ['EIO', { kind: 'fail', errno: 'EIO', afterBytes: 4096 }],
    ['ENOSPC', { kind: 'fail', errno: 'ENOSPC' }],
    ['EROFS', { kind: 'fail', errno: 'EROFS' }],
  ])('is not acknowledged after %s of any write (%j), and nobody takes it for one', async (errno, effect) => {
    for (const blockBytes of [1, 4096]) {
      const calls = await callsOf(blockBytes);
      for (let after = 0; after < calls.write; after += 1) {
        const disk = diskOf();
        disk.inject({ operation: 'write', effect, after });
        const device = disk.open(blockBytes);
        await expect(write(device)).rejects.toMatchObject({ name: 'CoucheStorError', fields: { errno } });
        expect(disk.calls.map(({ operation }) => operation)).not.toContain('sync');
        expect(await outcomeOf(disk.open())).toBe('incomplete');
      }
    }
  });

  it('is not acknowledged after a failed sync, and not synced again', async () => {
    const disk = diskOf();
    disk.inject({ operation: 'sync', effect: { kind: 'fail', errno: 'EIO' } });
    const device = disk.open();
    await expect(write(device)).rejects.toMatchObject({ fields: { operation: 'sync', errno: 'EIO' } });
    expect(disk.calls.filter(({ operation }) => operation === 'sync')).toHaveLength(1);
    expect(await open(device)).toMatchObject({ kind: 'unreadable', error: { fields: { fault: 'poisoned' } } });
  });

  it('is unreadable, not missing and not corrupt, where a read fails, and read again when none does', async () => {
    for (const blockBytes of [1, 4096]) {
      const calls = await callsOf(blockBytes);
      const disk = diskOf();
      await write(disk.open());
      for (let after = 0; after < calls.read; after += 1) {
        disk.inject({ operation: 'read', effect: { kind: 'fail', errno: 'EIO' }, after });
        const device = disk.open(blockBytes);
        expect(await outcomeOf(device)).toBe('unreadable');
        expect(await outcomeOf(device)).toBe('verified');
      }
    }
  });

  it('does not fit', async () => {
    const disk = new MockDisk({ capacityBytes: fileBytes - 1 });
    await expect(write(disk.open())).rejects.toMatchObject({ code: 'resourceExhausted', fields: { errno: 'ENOSPC' } });
  });
});
