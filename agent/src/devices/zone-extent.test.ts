import { describe, expect, it } from '@jest/globals';
import { describeBlockDevice } from './block-device-contract.fixture.ts';
import { ZoneAllocator, type ZoneAppend } from './zone-allocator.ts';
import { BLOCK, blocks, restarted, zonedDisk } from './zoned-disk.fixture.ts';
import { openFileDevice } from './file-device.ts';
import { scratchFolder } from './scratch-folder.fixture.ts';
import type { ZonedDevice } from './zoned-device.ts';
import { formatZonedModel, openZonedModel, zonedModelBytes } from './zoned-model.ts';

/** The second piece of its zone, so that offsets of piece, zone and device differ. */
async function secondPiece(
  device: ZonedDevice,
  bytes: number,
): Promise<{ allocator: ZoneAllocator; append: ZoneAppend }> {
  const { allocator } = await ZoneAllocator.open(device, []);
  const first = await allocator.begin(device.blockBytes);
  await first.device.write(0, device.allocate(device.blockBytes).fill(0xee));
  await first.commit();
  return { allocator, append: await allocator.begin(bytes) };
}

const scratch = scratchFolder();
let made = 0;

describeBlockDevice({
  name: 'a piece of a zone',
  isBounded: true,
  blockBytes: 4096,
  async make(capacityBytes) {
    made += 1;
    const zoneBytes = 2 * capacityBytes;
    const limits = { maxOpenZones: 1, maxActiveZones: 1 };
    const geometry = { ...limits, blockBytes: 4096, zoneCount: 2, zoneBytes, zoneCapacityBytes: zoneBytes - 4096 };
    const path = scratch.path(`zones-${made}`);
    const file = await openFileDevice(path, { mode: 'create', sizeBytes: zonedModelBytes(geometry) });
    await formatZonedModel(file, geometry);
    const zoned = await openZonedModel(file);
    const { append } = await secondPiece(zoned, capacityBytes);
    const startBytes = 4096;
    return {
      device: append.device,
      async reopen() {
        await zoned.close();
        const again = await openZonedModel(await openFileDevice(path, { mode: 'write' }));
        const extent = { startBytes, lengthBytes: append.device.sizeBytes };
        const { allocator, lost } = await ZoneAllocator.open(again, [extent]);
        expect(lost).toEqual([]);
        return allocator.openExtent(extent);
      },
    };
  },
});

describe('a piece of a zone', () => {
  it('lies where it was committed, and can be read by who has its name', async () => {
    const zoned = await zonedDisk();
    const { allocator, append } = await secondPiece(zoned.device, 4 * BLOCK);
    await append.device.write(0, blocks(2, 1));
    await append.device.write(2 * BLOCK, blocks(1, 2));
    const extent = await append.commit();
    expect(extent).toEqual({ startBytes: BLOCK, lengthBytes: 3 * BLOCK });
    const reader = allocator.openExtent(extent);
    const into = reader.allocate(3 * BLOCK);
    await reader.read(0, into);
    expect(Buffer.compare(into, Buffer.concat([blocks(2, 1), blocks(1, 2)]))).toBe(0);
    await expect(reader.write(3 * BLOCK, blocks(1, 3))).rejects.toMatchObject({ fields: { fault: 'extentFull' } });
    await reader.close();
  });

  it('is closed when what was asked for before has ended', async () => {
    const zoned = await zonedDisk();
    const { append } = await secondPiece(zoned.device, 4 * BLOCK);
    const ends: string[] = [];
    const write = append.device.write(0, blocks(2, 1)).then(() => ends.push('write'));
    await Promise.all([append.device.close().then(() => ends.push('close')), write]);
    expect(ends).toEqual(['write', 'close']);
    await append.abandon();
  });

  it('ends with its commit, and is synced by then', async () => {
    const zoned = await zonedDisk();
    const { append } = await secondPiece(zoned.device, BLOCK);
    await append.device.write(0, blocks(1, 1));
    await append.commit();
    expect(zoned.disk.calls.findLastIndex(({ operation }) => operation === 'sync')).toBeGreaterThan(
      zoned.disk.calls.findLastIndex(({ operation, bytes }) => operation === 'write' && bytes === BLOCK),
    );
    await expect(append.device.write(BLOCK, blocks(1, 2))).rejects.toMatchObject({ fields: { fault: 'closed' } });
    await expect(append.commit()).rejects.toMatchObject({ fields: { fault: 'closed' } });
    await append.abandon();
    expect((await (await restarted(zoned)).reportZones())[0]?.writePointer).toBe(2 * BLOCK);
  });
});
