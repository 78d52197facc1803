import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MockDisk } from './mock-device.ts';
import type { ZonedModel } from './zoned-model.ts';
import { formatZonedModel, openZonedModel, zonedModelBytes } from './zoned-model.ts';
import { BLOCK, blocks, GEOMETRY, restarted, zonedDisk } from './zoned-disk.fixture.ts';
import { slotOffset } from './zone-slots.ts';

const START = GEOMETRY.zoneBytes;

async function conditions(device: ZonedModel): Promise<string[]> {
  return (await device.reportZones()).map(({ condition }) => condition);
}

async function refused(call: Promise<void>, fault: string, operation: string): Promise<void> {
  await expect(call).rejects.toMatchObject({
    name: 'CoucheStorError',
    fields: { fault, operation, device: 'mock', remedy: expect.stringMatching(/\.$/) },
  });
}

async function readBack(device: ZonedModel, offset: number, count: number): Promise<Uint8Array> {
  const into = device.allocate(count * BLOCK).fill(0xff);
  await device.read(offset, into);
  return into;
}

describe('a zoned disk', () => {
  it('reports zones that hold less than there is from one to the next', async () => {
    const { device } = await zonedDisk();
    const report = await device.reportZones();
    expect(report).toHaveLength(6);
    expect(report[2]).toEqual({
      index: 2,
      startBytes: 2 * START,
      capacityBytes: 12 * BLOCK,
      writePointer: 2 * START,
      condition: 'empty',
    });
  });

  it('is written at the write pointer of a zone, which moves', async () => {
    const { device } = await zonedDisk();
    await device.write(START, blocks(3, 1));
    await device.write(START + 3 * BLOCK, blocks(2, 2));
    expect((await device.reportZones())[1]).toMatchObject({
      condition: 'implicitlyOpen',
      writePointer: START + 5 * BLOCK,
    });
    expect(await readBack(device, START, 3)).toEqual(blocks(3, 1));
    expect(await readBack(device, START + 3 * BLOCK, 2)).toEqual(blocks(2, 2));
  });

  it('keeps the order of writes that are asked for at once', async () => {
    const { device } = await zonedDisk();
    await Promise.all([0, 1, 2, 3].map((block) => device.write(block * BLOCK, blocks(1, block))));
    for (const block of [0, 1, 2, 3]) expect(await readBack(device, block * BLOCK, 1)).toEqual(blocks(1, block));
  });

  it('refuses a write anywhere else', async () => {
    const { device } = await zonedDisk();
    await device.write(0, blocks(3, 1));
    await refused(device.write(0, blocks(1, 2)), 'notAtWritePointer', 'write');
    await refused(device.write(2 * BLOCK, blocks(1, 2)), 'notAtWritePointer', 'write');
    await refused(device.write(4 * BLOCK, blocks(1, 2)), 'notAtWritePointer', 'write');
    await refused(device.write(START + BLOCK, blocks(1, 2)), 'notAtWritePointer', 'write');
    expect(await conditions(device)).toEqual(['implicitlyOpen', 'empty', 'empty', 'empty', 'empty', 'empty']);
    expect(await readBack(device, 0, 3)).toEqual(blocks(3, 1));
  });

  it('refuses what crosses the end of a zone, or its capacity', async () => {
    const { device } = await zonedDisk();
    await refused(device.write(0, blocks(17, 1)), 'acrossZones', 'write');
    await refused(device.write(0, blocks(13, 1)), 'beyondZoneCapacity', 'write');
    await device.write(0, blocks(11, 1));
    await refused(device.write(11 * BLOCK, blocks(2, 1)), 'beyondZoneCapacity', 'write');
    await device.write(11 * BLOCK, blocks(1, 2));
    expect((await device.reportZones())[0]).toMatchObject({ condition: 'full', writePointer: 12 * BLOCK });
    await refused(device.write(12 * BLOCK, blocks(1, 2)), 'beyondZoneCapacity', 'write');
    await refused(device.read(0, device.allocate(13 * BLOCK)), 'beyondZoneCapacity', 'read');
    await refused(device.read(0, device.allocate(17 * BLOCK)), 'acrossZones', 'read');
  });

  it('refuses zones that are not there, and what is no whole block', async () => {
    const { device } = await zonedDisk();
    for (const offset of [-START, 6 * START]) await refused(device.write(offset, blocks(1, 1)), 'noSuchZone', 'write');
    await refused(device.read(6 * START, device.allocate(BLOCK)), 'noSuchZone', 'read');
    for (const index of [-1, 6, 0.5]) await refused(device.resetZone(index), 'noSuchZone', 'resetZone');
    await refused(device.write(0, new Uint8Array(100)), 'misaligned', 'write');
    await refused(device.write(100, blocks(1, 1)), 'misaligned', 'write');
    await refused(device.read(0, new Uint8Array(100)), 'misaligned', 'read');
  });

  it('refuses to read past a write pointer, and gives zeros for what a full zone was never written', async () => {
    const { device } = await zonedDisk();
    await refused(device.read(0, device.allocate(BLOCK)), 'beyondWritePointer', 'read');
    await device.write(0, blocks(12, 9));
    await device.resetZone(0);
    await refused(device.read(0, device.allocate(BLOCK)), 'beyondWritePointer', 'read');
    await device.write(0, blocks(2, 1));
    await refused(device.read(BLOCK, device.allocate(2 * BLOCK)), 'beyondWritePointer', 'read');
    await device.finishZone(0);
    const expected = Buffer.concat([blocks(2, 1), Buffer.alloc(10 * BLOCK)]);
    expect(Buffer.compare(await readBack(device, 0, 12), expected)).toBe(0);
  });

  it('reads a zone that is read-only and writes it no more; of one that is offline it does neither', async () => {
    const { device } = await zonedDisk();
    await device.write(0, blocks(2, 1));
    await device.write(START, blocks(2, 2));
    await device.failZone(0, 'readOnly');
    await device.failZone(1, 'offline');
    expect(await readBack(device, 0, 2)).toEqual(blocks(2, 1));
    await refused(device.read(START, device.allocate(BLOCK)), 'zoneOffline', 'read');
    for (const [zone, fault] of ['zoneReadOnly', 'zoneOffline'].entries()) {
      await refused(device.write(zone * START + 2 * BLOCK, blocks(1, 1)), fault, 'write');
      await refused(device.openZone(zone), fault, 'openZone');
      await refused(device.closeZone(zone), fault, 'closeZone');
      await refused(device.finishZone(zone), fault, 'finishZone');
      await refused(device.resetZone(zone), fault, 'resetZone');
    }
  });
});

describe('the open zones of a zoned disk', () => {
  it('are at most as many as it can have; those that were opened by a write make room by themselves', async () => {
    const { device } = await zonedDisk();
    for (const zone of [0, 1, 2]) await device.write(zone * START, blocks(1, zone));
    expect(await conditions(device)).toEqual(['closed', 'implicitlyOpen', 'implicitlyOpen', 'empty', 'empty', 'empty']);
  });

  it('are refused when all others are to stay open', async () => {
    const { device } = await zonedDisk();
    await device.openZone(0);
    await device.openZone(1);
    await refused(device.openZone(2), 'tooManyOpenZones', 'openZone');
    await refused(device.write(2 * START, blocks(1, 1)), 'tooManyOpenZones', 'write');
    await refused(device.finishZone(2), 'tooManyOpenZones', 'finishZone');
    await device.closeZone(0);
    await device.write(2 * START, blocks(1, 1));
    expect(await conditions(device)).toEqual(['empty', 'explicitlyOpen', 'implicitlyOpen', 'empty', 'empty', 'empty']);
  });

  it('and the closed ones are at most as many as can be active', async () => {
    const { device } = await zonedDisk();
    for (const zone of [0, 1, 2]) await device.write(zone * START, blocks(1, zone));
    await refused(device.write(3 * START, blocks(1, 3)), 'tooManyActiveZones', 'write');
    await refused(device.openZone(3), 'tooManyActiveZones', 'openZone');
    await refused(device.finishZone(3), 'tooManyActiveZones', 'finishZone');
    await device.write(BLOCK, blocks(1, 4));
    await device.finishZone(1);
    await device.write(3 * START, blocks(1, 3));
    await device.resetZone(2);
    await device.write(4 * START, blocks(1, 4));
  });

  it('go from condition to condition as the standard says', async () => {
    const { device } = await zonedDisk();
    const condition = async (): Promise<string | undefined> => (await conditions(device))[0];
    await refused(device.closeZone(0), 'wrongZoneCondition', 'closeZone');
    await device.resetZone(0);
    await device.openZone(0);
    expect(await condition()).toBe('explicitlyOpen');
    await device.closeZone(0);
    expect(await condition()).toBe('empty');
    await device.write(0, blocks(1, 1));
    await device.openZone(0);
    expect(await condition()).toBe('explicitlyOpen');
    await device.closeZone(0);
    await device.closeZone(0);
    expect(await condition()).toBe('closed');
    await device.finishZone(0);
    await device.finishZone(0);
    expect(await condition()).toBe('full');
    await refused(device.openZone(0), 'wrongZoneCondition', 'openZone');
    await refused(device.closeZone(0), 'wrongZoneCondition', 'closeZone');
    await device.resetZone(0);
    expect(await condition()).toBe('empty');
    await device.finishZone(1);
    expect((await conditions(device))[1]).toBe('full');
  });
});

describe('a zoned disk that is closed', () => {
  it('ends what was asked for before, write pointers included', async () => {
    const zoned = await zonedDisk();
    const written = [zoned.device.write(0, blocks(2, 1)), zoned.device.write(START, blocks(1, 2))];
    await Promise.all([...written, zoned.device.close()]);
    expect(zoned.disk.calls.at(-1)?.operation).toBe('close');
    expect(await conditions(await restarted(zoned))).toEqual(['closed', 'closed', 'empty', 'empty', 'empty', 'empty']);
    await refused(zoned.device.write(2 * BLOCK, blocks(1, 1)), 'closed', 'write');
    await refused(zoned.device.resetZone(0), 'closed', 'resetZone');
    await refused(zoned.device.sync(), 'closed', 'sync');
  });
});

describe('a zoned disk after a restart', () => {
  it('has its write pointers, and no open zones', async () => {
    const zoned = await zonedDisk();
    const { device } = zoned;
    await device.write(0, blocks(2, 1));
    await device.openZone(1);
    await device.write(2 * START, blocks(12, 2));
    await device.write(3 * START, blocks(1, 3));
    await device.finishZone(3);
    await device.failZone(4, 'readOnly');
    await device.failZone(5, 'offline');
    const again = await restarted(zoned);
    expect(await conditions(again)).toEqual(['closed', 'empty', 'full', 'full', 'readOnly', 'offline']);
    expect((await again.reportZones())[0]?.writePointer).toBe(2 * BLOCK);
    expect(await readBack(again, 0, 2)).toEqual(blocks(2, 1));
    expect(await readBack(again, 2 * START, 12)).toEqual(blocks(12, 2));
    expect(
      Buffer.compare(await readBack(again, 3 * START, 12), Buffer.concat([blocks(1, 3), Buffer.alloc(11 * BLOCK)])),
    ).toBe(0);
  });

  it('has all or nothing of a write that was torn at any byte, of its data and of its write pointer', async () => {
    const lengths = [...Array.from({ length: 29 }, (_, bytes) => ({ after: 1, bytes })), { after: 0, bytes: 300 }];
    for (const { after, bytes } of lengths) {
      const zoned = await zonedDisk();
      await zoned.device.write(0, blocks(2, 1));
      await zoned.device.write(2 * BLOCK, blocks(1, 2));
      const effect = { kind: 'fail', errno: 'EIO', afterBytes: bytes } as const;
      zoned.disk.inject({ operation: 'write', effect, after });
      await expect(zoned.device.write(3 * BLOCK, blocks(2, 3))).rejects.toMatchObject({ fields: { errno: 'EIO' } });
      const again = await restarted(zoned);
      const pointer = (await again.reportZones())[0]?.writePointer;
      expect(pointer).toBe(bytes === 28 && after === 1 ? 5 * BLOCK : 3 * BLOCK);
      expect(await readBack(again, 2 * BLOCK, 1)).toEqual(blocks(1, 2));
      if (pointer === 5 * BLOCK) expect(await readBack(again, 3 * BLOCK, 2)).toEqual(blocks(2, 3));
      else await again.write(3 * BLOCK, blocks(2, 4));
    }
  });

  it('has the write pointer from before a failed write, and takes it again', async () => {
    const zoned = await zonedDisk();
    for (const after of [0, 1, 0, 1, 1, 1]) {
      zoned.disk.inject({ operation: 'write', effect: { kind: 'fail', errno: 'EIO', afterBytes: 20 }, after });
      await expect(zoned.device.write(0, blocks(1, 1))).rejects.toMatchObject({ fields: { errno: 'EIO' } });
      expect((await zoned.device.reportZones())[0]?.writePointer).toBe(0);
    }
    await zoned.device.write(0, blocks(1, 2));
    const again = await restarted(zoned);
    expect(await readBack(again, 0, 1)).toEqual(blocks(1, 2));
  });

  it('takes a zone offline of which nothing is known any more, and no other', async () => {
    const zoned = await zonedDisk();
    await zoned.device.write(0, blocks(1, 1));
    await zoned.device.write(START, blocks(1, 2));
    zoned.disk.content.fill(0xaa, slotOffset(1, 0), slotOffset(2, 0));
    const again = await restarted(zoned);
    expect(await conditions(again)).toEqual(['closed', 'offline', 'empty', 'empty', 'empty', 'empty']);
  });

  it('does not take the slot of one zone for that of another', async () => {
    const zoned = await zonedDisk();
    await zoned.device.write(0, blocks(1, 1));
    zoned.disk.content.copyWithin(slotOffset(1, 0), slotOffset(0, 0), slotOffset(1, 0));
    expect((await conditions(await restarted(zoned)))[1]).toBe('offline');
  });

  it('is poisoned by a failed sync as every device', async () => {
    const zoned = await zonedDisk();
    await zoned.device.write(0, blocks(1, 1));
    zoned.disk.inject({ operation: 'sync', effect: { kind: 'fail', errno: 'EIO' } });
    await expect(zoned.device.sync()).rejects.toMatchObject({ fields: { errno: 'EIO' } });
    for (const call of [zoned.device.write(BLOCK, blocks(1, 1)), zoned.device.sync(), zoned.device.resetZone(0)]) {
      await expect(call).rejects.toMatchObject({ fields: { fault: 'poisoned' } });
    }
    expect((await (await restarted(zoned)).reportZones())[0]?.writePointer).toBe(BLOCK);
  });
});

describe('the format of a zoned disk', () => {
  it('is refused where it is not there, or where any byte of its header is another', async () => {
    const zoned = await zonedDisk();
    const empty = new MockDisk({ capacityBytes: 100, sizeBytes: 100 });
    await expect(openZonedModel(empty.open())).rejects.toMatchObject({
      code: 'corrupt',
      fields: { fault: 'badFormat' },
    });
    for (let offset = 0; offset < 52; offset += 1) {
      zoned.disk.content[offset]! ^= 0x10;
      await expect(restarted(zoned)).rejects.toMatchObject({ code: 'corrupt', fields: { fault: 'badFormat' } });
      zoned.disk.content[offset]! ^= 0x10;
    }
    await restarted(zoned);
  });

  it('is there only when it was wholly written', async () => {
    const sizeBytes = zonedModelBytes(GEOMETRY);
    for (let after = 0; ; after += 1) {
      const disk = new MockDisk({ sizeBytes, capacityBytes: sizeBytes });
      await formatZonedModel(disk.open(), GEOMETRY);
      disk.inject({ operation: 'write', effect: { kind: 'fail', errno: 'EIO', afterBytes: 7 }, after });
      const isDone = await formatZonedModel(disk.open(), GEOMETRY).then(
        () => true,
        () => false,
      );
      if (isDone) {
        expect(after).toBeGreaterThan(10);
        return;
      }
      await expect(openZonedModel(disk.open())).rejects.toMatchObject({ fields: { fault: 'badFormat' } });
    }
  });

  it.each([
    ['zoneCount', 0],
    ['zoneBytes', 100],
    ['zoneCapacityBytes', 17 * BLOCK],
    ['zoneCapacityBytes', 100],
    ['maxOpenZones', 4],
    ['maxActiveZones', 7],
    ['blockBytes', 1.5],
    ['zoneCount', 5],
  ])('refuses a geometry that cannot be: %s %d', async (field, value) => {
    const sizeBytes = zonedModelBytes(GEOMETRY);
    const disk = new MockDisk({ sizeBytes, capacityBytes: sizeBytes });
    const format = formatZonedModel(disk.open(), { ...GEOMETRY, [field]: value });
    await expect(format).rejects.toMatchObject({ code: 'invalid', fields: { fault: 'badGeometry' } });
    expect(disk.calls).toHaveLength(0);
  });
});

describe('a zoned disk, whatever is asked of it', () => {
  const zones = fc.nat({ max: GEOMETRY.zoneCount - 1 });
  const asked = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      zone: zones,
      count: fc.integer({ min: 1, max: 13 }),
      shift: fc.integer({ min: -1, max: 1 }),
    }),
    fc.record({ kind: fc.constantFrom('openZone', 'closeZone', 'finishZone', 'resetZone'), zone: zones }),
    fc.record({ kind: fc.constantFrom('readOnly', 'offline'), zone: zones }),
    fc.constant({ kind: 'restart' as const }),
  );

  it('keeps its limits, loses nothing and moves no write pointer but by a write, a finish or a reset', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 60 }), async (list) => {
        const zoned = await zonedDisk();
        let { device } = zoned;
        const content = Array.from({ length: GEOMETRY.zoneCount }, () => Buffer.alloc(0));
        const finished = new Set<number>();
        for (const [seed, call] of list.entries()) {
          const before = await device.reportZones();
          if (call.kind === 'restart') device = await restarted(zoned);
          else if (call.kind === 'readOnly' || call.kind === 'offline') await device.failZone(call.zone, call.kind);
          else if ('count' in call) {
            const bytes = blocks(call.count, seed);
            const at = call.zone * START + content[call.zone]!.byteLength + call.shift * BLOCK;
            const isDone = await device.write(at, bytes).then(
              () => true,
              () => false,
            );
            if (isDone) {
              expect(call.shift).toBe(0);
              content[call.zone] = Buffer.concat([content[call.zone]!, bytes]);
            }
          } else {
            const operation = call.kind;
            const isDone = await device[operation](call.zone).then(
              () => true,
              () => false,
            );
            if (isDone && operation === 'resetZone') {
              content[call.zone] = Buffer.alloc(0);
              finished.delete(call.zone);
            }
            if (isDone && operation === 'finishZone') finished.add(call.zone);
          }
          const after = await device.reportZones();
          const open = after.filter(({ condition }) => condition.endsWith('Open')).length;
          const closed = after.filter(({ condition }) => condition === 'closed').length;
          expect(open).toBeLessThanOrEqual(GEOMETRY.maxOpenZones);
          expect(open + closed).toBeLessThanOrEqual(GEOMETRY.maxActiveZones);
          for (const zone of after) {
            const bytes = content[zone.index]!;
            const wasWorn = ['readOnly', 'offline'].includes(before[zone.index]!.condition);
            if (wasWorn) expect(['readOnly', 'offline']).toContain(zone.condition);
            if (zone.condition === 'offline') continue;
            const into = device.allocate(bytes.byteLength);
            await device.read(zone.startBytes, into);
            expect(Buffer.compare(into, bytes)).toBe(0);
            if (zone.condition === 'readOnly') continue;
            const isFull = finished.has(zone.index) || bytes.byteLength === zone.capacityBytes;
            expect(zone.writePointer - zone.startBytes).toBe(isFull ? zone.capacityBytes : bytes.byteLength);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
