import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { MemoryDevice, type Operation } from './memory-device.fixture.ts';
import {
  ALIGNMENT_BYTES,
  BLOCK_BYTES,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_STRIPE_RECORD_BYTES,
} from './shard-layout.ts';
import { ShardWriter } from './shard-writer.ts';
import { crc32c, identityOf, ioOn, layoutWith, openBytes, payloadOf, stripeOf, writeShard } from './shards.fixture.ts';
import { WindowPool } from './window-pool.ts';

const lengths = fc.oneof(
  fc.constantFrom(1, 2, ALIGNMENT_BYTES, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES),
  fc.integer({ min: 1, max: 6 * BLOCK_BYTES }),
);

const broken = new CoucheStorError('unavailable', 'the disk failed', { fields: { fault: 'system' } });

/** Lets everything go on that does not wait for a device. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a shard that is written', () => {
  it('is the same file however its bytes came, from a buffer that is used again', async () => {
    const cuts = fc.array(fc.integer({ min: 0, max: 2 * BLOCK_BYTES }), { maxLength: 8 });
    const devices = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(1, 4096));
    await fc.assert(
      fc.asyncProperty(lengths, cuts, devices, async (length, sizes, [blocks, blockBytes]) => {
        const payload = payloadOf(length);
        const device = new MemoryDevice(undefined, blockBytes);
        const writer = await ShardWriter.begin(ioOn(device, blocks * BLOCK_BYTES), identityOf());
        const buffer = new Uint8Array(2 * BLOCK_BYTES);
        for (const size of [...sizes, ...Array<number>(6).fill(BLOCK_BYTES)]) {
          const piece = payload.subarray(writer.appendedBytes, writer.appendedBytes + size);
          buffer.set(piece);
          await writer.append(buffer.subarray(0, piece.length));
          buffer.fill(0xee);
        }
        const committed = await writer.commit(stripeOf());
        const { bytes, expected } = await writeShard(payload);
        expect(committed).toEqual({ checksum: crc32c(payload), fileBytes: layoutWith(length).fileBytes });
        expect(expected.checksum).toBe(committed.checksum);
        expect(Buffer.compare(device.content, bytes)).toBe(0);
        expect(device.synced).toBe(bytes.length);
      }),
      { numRuns: 100 },
    );
  });

  it('holds the payload as it is, right after the header, and ends at a multiple of the sector', async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (length) => {
        const payload = payloadOf(length);
        const { bytes } = await writeShard(payload);
        expect(bytes.length % ALIGNMENT_BYTES).toBe(0);
        expect(Buffer.compare(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length), payload)).toBe(0);
        expect(bytes.subarray(HEADER_BYTES + length, layoutWith(length).footerOffset).every((byte) => byte === 0)).toBe(
          true,
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is written through one window, and slows its source down to the device', async () => {
    const device = new MemoryDevice();
    let allocated = 0;
    const windows = new WindowPool({
      windowBytes: BLOCK_BYTES,
      windows: 4,
      waiting: 0,
      allocate: (bytes) => ((allocated += bytes), new Uint8Array(bytes)),
    });
    const length = 20 * BLOCK_BYTES;
    const writer = await ShardWriter.begin({ device, windows, crc32c }, identityOf());
    const held: (() => void)[] = [];
    device.pause = () => new Promise((resolve) => held.push(resolve));
    let ended = false;
    const append = writer.append(payloadOf(length)).then(() => (ended = true));
    for (let call = 1; call <= 20; call += 1) {
      await settled();
      expect([device.calls.write, held.length, ended, windows.inUse]).toEqual([call, 1, false, 1]);
      held.pop()?.();
    }
    await append;
    device.pause = undefined;
    await writer.commit(stripeOf());
    expect(allocated).toBe(BLOCK_BYTES);
    expect(windows.inUse).toBe(0);
  });

  it('waits for memory, and goes on when another shard has ended', async () => {
    const allocated: number[] = [];
    const windows = new WindowPool({
      windowBytes: BLOCK_BYTES,
      windows: 2,
      waiting: 6,
      allocate: (bytes) => (allocated.push(bytes), new Uint8Array(bytes)),
    });
    const written = await Promise.all(
      Array.from({ length: 8 }, async (_, shard) => {
        const device = new MemoryDevice();
        const payload = payloadOf(100_000 + shard);
        const writer = await ShardWriter.begin({ device, windows, crc32c }, identityOf());
        await writer.append(payload);
        expect(windows.inUse).toBeLessThanOrEqual(2);
        await writer.commit(stripeOf());
        return Buffer.compare(device.content, (await writeShard(payload)).bytes);
      }),
    );
    expect(written).toEqual(Array(8).fill(0));
    expect(allocated).toEqual([BLOCK_BYTES, BLOCK_BYTES]);
  });
});

describe('a writer', () => {
  it('refuses an identity that no header can hold before anything is written or taken', async () => {
    const device = new MemoryDevice();
    const io = ioOn(device);
    await expect(ShardWriter.begin(io, identityOf({ createdBy: '' }))).rejects.toMatchObject({
      code: 'invalid',
      fields: { field: 'createdBy' },
    });
    expect([device.calls, io.windows.inUse]).toEqual([{ read: 0, write: 0, sync: 0 }, 0]);
  });

  it('refuses a device that holds something', async () => {
    const io = ioOn(new MemoryDevice(new Uint8Array(ALIGNMENT_BYTES)));
    await expect(ShardWriter.begin(io, identityOf())).rejects.toMatchObject({ code: 'conflict' });
    expect(io.windows.inUse).toBe(0);
  });

  it('refuses a payload of nothing or of too much, and may be told better', async () => {
    const device = new MemoryDevice();
    const writer = await ShardWriter.begin(ioOn(device), identityOf());
    expect(writer.checksum).toBe(0);
    await writer.append(new Uint8Array(0));
    await expect(writer.commit(stripeOf())).rejects.toMatchObject({
      code: 'invalid',
      fields: { field: 'payload', appendedBytes: 0 },
    });
    await writer.append(payloadOf(10).subarray(0, 4));
    // Nobody touches it, so nobody has to have it.
    const tooMuch = { length: MAX_PAYLOAD_BYTES - 3 } as Uint8Array;
    await expect(writer.append(tooMuch)).rejects.toMatchObject({
      code: 'invalid',
      fields: { field: 'payload', appendedBytes: 4 },
    });
    expect(device.calls.write).toBe(0);
    await writer.append(payloadOf(10).subarray(4));
    await writer.commit(stripeOf());
    expect(Buffer.compare(device.content, (await writeShard(payloadOf(10))).bytes)).toBe(0);
  });

  it.each([
    ['logicalLength', { logicalLength: -1 }],
    ['logicalLength', { logicalLength: 0.5 }],
    ['logicalLength', { logicalLength: 2 ** 53 }],
    ['record', { record: new Uint8Array(MAX_STRIPE_RECORD_BYTES + 1) }],
  ])('refuses a %s that no footer can hold, does nothing, and may be told a better one: %j', async (field, changes) => {
    const device = new MemoryDevice();
    const writer = await ShardWriter.begin(ioOn(device), identityOf());
    await writer.append(payloadOf(10));
    await expect(writer.commit(stripeOf(changes))).rejects.toMatchObject({ code: 'invalid', fields: { field } });
    expect(device.calls).toEqual({ read: 0, write: 0, sync: 0 });
    await writer.commit(stripeOf());
    expect(Buffer.compare(device.content, (await writeShard(payloadOf(10))).bytes)).toBe(0);
  });

  it('knows the checksum of what it was given, at any time, so that the record can have it', async () => {
    const payload = payloadOf(40 * BLOCK_BYTES + 3);
    const writer = await ShardWriter.begin(ioOn(new MemoryDevice()), identityOf());
    for (const end of [1, BLOCK_BYTES, 17 * BLOCK_BYTES + 5, payload.length]) {
      await writer.append(payload.subarray(writer.appendedBytes, end));
      expect(writer.checksum).toBe(crc32c(payload.subarray(0, end)));
    }
    const { checksum } = writer;
    expect((await writer.commit(stripeOf())).checksum).toBe(checksum);
  });

  it('takes the record as it is when the shard is committed, whatever becomes of it meanwhile', async () => {
    const device = new MemoryDevice();
    const writer = await ShardWriter.begin(ioOn(device), identityOf());
    await writer.append(payloadOf(10));
    const stripe = stripeOf();
    const committed = writer.commit(stripe);
    stripe.record.fill(0);
    await committed;
    expect(Buffer.compare(device.content, (await writeShard(payloadOf(10))).bytes)).toBe(0);
  });

  it('is used by one call at a time, and by none after its end', async () => {
    const device = new MemoryDevice();
    const io = ioOn(device);
    const writer = await ShardWriter.begin(io, identityOf());
    const append = writer.append(payloadOf(2 * BLOCK_BYTES));
    await expect(writer.append(new Uint8Array(0))).rejects.toThrow('one call at a time');
    await expect(writer.commit(stripeOf())).rejects.toThrow('one call at a time');
    expect(() => writer.abort()).toThrow('while a call is under way');
    await append;
    await writer.commit(stripeOf());
    await expect(writer.commit(stripeOf())).rejects.toThrow('not when it is committed');
    await expect(writer.append(new Uint8Array(0))).rejects.toThrow('not when it is committed');
    writer.abort();
    expect(io.windows.inUse).toBe(0);
  });

  it('gives its memory back when it is aborted', async () => {
    const io = ioOn(new MemoryDevice());
    const writer = await ShardWriter.begin(io, identityOf());
    writer.abort();
    writer.abort();
    expect(io.windows.inUse).toBe(0);
    await expect(writer.append(new Uint8Array(1))).rejects.toThrow('not when it is aborted');
  });

  it('refuses everything after a call of the device has failed, whichever it was, and leaves no shard', async () => {
    const payload = payloadOf(5 * BLOCK_BYTES + 1);
    const { expected } = await writeShard(payload);
    const count = async (fault?: { operation: Operation; call: number }): Promise<MemoryDevice> => {
      const device = new MemoryDevice();
      const io = ioOn(device);
      if (fault !== undefined) device.fault = { ...fault, error: broken };
      const writer = await ShardWriter.begin(io, identityOf());
      const write = async (): Promise<void> => {
        await writer.append(payload.subarray(0, BLOCK_BYTES));
        await writer.append(payload.subarray(BLOCK_BYTES));
        await writer.commit(stripeOf());
      };
      if (fault === undefined) {
        await write();
        return device;
      }
      await expect(write()).rejects.toBe(broken);
      expect(io.windows.inUse).toBe(0);
      const calls = { ...device.calls };
      await expect(writer.append(new Uint8Array(0))).rejects.toBe(broken);
      await expect(writer.commit(stripeOf())).rejects.toBe(broken);
      writer.abort();
      expect(device.calls).toEqual(calls);
      return device;
    };
    const { calls } = await count();
    expect(calls).toEqual({ read: 0, write: 6, sync: 1 });
    for (let call = 1; call <= calls.write; call += 1) {
      const device = await count({ operation: 'write', call });
      expect(device.calls).toEqual({ read: 0, write: call, sync: 0 });
      expect(await openBytes(device.content, expected)).toMatchObject({ kind: 'missing', reason: 'incomplete' });
    }
    expect((await count({ operation: 'sync', call: 1 })).synced).toBe(0);
  });
});
