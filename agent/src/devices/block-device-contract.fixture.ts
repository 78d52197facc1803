/**
 * What every BlockDevice promises, as tests: called by the test of each kind. Whatever a device is made of, the model is an array of
 * bytes that grows at its end.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BlockDevice } from './block-device.ts';

export interface DeviceUnderTest {
  readonly device: BlockDevice;
  /** The same bytes in a new device, after the first one was closed. */
  readonly reopen: () => Promise<BlockDevice>;
}

export interface DeviceKind {
  readonly name: string;
  /** A new device without content, with room for `capacityBytes`. */
  make(capacityBytes: number): Promise<DeviceUnderTest>;
  readonly blockBytes: number;
  /** Whether a write past `capacityBytes` fails for want of room. */
  readonly isBounded: boolean;
}

const CAPACITY_BLOCKS = 64;

/** A case that such a kind does not have. */
const never = (): void => undefined;

export function describeBlockDevice(kind: DeviceKind): void {
  describe(`${kind.name}, as every device`, () => {
    const made: BlockDevice[] = [];

    afterEach(async () => {
      await Promise.all(made.splice(0).map((device) => device.close()));
    });

    async function make(): Promise<DeviceUnderTest & { unit: number }> {
      const underTest = await kind.make(CAPACITY_BLOCKS * 4096);
      made.push(underTest.device);
      return { ...underTest, unit: Math.max(512, kind.blockBytes) };
    }

    /** Bytes that differ from place to place and from seed to seed. */
    function filled(device: BlockDevice, bytes: number, seed: number): Uint8Array {
      const buffer = device.allocate(bytes);
      for (let index = 0; index < bytes; index += 1) buffer[index] = (index * 31 + (index >> 8) + seed * 17) & 0xff;
      return buffer;
    }

    async function readBack(device: BlockDevice, offset: number, bytes: number): Promise<Uint8Array> {
      const into = device.allocate(bytes).fill(0xff);
      await device.read(offset, into);
      return Uint8Array.from(into);
    }

    function refusal(operation: string, fault: string, code: string): unknown {
      const fields = { operation, fault, device: expect.any(String), remedy: expect.stringMatching(/\.$/) };
      return { name: 'CoucheStorError', code, fields: expect.objectContaining(fields) };
    }

    it('gives buffers of the size asked for, all zeros, which do not overlap', async () => {
      const { device } = await make();
      const buffers = [1, 511, 4096, 65_536 + 1, 0, 12_288].map((bytes) => ({ bytes, buffer: device.allocate(bytes) }));
      for (const { bytes, buffer } of buffers) {
        expect(buffer.byteLength).toBe(bytes);
        expect(buffer.every((byte) => byte === 0)).toBe(true);
        buffer.fill(0xff);
      }
    });

    it('gives back what was written, however it is split', async () => {
      const parts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 8 });
      const reads = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(parts, reads, fc.boolean(), async (lengths, ranges, hasSync) => {
          const { device, unit } = await make();
          const model: number[] = [];
          for (const [seed, length] of lengths.entries()) {
            const part = filled(device, length * unit, seed);
            await device.write(model.length, part);
            model.push(...part);
            expect(device.sizeBytes).toBe(model.length);
          }
          if (hasSync) await device.sync();
          const blocks = model.length / unit;
          for (const [from, count] of ranges) {
            const first = from % blocks;
            const last = first + 1 + (count % (blocks - first));
            const expected = Uint8Array.from(model.slice(first * unit, last * unit));
            expect(Buffer.compare(await readBack(device, first * unit, (last - first) * unit), expected)).toBe(0);
          }
          await device.close();
        }),
        { numRuns: 25 },
      );
    });

    it('reads several ranges at once', async () => {
      const { device, unit } = await make();
      const content = filled(device, 16 * unit, 1);
      await device.write(0, content);
      const ranges = await Promise.all([0, 3, 7, 15].map((block) => readBack(device, block * unit, unit)));
      const expected = [0, 3, 7, 15].map((block) =>
        Uint8Array.from(content.subarray(block * unit, (block + 1) * unit)),
      );
      expect(ranges).toEqual(expected);
    });

    it('moves nothing when it is asked for nothing', async () => {
      const { device } = await make();
      await device.write(0, device.allocate(0));
      await device.read(0, device.allocate(0));
      expect(device.sizeBytes).toBe(0);
      expect(device.blockBytes).toBe(kind.blockBytes);
    });

    it('refuses to read past its end, wholly', async () => {
      const { device, unit } = await make();
      await device.write(0, filled(device, unit, 1));
      for (const [offset, blocks] of [[0, 2] as const, [unit, 1] as const, [9 * unit, 1] as const]) {
        const into = device.allocate(blocks * unit);
        await expect(device.read(offset, into)).rejects.toMatchObject(
          refusal('read', 'outOfRange', 'invalid') as object,
        );
        expect(into.every((byte) => byte === 0)).toBe(true);
      }
    });

    it('refuses what is no offset', async () => {
      const { device, unit } = await make();
      for (const offset of [-unit, 0.5, Number.NaN, 2 ** 53, Infinity]) {
        const refused = { name: 'CoucheStorError', code: 'invalid' };
        await expect(device.read(offset, device.allocate(0))).rejects.toMatchObject(refused);
        await expect(device.write(offset, device.allocate(unit))).rejects.toMatchObject(refused);
      }
      expect(device.sizeBytes).toBe(0);
    });

    it('refuses a write that would leave a hole', async () => {
      const { device, unit } = await make();
      await device.write(0, filled(device, unit, 1));
      const write = device.write(2 * unit, filled(device, unit, 2));
      await expect(write).rejects.toMatchObject({ code: 'invalid', fields: { operation: 'write' } });
      expect(device.sizeBytes).toBe(unit);
    });

    it('writes below its end where the kind can, and refuses it where it cannot', async () => {
      const { device, unit } = await make();
      const content = filled(device, 4 * unit, 1);
      await device.write(0, content);
      const change = filled(device, unit, 9);
      if (device.writeOrder === 'anywhere') {
        await device.write(unit, change);
        content.set(change, unit);
      } else {
        await expect(device.write(unit, change)).rejects.toMatchObject(
          refusal('write', 'notAtWritePointer', 'invalid') as object,
        );
      }
      expect(device.sizeBytes).toBe(4 * unit);
      expect(Buffer.compare(await readBack(device, 0, 4 * unit), content)).toBe(0);
    });

    (kind.blockBytes > 1 ? it : never)('refuses what is not whole blocks', async () => {
      const { device, unit } = await make();
      const misaligned = (operation: string): object => refusal(operation, 'misaligned', 'invalid') as object;
      await device.write(0, filled(device, 2 * unit, 1));
      for (const length of [1, unit - 1, unit + 1, unit + 512]) {
        await expect(device.write(2 * unit, device.allocate(length))).rejects.toMatchObject(misaligned('write'));
        await expect(device.read(0, device.allocate(length))).rejects.toMatchObject(misaligned('read'));
      }
      for (const offset of [1, 512, unit - 1]) {
        await expect(device.write(offset, device.allocate(unit))).rejects.toMatchObject(misaligned('write'));
        await expect(device.read(offset, device.allocate(unit))).rejects.toMatchObject(misaligned('read'));
      }
      expect(device.sizeBytes).toBe(2 * unit);
    });

    it('syncs as often as it is asked, also at once', async () => {
      const { device, unit } = await make();
      await device.sync();
      await device.write(0, filled(device, unit, 1));
      await Promise.all([device.sync(), device.sync(), device.sync()]);
      expect(Buffer.compare(await readBack(device, 0, unit), filled(device, unit, 1))).toBe(0);
    });

    it('is closed once, and says so to whoever comes later', async () => {
      const { device, unit } = await make();
      await device.write(0, filled(device, unit, 1));
      const read = readBack(device, 0, unit);
      await Promise.all([device.close(), device.close()]);
      expect(Buffer.compare(await read, filled(device, unit, 1))).toBe(0);
      const buffer = device.allocate(unit);
      await expect(device.read(0, buffer)).rejects.toMatchObject(refusal('read', 'closed', 'gone') as object);
      await expect(device.write(unit, buffer)).rejects.toMatchObject(refusal('write', 'closed', 'gone') as object);
      await expect(device.sync()).rejects.toMatchObject(refusal('sync', 'closed', 'gone') as object);
      await device.close();
    });

    it('holds what was written when it is opened again', async () => {
      const { device, reopen, unit } = await make();
      await device.write(0, filled(device, 3 * unit, 1));
      await device.sync();
      await device.close();
      const again = await reopen();
      made.push(again);
      expect(again.sizeBytes).toBe(3 * unit);
      expect(Buffer.compare(await readBack(again, 0, 3 * unit), filled(again, 3 * unit, 1))).toBe(0);
    });

    (kind.isBounded ? it : never)('that is full refuses more, keeps its size and goes on reading', async () => {
      const { device } = await make();
      const content = filled(device, CAPACITY_BLOCKS * 4096, 1);
      await device.write(0, content.subarray(0, 4096 * (CAPACITY_BLOCKS - 1)));
      const size = device.sizeBytes;
      const write = device.write(size, filled(device, 2 * 4096, 2));
      await expect(write).rejects.toMatchObject({ code: 'resourceExhausted', fields: { operation: 'write' } });
      expect(device.sizeBytes).toBe(size);
      expect(Buffer.compare(await readBack(device, 0, size), content.subarray(0, size))).toBe(0);
      await device.write(size, filled(device, 4096, 3));
      expect(Buffer.compare(await readBack(device, size, 4096), filled(device, 4096, 3))).toBe(0);
    });
  });
}
