import { describe, expect, it } from '@jest/globals';
import { ZoneAllocator } from './zone-allocator.ts';
import type { Extent } from './zone-extent.ts';
import { BLOCK, blocks, GEOMETRY, restarted, zonedDisk, type ZonedDisk } from './zoned-disk.fixture.ts';

interface Pool extends ZonedDisk {
  readonly allocator: ZoneAllocator;
}

async function pool(): Promise<Pool> {
  const zoned = await zonedDisk();
  return { ...zoned, ...(await ZoneAllocator.open(zoned.device, [])) };
}

async function put({ allocator }: Pool, count: number, seed = 0): Promise<Extent> {
  const append = await allocator.begin(count * BLOCK);
  await append.device.write(0, blocks(count, seed));
  return append.commit();
}

const zoneOf = ({ startBytes }: Extent): number => Math.floor(startBytes / GEOMETRY.zoneBytes);

async function conditions({ device }: Pool): Promise<string[]> {
  return (await device.reportZones()).map(({ condition }) => condition);
}

describe('where a piece goes', () => {
  it('is the begun zone that it fills best', async () => {
    const zones = await pool();
    const both = await Promise.all([5, 9].map((count) => zones.allocator.begin(count * BLOCK)));
    await both[0]!.device.write(0, blocks(5, 1));
    await both[1]!.device.write(0, blocks(9, 2));
    const extents = [await both[0]!.commit(), await both[1]!.commit()];
    expect(extents.map(zoneOf)).toEqual([0, 1]);
    expect(zoneOf(await put(zones, 3))).toBe(1);
    expect(zoneOf(await put(zones, 1))).toBe(0);
    expect(zoneOf(await put(zones, 7))).toBe(2);
    expect(await conditions(zones)).toEqual(['closed', 'full', 'closed', 'empty', 'empty', 'empty']);
  });

  it('is given back as far as it was not used', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(10 * BLOCK);
    await append.device.write(0, blocks(1, 1));
    expect(await append.commit()).toEqual({ startBytes: 0, lengthBytes: BLOCK });
    expect(await put(zones, 11)).toEqual({ startBytes: BLOCK, lengthBytes: 11 * BLOCK });
  });

  it('is whole blocks, and at most what a zone holds', async () => {
    const { allocator } = await pool();
    for (const bytes of [0, -1, 12 * BLOCK + 1, Number.NaN, Infinity]) {
      await expect(allocator.begin(bytes)).rejects.toMatchObject({ code: 'invalid', retryable: false });
    }
    const append = await allocator.begin(1);
    await append.device.write(0, blocks(1, 1));
    expect((await append.commit()).lengthBytes).toBe(BLOCK);
  });

  it('is nobody else’s zone as long as it is written', async () => {
    const zones = await pool();
    const first = await zones.allocator.begin(BLOCK);
    const second = await zones.allocator.begin(BLOCK);
    await expect(zones.allocator.begin(BLOCK)).rejects.toMatchObject({
      code: 'resourceExhausted',
      retryable: true,
      fields: { fault: 'tooManyOpenZones', operation: 'allocate' },
    });
    await Promise.all([first, second].map(({ device }, index) => device.write(0, blocks(1, index))));
    expect(zoneOf(await first.commit())).not.toBe(zoneOf(await second.commit()));
    await put(zones, 1);
  });

  it('takes the place of the fullest begun zone when no more may be active, which is finished', async () => {
    const zones = await pool();
    for (const count of [10, 9, 8]) await put(zones, count);
    expect(await conditions(zones)).toEqual(['closed', 'closed', 'closed', 'empty', 'empty', 'empty']);
    expect(zoneOf(await put(zones, 7))).toBe(3);
    expect(await conditions(zones)).toEqual(['full', 'closed', 'closed', 'closed', 'empty', 'empty']);
    expect(zones.allocator.usage()).toMatchObject({ garbageBytes: 2 * BLOCK, liveBytes: 34 * BLOCK, emptyZones: 2 });
  });

  it('is nowhere when all zones are used, until one is reset', async () => {
    const zones = await pool();
    const extents: Extent[] = [];
    for (let zone = 0; zone < 6; zone += 1) extents.push(await put(zones, 12, zone));
    const noRoom = {
      code: 'resourceExhausted',
      fields: { fault: 'noRoom', remedy: expect.stringContaining('victim()') },
    };
    await expect(zones.allocator.begin(BLOCK)).rejects.toMatchObject(noRoom);
    zones.allocator.release(extents[3]!);
    await expect(zones.allocator.begin(BLOCK)).rejects.toMatchObject(noRoom);
    await zones.allocator.reset(3);
    expect(zoneOf(await put(zones, 12))).toBe(3);
  });

  it('passes over zones that have failed in the meantime', async () => {
    const zones = await pool();
    await zones.device.failZone(0, 'readOnly');
    await zones.device.failZone(1, 'offline');
    expect(zoneOf(await put(zones, 2))).toBe(2);
    await zones.device.failZone(2, 'readOnly');
    expect(zoneOf(await put(zones, 2))).toBe(3);
    expect(zones.allocator.usage()).toMatchObject({ wornBytes: 34 * BLOCK, liveBytes: 4 * BLOCK, emptyZones: 2 });
  });
});

describe('a piece that is not committed', () => {
  it('is garbage as far as it was written', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(4 * BLOCK);
    await append.device.write(0, blocks(3, 1));
    await append.abandon();
    await append.abandon();
    await expect(append.commit()).rejects.toMatchObject({ fields: { fault: 'closed' } });
    expect(zones.allocator.usage()).toMatchObject({ liveBytes: 0, garbageBytes: 3 * BLOCK, heldZones: 0 });
    expect(await put(zones, 1)).toEqual({ startBytes: 3 * BLOCK, lengthBytes: BLOCK });
  });

  it('gives its zone back once, and not that of whoever came after', async () => {
    const zones = await pool();
    const first = await zones.allocator.begin(BLOCK);
    await first.device.write(0, blocks(1, 1));
    await first.abandon();
    const second = await zones.allocator.begin(BLOCK);
    await first.abandon();
    const third = await zones.allocator.begin(BLOCK);
    await Promise.all([second, third].map(({ device }, seed) => device.write(0, blocks(1, seed))));
    expect(zoneOf(await second.commit())).not.toBe(zoneOf(await third.commit()));
  });

  it('leaves its zone empty when nothing was written', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(4 * BLOCK);
    await expect(append.commit()).rejects.toMatchObject({ code: 'invalid' });
    await (await zones.allocator.begin(BLOCK)).abandon();
    expect(zones.allocator.usage()).toMatchObject({ emptyZones: 6, garbageBytes: 0, heldZones: 0 });
  });

  it('is one whose sync failed', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(4 * BLOCK);
    await append.device.write(0, blocks(3, 1));
    zones.disk.inject({ operation: 'sync', effect: { kind: 'fail', errno: 'EIO' } });
    await expect(append.commit()).rejects.toMatchObject({ fields: { errno: 'EIO', operation: 'sync' } });
    expect(zones.allocator.usage()).toMatchObject({ liveBytes: 0, heldZones: 0 });
    const next = await zones.allocator.begin(BLOCK);
    await expect(next.device.write(0, blocks(1, 1))).rejects.toMatchObject({ fields: { fault: 'poisoned' } });
  });

  it('is one whose zone failed under it', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(4 * BLOCK);
    await append.device.write(0, blocks(1, 1));
    await zones.device.failZone(0, 'readOnly');
    await expect(append.device.write(BLOCK, blocks(1, 1))).rejects.toMatchObject({ fields: { fault: 'zoneReadOnly' } });
    await append.abandon();
    expect(zoneOf(await put(zones, 4))).toBe(1);
  });

  it('is written again after a write that failed', async () => {
    const zones = await pool();
    const append = await zones.allocator.begin(4 * BLOCK);
    zones.disk.inject({ operation: 'write', effect: { kind: 'fail', errno: 'ENOSPC', afterBytes: 100 } });
    await expect(append.device.write(0, blocks(2, 1))).rejects.toMatchObject({ code: 'resourceExhausted' });
    await append.device.write(0, blocks(2, 2));
    expect(await append.commit()).toEqual({ startBytes: 0, lengthBytes: 2 * BLOCK });
  });
});

describe('a reset', () => {
  it('is refused while anything in the zone is live, written or read', async () => {
    const zones = await pool();
    const { allocator } = zones;
    const extents = [await put(zones, 2), await put(zones, 2)];
    const refused = { code: 'conflict', fields: { fault: 'zoneHasLiveExtents', operation: 'resetZone' } };
    allocator.release(extents[0]!);
    await expect(allocator.reset(0)).rejects.toMatchObject(refused);
    const reader = allocator.openExtent(extents[1]!);
    allocator.release(extents[1]!);
    await expect(allocator.reset(0)).rejects.toMatchObject(refused);
    await reader.close();
    const append = await allocator.begin(2 * BLOCK);
    await expect(allocator.reset(0)).rejects.toMatchObject(refused);
    await append.abandon();
    await allocator.reset(0);
    expect(await conditions(zones)).toEqual(Array.from({ length: 6 }, () => 'empty'));
    await expect(allocator.reset(6)).rejects.toMatchObject({ fields: { fault: 'noSuchZone' } });
  });

  it('is refused by a zone that fails, and changes nothing then', async () => {
    const zones = await pool();
    const extent = await put(zones, 2);
    zones.allocator.release(extent);
    await zones.device.failZone(0, 'readOnly');
    await expect(zones.allocator.reset(0)).rejects.toMatchObject({ fields: { fault: 'zoneReadOnly' } });
    expect(zones.allocator.usage()).toMatchObject({ wornBytes: 12 * BLOCK, garbageBytes: 0 });
  });
});

describe('a release', () => {
  it('takes what is live, whole, and once', async () => {
    const zones = await pool();
    const { allocator } = zones;
    const extent = await put(zones, 2);
    const others = [
      { ...extent, lengthBytes: BLOCK },
      { startBytes: BLOCK, lengthBytes: BLOCK },
    ];
    for (const other of others) expect(() => allocator.release(other)).toThrow(/not live/);
    expect(() => allocator.release({ startBytes: 12 * BLOCK, lengthBytes: BLOCK })).toThrow(/no zone/);
    allocator.release({ ...extent });
    expect(() => allocator.release(extent)).toThrow(/not live/);
    expect(() => allocator.openExtent(extent)).toThrow(/not live/);
  });
});

describe('the victim', () => {
  it('is the zone with the most garbage in what is used of it, and comes with what is live', async () => {
    const zones = await pool();
    const { allocator } = zones;
    const extents: Extent[] = [];
    for (const count of [4, 4, 4, 6, 6, 3, 3]) extents.push(await put(zones, count));
    expect(extents.map(zoneOf)).toEqual([0, 0, 0, 1, 1, 2, 2]);
    expect(allocator.victim(0)).toBeUndefined();
    allocator.release(extents[1]!);
    allocator.release(extents[3]!);
    expect(allocator.victim(0.5)).toEqual({ zone: 1, garbageRatio: 0.5, live: [extents[4]] });
    expect(allocator.victim(0.51)).toBeUndefined();
    allocator.release(extents[5]!);
    // As much garbage as the other one, in half of the bytes.
    expect(allocator.victim(0)).toEqual({ zone: 2, garbageRatio: 0.5, live: [extents[6]] });
    allocator.release(extents[0]!);
    expect(allocator.victim(0)).toMatchObject({ zone: 0, live: [extents[2]] });
    allocator.release(extents[2]!);
    expect(allocator.victim(1)).toEqual({ zone: 0, garbageRatio: 1, live: [] });
  });

  it('is no zone that is written, read or failing', async () => {
    const zones = await pool();
    const { allocator } = zones;
    const extents = [await put(zones, 4), await put(zones, 4)];
    allocator.release(extents[0]!);
    const append = await allocator.begin(BLOCK);
    expect(allocator.victim(0)).toBeUndefined();
    await append.abandon();
    const reader = allocator.openExtent(extents[1]!);
    expect(allocator.victim(0)).toBeUndefined();
    await reader.close();
    expect(allocator.victim(0)?.zone).toBe(0);
    await zones.device.failZone(0, 'readOnly');
    await (await allocator.begin(BLOCK)).abandon();
    expect(allocator.victim(0)).toBeUndefined();
  });
});

describe('an allocator that is opened', () => {
  it('takes for garbage what nobody says is live', async () => {
    const zones = await pool();
    const extents = [await put(zones, 2, 1), await put(zones, 3, 2), await put(zones, 4, 3)];
    const device = await restarted(zones);
    const { allocator, lost } = await ZoneAllocator.open(device, [extents[2]!, extents[0]!]);
    expect(lost).toEqual([]);
    expect(allocator.usage()).toMatchObject({ liveBytes: 6 * BLOCK, garbageBytes: 3 * BLOCK });
    expect(allocator.victim(0)).toMatchObject({ zone: 0, live: [extents[0], extents[2]] });
  });

  it('says which extents are lost: those of offline zones, and those past a write pointer', async () => {
    const zones = await pool();
    const kept = await put(zones, 2);
    const readable = await put(zones, 12);
    const offline = await put(zones, 12);
    await zones.device.failZone(zoneOf(readable), 'readOnly');
    await zones.device.failZone(zoneOf(offline), 'offline');
    const cut = { startBytes: 2 * BLOCK, lengthBytes: BLOCK };
    const device = await restarted(zones);
    const { allocator, lost } = await ZoneAllocator.open(device, [offline, kept, readable, cut]);
    expect(lost).toEqual([cut, offline]);
    expect(allocator.usage()).toMatchObject({ liveBytes: 14 * BLOCK });
  });

  it('refuses extents that overlap or lie in no zone', async () => {
    const zones = await pool();
    const extent = await put(zones, 4);
    const over = { startBytes: 2 * BLOCK, lengthBytes: 2 * BLOCK };
    await expect(ZoneAllocator.open(zones.device, [over, extent])).rejects.toMatchObject({ code: 'corrupt' });
    await expect(ZoneAllocator.open(zones.device, [extent, extent])).rejects.toMatchObject({ code: 'corrupt' });
    const nowhere = [
      { startBytes: 11 * BLOCK, lengthBytes: 2 * BLOCK },
      { startBytes: 6 * GEOMETRY.zoneBytes, lengthBytes: BLOCK },
      { startBytes: 0, lengthBytes: 0 },
    ];
    for (const extents of nowhere) {
      await expect(ZoneAllocator.open(zones.device, [extents])).rejects.toMatchObject({ code: 'invalid' });
    }
  });
});
