import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { MemoryDevice } from './memory-device.fixture.ts';
import { openShard } from './open-shard.ts';
import { BLOCK_BYTES, HEADER_BYTES } from './shard-layout.ts';
import type { ShardReader } from './shard-reader.ts';
import { crc32c, ioOn, payloadOf, writeShard } from './shards.fixture.ts';
import { WindowPool } from './window-pool.ts';

const broken = new CoucheStorError('unavailable', 'the disk failed', { fields: { fault: 'system' } });

interface Opened {
  readonly reader: ShardReader;
  readonly device: MemoryDevice;
  readonly windows: WindowPool;
}

async function opened(payload: Uint8Array, windowBytes = BLOCK_BYTES, blockBytes = 4096): Promise<Opened> {
  const { bytes, expected } = await writeShard(payload);
  const device = new MemoryDevice(bytes, blockBytes);
  const io = ioOn(device, windowBytes);
  const result = await openShard(io, expected);
  if (result.kind !== 'open') throw new Error(result.kind);
  return { reader: result.reader, device, windows: io.windows };
}

describe('a read', () => {
  it('gives the bytes of any range, however large the windows are', async () => {
    const edges = [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 4 * BLOCK_BYTES, 5 * BLOCK_BYTES + 77];
    const places = fc.oneof(fc.constantFrom(...edges), fc.nat({ max: 5 * BLOCK_BYTES + 77 }));
    const shards = await Promise.all(
      [1, 2, 3, 8].flatMap((blocks) =>
        edges
          .filter((length) => length > 0)
          .flatMap((length) => [1, 4096].map((bytes) => opened(payloadOf(length), blocks * BLOCK_BYTES, bytes))),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...shards), places, places, async ({ reader, windows }, one, other) => {
        const { payloadBytes } = reader;
        const [from, to] = [Math.min(one, other, payloadBytes), Math.min(Math.max(one, other), payloadBytes)];
        const into = new Uint8Array(to - from);
        expect(await reader.read(from, into)).toEqual({ kind: 'verified' });
        expect(Buffer.compare(into, payloadOf(payloadBytes).subarray(from, to))).toBe(0);
        expect(await reader.verify(from, to - from)).toEqual({ kind: 'verified' });
        expect(windows.inUse).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('copies only what it does not serve wholly, where any buffer will do', async () => {
    const payload = payloadOf(4 * BLOCK_BYTES + 10);
    const { reader, device } = await opened(payload, 2 * BLOCK_BYTES, 1);
    const places: ArrayBufferLike[] = [];
    const read = device.read.bind(device);
    device.read = (offset, into) => (places.push(into.buffer), read(offset, into));
    const into = new Uint8Array(payload.length - 5);
    expect(await reader.read(5, into)).toEqual({ kind: 'verified' });
    expect(places.map((buffer) => buffer === into.buffer)).toEqual([false, true, true, true, true]);
    expect(Buffer.compare(into, payload.subarray(5))).toBe(0);
  });

  it('touches no block outside its range', async () => {
    const { reader, device } = await opened(payloadOf(4 * BLOCK_BYTES));
    const before = device.calls.read;
    device.content.fill(0, HEADER_BYTES, HEADER_BYTES + BLOCK_BYTES);
    device.content.fill(0, HEADER_BYTES + 3 * BLOCK_BYTES);
    expect(await reader.read(BLOCK_BYTES, new Uint8Array(2 * BLOCK_BYTES))).toEqual({ kind: 'verified' });
    expect(device.calls.read - before).toBe(2);
    expect(await reader.read(BLOCK_BYTES, new Uint8Array(0))).toEqual({ kind: 'verified' });
    expect(device.calls.read - before).toBe(2);
  });

  it.each([
    [-1, 1],
    [0.5, 1],
    [NaN, 1],
    [0, 101],
    [100, 1],
    [101, 0],
    [2 ** 53, 1],
  ])('refuses what is not within the payload: from %d, %d bytes', async (offset, length) => {
    const { reader, device, windows } = await opened(payloadOf(100));
    const before = { ...device.calls };
    await expect(reader.read(offset, new Uint8Array(length))).rejects.toMatchObject({
      code: 'invalid',
      fields: { field: 'range' },
    });
    await expect(reader.verify(offset, length)).rejects.toMatchObject({ code: 'invalid' });
    await expect(reader.verify(0, -1)).rejects.toMatchObject({ code: 'invalid' });
    await expect(reader.verify(0, 0.5)).rejects.toMatchObject({ code: 'invalid' });
    expect([device.calls, windows.inUse]).toEqual([before, 0]);
  });

  it('names every corrupt block of its range and serves none of it, whichever blocks they are', async () => {
    const payload = payloadOf(6 * BLOCK_BYTES + 10);
    const blocks = fc.uniqueArray(fc.nat({ max: 6 }), { minLength: 1, maxLength: 7 });
    const devices = fc.tuple(fc.constantFrom(1, 2, 8), fc.constantFrom(1, 4096));
    const range = fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 6 }), fc.nat({ max: 9 }));
    await fc.assert(
      fc.asyncProperty(blocks, range, devices, async (damaged, [one, other, inset], [window, bytes]) => {
        const { reader, device } = await opened(payload, window * BLOCK_BYTES, bytes);
        for (const block of damaged) device.content[HEADER_BYTES + block * BLOCK_BYTES + inset]! ^= 1 << (block % 8);
        const [first, last] = [Math.min(one, other), Math.max(one, other)];
        const from = first * BLOCK_BYTES + inset;
        const to = Math.min((last + 1) * BLOCK_BYTES - inset, payload.length);
        const into = new Uint8Array(to - from).fill(0xbb);
        const touched = damaged.filter((block) => block >= first && block <= last).sort((a, b) => a - b);
        const result = await reader.read(from, into);
        expect(await reader.verify(from, into.length)).toEqual(result);
        if (touched.length === 0) {
          expect(result).toEqual({ kind: 'verified' });
          expect(Buffer.compare(into, payload.subarray(from, to))).toBe(0);
        } else {
          expect(result).toEqual({ kind: 'corrupt', blocks: touched });
          expect(into.every((byte) => byte === 0)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 4096])(
    'that fails says so, which is not that the shard is bad, and serves nothing: blocks of %d',
    async (bytes) => {
      const payload = payloadOf(3 * BLOCK_BYTES + 10);
      for (let call = 1; call <= 4; call += 1) {
        const { reader, device, windows } = await opened(payload, BLOCK_BYTES, bytes);
        device.fault = { operation: 'read', call: device.calls.read + call, error: broken };
        const into = new Uint8Array(payload.length).fill(0xbb);
        expect(await reader.read(0, into)).toEqual({ kind: 'unreadable', block: call - 1, error: broken, corrupt: [] });
        expect(into.every((byte) => byte === 0)).toBe(true);
        expect(windows.inUse).toBe(0);
        expect(await reader.read(0, into)).toEqual({ kind: 'verified' });
        expect(Buffer.compare(into, payload)).toBe(0);
      }
    },
  );

  it('that fails names the blocks before it that are not as they were written', async () => {
    const { reader, device } = await opened(payloadOf(6 * BLOCK_BYTES), 2 * BLOCK_BYTES);
    for (const block of [1, 2, 5]) device.content[HEADER_BYTES + block * BLOCK_BYTES + 9]! ^= 1;
    device.fault = { operation: 'read', call: device.calls.read + 5, error: broken };
    const into = new Uint8Array(6 * BLOCK_BYTES).fill(0xbb);
    expect(await reader.read(0, into)).toEqual({ kind: 'unreadable', block: 4, error: broken, corrupt: [1, 2] });
    expect(into.every((byte) => byte === 0)).toBe(true);
  });

  it.each([1, 4096])('compares one half of its window while the other one is read: blocks of %d', async (bytes) => {
    const payload = payloadOf(9 * BLOCK_BYTES + 10);
    const { reader, device, windows } = await opened(payload, 4 * BLOCK_BYTES, bytes);
    const ends: (() => void)[] = [];
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    device.pause = () => new Promise((resolve) => ends.push(resolve));
    const into = new Uint8Array(payload.length);
    const [before, result] = [device.calls.read, reader.read(0, into)];
    const underWay: number[] = [];
    for (let ended = 0; ended < 5; ended += 1) {
      await turn();
      underWay.push(device.calls.read - before - ended);
      ends.shift()?.();
    }
    expect(underWay).toEqual([2, 2, 2, 2, 1]);
    expect(await result).toEqual({ kind: 'verified' });
    expect(Buffer.compare(into, payload)).toBe(0);
    expect(windows.inUse).toBe(0);
  });

  it('that fails ends when the device has let go of all memory, and not before', async () => {
    const { reader, device, windows } = await opened(payloadOf(8 * BLOCK_BYTES), 4 * BLOCK_BYTES);
    const ends: (() => void)[] = [];
    device.pause = () => new Promise((resolve) => ends.push(resolve));
    device.fault = { operation: 'read', call: device.calls.read + 1, error: broken };
    const states: string[] = [];
    const into = new Uint8Array(8 * BLOCK_BYTES).fill(0xbb);
    const result = reader.read(0, into).finally(() => states.push('ended'));
    for (const end of [0, 1]) {
      await new Promise((resolve) => setImmediate(resolve));
      states.push(`${windows.inUse} in use, ${ends.length - end} under way`);
      ends[end]?.();
    }
    expect(await result).toEqual({ kind: 'unreadable', block: 0, error: broken, corrupt: [] });
    expect(states).toEqual(['1 in use, 2 under way', '1 in use, 1 under way', 'ended']);
    expect([windows.inUse, ends.length, into.every((byte) => byte === 0)]).toEqual([0, 2, true]);
  });

  it('lets what is no error of a device through, and gives its window back', async () => {
    const { reader, device, windows } = await opened(payloadOf(8 * BLOCK_BYTES), 4 * BLOCK_BYTES);
    const error = new TypeError('a bug') as unknown as CoucheStorError;
    device.fault = { operation: 'read', call: device.calls.read + 2, error };
    await expect(reader.read(0, new Uint8Array(8 * BLOCK_BYTES))).rejects.toThrow(TypeError);
    expect(windows.inUse).toBe(0);
  });

  it('verifies every time, also what was right before', async () => {
    const { reader, device } = await opened(payloadOf(100));
    expect(await reader.read(0, new Uint8Array(100))).toEqual({ kind: 'verified' });
    device.content[HEADER_BYTES + 50]! ^= 0x80;
    expect(await reader.read(0, new Uint8Array(1))).toEqual({ kind: 'corrupt', blocks: [0] });
  });

  it('shares a few windows with many others', async () => {
    const payload = payloadOf(4 * BLOCK_BYTES);
    const { bytes, expected } = await writeShard(payload);
    const allocated: number[] = [];
    const windows = new WindowPool({
      windowBytes: BLOCK_BYTES,
      windows: 3,
      waiting: 29,
      allocate: (length) => (allocated.push(length), new Uint8Array(length)),
    });
    const reads = Array.from({ length: 32 }, async (_, number) => {
      const shard = await openShard({ device: new MemoryDevice(bytes), windows, crc32c }, expected);
      if (shard.kind !== 'open') return shard.kind;
      const into = new Uint8Array(2 * BLOCK_BYTES);
      const result = await shard.reader.read(number, into);
      expect(Buffer.compare(into, payload.subarray(number, number + into.length))).toBe(0);
      return result.kind;
    });
    expect(await Promise.all(reads)).toEqual(Array(32).fill('verified'));
    expect(allocated).toEqual(Array(3).fill(BLOCK_BYTES));
    expect(windows.inUse).toBe(0);
  });
});
