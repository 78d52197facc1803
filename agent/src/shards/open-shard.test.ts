import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { MemoryDevice } from './memory-device.fixture.ts';
import { openShard, type ExpectedShard, type MissingReason } from './open-shard.ts';
import { encodeHeader, type ShardHeader } from './shard-header.ts';
import { BLOCK_BYTES, HEADER_BYTES, layoutOf, TAIL_BYTES } from './shard-layout.ts';
import { ShardWriter } from './shard-writer.ts';
import { crc32c, headerOf, ioOn, nameOf, openBytes, payloadOf, writeShard } from './shards.fixture.ts';
import { WindowPool } from './window-pool.ts';

const broken = new CoucheStorError('unavailable', 'the disk failed', { fields: { fault: 'system' } });
const PAYLOAD = payloadOf(BLOCK_BYTES + 5000);
const shard = await writeShard(PAYLOAD);

async function reasonOf(bytes: Uint8Array, expected: ExpectedShard = shard.expected): Promise<MissingReason | 'open'> {
  const opened = await openBytes(bytes, expected);
  if (opened.kind === 'unreadable') throw opened.error;
  if (opened.kind === 'missing') expect(opened.detail.length).toBeGreaterThan(10);
  return opened.kind === 'open' ? 'open' : opened.reason;
}

describe('a shard', () => {
  it('opens as what it was written as, with the record of its stripe', async () => {
    const header = headerOf(PAYLOAD.length);
    const opened = await openBytes(shard.bytes, shard.expected);
    expect(opened).toMatchObject({ kind: 'open', reader: { header } });
  });

  it.each<[string, Partial<ExpectedShard>, MissingReason]>([
    ['volume', { name: nameOf({ volumeId: 'vol-6' }) }, 'otherShard'],
    ['epoch', { name: nameOf({ stripeId: '8-42' }) }, 'otherShard'],
    ['stripe of the epoch', { name: nameOf({ stripeId: '7-43' }) }, 'otherShard'],
    ['index', { name: nameOf({ index: 2 }) }, 'otherShard'],
    ['placement, before the move', { name: nameOf({ placement: 0 }) }, 'otherShard'],
    ['placement, after the move', { name: nameOf({ placement: 2 }) }, 'otherShard'],
    ['length, one less', { payloadBytes: PAYLOAD.length - 1 }, 'otherLength'],
    ['length, one more', { payloadBytes: PAYLOAD.length + 1 }, 'otherLength'],
    ['checksum', { checksum: (shard.expected.checksum ^ 1) >>> 0 }, 'otherChecksum'],
  ])('of another %s is missing', async (_, changes, reason) => {
    expect(await reasonOf(shard.bytes, { ...shard.expected, ...changes })).toBe(reason);
  });

  it('says which one it is instead', async () => {
    const wanted = { ...shard.expected, name: nameOf({ index: 2 }) };
    expect(await openBytes(shard.bytes, wanted)).toEqual({
      kind: 'missing',
      reason: 'otherShard',
      detail: 'it is vol-5f0c954c/7-42/3.1.shard, and not vol-5f0c954c/7-42/2.1.shard',
    });
  });

  it('that is older and valid is missing: the write that replaced it was lost', async () => {
    const older = await writeShard(payloadOf(PAYLOAD.length, 2));
    expect(await reasonOf(older.bytes, older.expected)).toBe('open');
    expect(await reasonOf(older.bytes)).toBe('otherChecksum');
  });

  it('is missing when two files were swapped, or the ends of two files', async () => {
    const other = await writeShard(PAYLOAD, headerOf(PAYLOAD.length, { name: nameOf({ index: 4 }) }));
    expect(await reasonOf(other.bytes)).toBe('otherShard');
    const { footerOffset } = layoutOf(PAYLOAD.length);
    const mixed = (first: Buffer, second: Buffer): Buffer =>
      Buffer.concat([first.subarray(0, footerOffset), second.subarray(footerOffset)]);
    expect(await reasonOf(mixed(shard.bytes, other.bytes))).toBe('disagreement');
    expect(await reasonOf(mixed(other.bytes, shard.bytes), other.expected)).toBe('disagreement');
  });

  it('is missing when only the rest of the header is of another file: the footer knows which one it had', async () => {
    const changes: Partial<ShardHeader>[] = [
      { stripeLogicalBytes: 1 },
      { scheme: { matrixId: 'rs-cauchy1/1', dataShards: 9, parityShards: 3, localGroups: 0 } },
      { stripeRecord: new Uint8Array(1) },
      { createdBy: 'another' },
    ];
    for (const change of changes) {
      const { bytes } = encodeHeader(headerOf(PAYLOAD.length, change), crc32c);
      expect(await reasonOf(Buffer.concat([bytes, shard.bytes.subarray(HEADER_BYTES)]))).toBe('disagreement');
    }
  });

  it('is missing when the footer contradicts itself, though its checksum fits', async () => {
    const end = shard.bytes.length;
    const cases: [at: number, reason: MissingReason][] = [
      [end - layoutOf(PAYLOAD.length).footerBytes, 'corruptFooter'],
      [end - TAIL_BYTES - 1, 'corruptFooter'],
      [end - 160, 'corruptFooter'],
      [end - 24, 'corruptFooter'],
      [end - 16, 'corruptFooter'],
      [end - 256, 'disagreement'],
      [end - 255, 'disagreement'],
      [end - 192, 'disagreement'],
      [end - 184, 'disagreement'],
      [end - 176, 'disagreement'],
      [end - 168, 'disagreement'],
      [end - 164, 'disagreement'],
      [end - 20, 'disagreement'],
    ];
    for (const [at, reason] of cases) {
      const bytes = Buffer.from(shard.bytes);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      const { footerOffset } = layoutOf(PAYLOAD.length);
      bytes.writeUInt32LE(crc32c(bytes.subarray(footerOffset, end - 12)), end - 12);
      expect([end - at, await reasonOf(bytes)]).toEqual([end - at, reason]);
    }
  });

  it.each(['', 'x', 'x'.repeat(20_000), '\0'.repeat(20_480), '\0'.repeat(shard.bytes.length)])(
    'is no file of other bytes',
    async (text) => {
      expect(['incomplete', 'notAShard']).toContain(await reasonOf(Buffer.from(text)));
    },
  );

  it('is not looked for in memory that a header claims and a file does not have', async () => {
    const { bytes } = encodeHeader(headerOf(2 ** 32), crc32c);
    const file = Buffer.concat([bytes, Buffer.alloc(16_384)]);
    expect(await reasonOf(file, { ...shard.expected, payloadBytes: 2 ** 32 })).toBe('incomplete');
    expect(await reasonOf(file)).toBe('otherLength');
  });
});

const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** Keeps the windows that hold anything, so that a gigabyte of zeros costs nothing. */
class MostlyZerosDevice extends MemoryDevice {
  readonly #windows = new Map<number, Buffer>();
  #sizeBytes = 0;

  override get sizeBytes(): number {
    return this.#sizeBytes;
  }

  override write(offset: number, from: Uint8Array): Promise<void> {
    expect(offset).toBe(this.#sizeBytes);
    if (!ZEROS.subarray(0, from.length).equals(from)) this.#windows.set(offset, Buffer.from(from));
    this.#sizeBytes += from.length;
    return Promise.resolve();
  }

  override read(offset: number, into: Uint8Array): Promise<void> {
    into.fill(0);
    for (const [start, window] of this.#windows) {
      const [from, to] = [Math.max(start, offset), Math.min(start + window.length, offset + into.length)];
      if (from < to) into.set(window.subarray(from - start, to - start), from - offset);
    }
    return Promise.resolve();
  }
}

describe('opening', () => {
  it('tells a device that did not answer from a shard that is missing, at every read', async () => {
    const device = new MemoryDevice(shard.bytes);
    expect(await openShard(ioOn(device), shard.expected)).toMatchObject({ kind: 'open' });
    const { read } = device.calls;
    expect(read).toBe(2);
    for (let call = 1; call <= read; call += 1) {
      const failing = new MemoryDevice(shard.bytes);
      failing.fault = { operation: 'read', call, error: broken };
      const io = ioOn(failing);
      expect(await openShard(io, shard.expected)).toEqual({ kind: 'unreadable', error: broken });
      expect(io.windows.inUse).toBe(0);
      expect(await openShard(io, shard.expected)).toMatchObject({ kind: 'open' });
    }
  });

  it('lets what is no error of a device through', async () => {
    const bug = new MemoryDevice(shard.bytes);
    bug.fault = { operation: 'read', call: 1, error: new TypeError('a bug') as unknown as CoucheStorError };
    const io = ioOn(bug);
    await expect(openShard(io, shard.expected)).rejects.toThrow(TypeError);
    expect(io.windows.inUse).toBe(0);
  });

  it('reads a table of checksums that is longer than a window', async () => {
    const payloadBytes = 16_400 * BLOCK_BYTES - 1;
    const device = new MostlyZerosDevice();
    const writer = await ShardWriter.begin(ioOn(device), headerOf(payloadBytes));
    for (let left = payloadBytes; left > 0; left -= BLOCK_BYTES) await writer.append(ZEROS.subarray(0, left));
    const { checksum } = await writer.commit();
    expect(device.sizeBytes - layoutOf(payloadBytes).footerOffset).toBeGreaterThan(BLOCK_BYTES);
    const opened = await openShard(ioOn(device), { name: nameOf(), payloadBytes, checksum });
    const reader = opened.kind === 'open' ? opened.reader : undefined;
    expect(await reader?.read(payloadBytes - 10, new Uint8Array(10))).toEqual({ kind: 'verified' });
  });

  it('holds no window but its own, and none afterwards', async () => {
    const windows = new WindowPool({
      windowBytes: BLOCK_BYTES,
      windows: 1,
      waiting: 0,
      allocate: (bytes) => new Uint8Array(bytes),
    });
    const io = { device: new MemoryDevice(shard.bytes), windows, crc32c };
    const first = openShard(io, shard.expected);
    await expect(openShard(io, shard.expected)).rejects.toMatchObject({ code: 'tooManyRequests' });
    expect(await first).toMatchObject({ kind: 'open' });
    expect(windows.inUse).toBe(0);
  });
});
