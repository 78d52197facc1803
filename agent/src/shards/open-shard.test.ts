import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { MemoryDevice } from './memory-device.fixture.ts';
import { openShard, type ExpectedShard, type MissingReason } from './open-shard.ts';
import { encodeHeader, type ShardIdentity } from './shard-header.ts';
import { BLOCK_BYTES, HEADER_BYTES, layoutOf, MAX_STRIPE_RECORD_BYTES, TRAILER_BYTES } from './shard-layout.ts';
import { ShardWriter } from './shard-writer.ts';
import {
  crc32c,
  identityOf,
  ioOn,
  layoutWith,
  nameOf,
  openBytes,
  payloadOf,
  readBytes,
  resealFooter,
  stripeOf,
  writeShard,
} from './shards.fixture.ts';
import { WindowPool } from './window-pool.ts';

const broken = new CoucheStorError('unavailable', 'the disk failed', { fields: { fault: 'system' } });
const PAYLOAD = payloadOf(BLOCK_BYTES + 5000);
const shard = await writeShard(PAYLOAD);

async function reasonOf(bytes: Uint8Array, expected: ExpectedShard = shard.expected): Promise<MissingReason | 'open'> {
  const opened = await openBytes(bytes, expected);
  if (opened.kind === 'unreadable') throw opened.error;
  // In one go it is the same.
  const read = await readBytes(bytes, expected, new Uint8Array(1));
  if (opened.kind === 'missing') expect(read).toEqual(opened);
  else expect(['verified', 'corrupt']).toContain(read.kind);
  if (opened.kind === 'missing') expect(opened.detail.length).toBeGreaterThan(10);
  return opened.kind === 'open' ? 'open' : opened.reason;
}

describe('a shard', () => {
  it('opens as what it was written as, with the record of its stripe', async () => {
    const reader = { identity: identityOf(), payloadBytes: PAYLOAD.length, stripe: stripeOf() };
    expect(await openBytes(shard.bytes, shard.expected)).toMatchObject({ kind: 'open', reader });
  });

  it('keeps the record of its stripe whatever its length, and nothing of the memory it was read in', async () => {
    for (const length of [0, 1, 3800, 3900, 60_000, MAX_STRIPE_RECORD_BYTES]) {
      const stripe = stripeOf({ logicalLength: 0, record: payloadOf(length, 3) });
      for (const payload of [PAYLOAD, payloadOf(1), payloadOf(2 * BLOCK_BYTES)]) {
        const { bytes, expected } = await writeShard(payload, { stripe });
        const io = ioOn(new MemoryDevice(bytes));
        const opened = await openShard(io, expected);
        (await io.windows.acquire()).fill(0xee);
        expect(opened).toMatchObject({ kind: 'open', reader: { stripe } });
      }
    }
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
    const other = await writeShard(PAYLOAD, { identity: identityOf({ name: nameOf({ index: 4 }) }) });
    expect(await reasonOf(other.bytes)).toBe('otherShard');
    const { footerOffset } = layoutWith(PAYLOAD.length);
    const mixed = (first: Buffer, second: Buffer): Buffer =>
      Buffer.concat([first.subarray(0, footerOffset), second.subarray(footerOffset)]);
    expect(await reasonOf(mixed(shard.bytes, other.bytes))).toBe('disagreement');
    expect(await reasonOf(mixed(other.bytes, shard.bytes), other.expected)).toBe('disagreement');
  });

  it('serves nothing of its payload when that is of another file with the same header', async () => {
    const older = await writeShard(payloadOf(PAYLOAD.length, 2));
    const { footerOffset } = layoutWith(PAYLOAD.length);
    const mixed = Buffer.concat([older.bytes.subarray(0, footerOffset), shard.bytes.subarray(footerOffset)]);
    expect(await reasonOf(mixed, older.expected)).toBe('otherChecksum');
    const opened = await openBytes(mixed, shard.expected);
    const into = new Uint8Array(PAYLOAD.length);
    const read = opened.kind === 'open' ? await opened.reader.read(0, into) : undefined;
    expect(read).toEqual({ kind: 'corrupt', blocks: [0, 1] });
    expect(into.every((byte) => byte === 0)).toBe(true);
    const shorter = await writeShard(PAYLOAD.subarray(0, 5000));
    const { footerOffset: shorterOffset } = layoutWith(5000);
    const cut = Buffer.concat([shorter.bytes.subarray(0, shorterOffset), shard.bytes.subarray(footerOffset)]);
    expect([await reasonOf(cut), await reasonOf(cut, shorter.expected)]).toEqual(['incomplete', 'otherLength']);
  });

  it('is missing when only the rest of the header is of another file: the footer knows which one it had', async () => {
    const changes: Partial<ShardIdentity>[] = [
      { scheme: { matrixId: 'rs-cauchy1/1', dataShards: 9, parityShards: 3, localGroups: 0 } },
      { createdBy: 'another' },
    ];
    for (const change of changes) {
      const { bytes } = encodeHeader(identityOf(change), crc32c);
      expect(await reasonOf(Buffer.concat([bytes, shard.bytes.subarray(HEADER_BYTES)]))).toBe('disagreement');
    }
  });

  it('is missing when the footer contradicts itself, though its checksum fits', async () => {
    const end = shard.bytes.length;
    const { footerBytes, recordOffset } = layoutWith(PAYLOAD.length);
    const recordEnd = end - footerBytes + recordOffset + stripeOf().record.length;
    const cases: [at: number, reason: MissingReason][] = [
      [end - footerBytes, 'corruptFooter'],
      [recordEnd, 'corruptFooter'],
      [end - TRAILER_BYTES - 1, 'corruptFooter'],
      [end - 256, 'disagreement'],
      [end - 255, 'disagreement'],
      [end - 192, 'disagreement'],
      [end - 184, 'disagreement'],
      [end - 176, 'otherLength'],
      [end - 172, 'corruptFooter'],
      [end - 162, 'corruptFooter'],
      [end - 160, 'disagreement'],
      [end - 156, 'disagreement'],
      [end - 152, 'corruptFooter'],
      [end - 150, 'corruptFooter'],
      [end - 148, 'corruptFooter'],
      [end - 29, 'corruptFooter'],
      [end - 24, 'corruptFooter'],
      [end - 20, 'disagreement'],
      [end - 16, 'corruptFooter'],
    ];
    for (const [at, reason] of cases) {
      const bytes = Buffer.from(shard.bytes);
      // The highest bits of a length, where one more is still a length.
      bytes.writeUInt8(bytes.readUInt8(at) ^ (end - at === 162 ? 0xff : end - at === 172 ? 2 : 1), at);
      resealFooter(bytes);
      expect([end - at, await reasonOf(bytes)]).toEqual([end - at, reason]);
    }
  });

  it('is missing when its parts are whole and only the checksum between them is not', async () => {
    const bytes = Buffer.from(shard.bytes);
    const end = bytes.length;
    bytes.writeUInt32LE(bytes.readUInt32LE(end - 28) + 1, end - 28);
    bytes.writeUInt32LE(crc32c(bytes.subarray(end - TRAILER_BYTES, end - 12)), end - 12);
    expect(await reasonOf(bytes)).toBe('corruptFooter');
  });

  it.each(['', 'x', 'x'.repeat(20_000), '\0'.repeat(20_480), '\0'.repeat(shard.bytes.length)])(
    'is no file of other bytes',
    async (text) => {
      expect(['incomplete', 'notAShard']).toContain(await reasonOf(Buffer.from(text)));
    },
  );

  it('is not looked for in memory that a trailer claims and a file does not have', async () => {
    const end = shard.bytes.length;
    const claiming = (payloadBytes: number, recordBytes: number, footerBytes: number): Buffer => {
      const bytes = Buffer.from(shard.bytes);
      bytes.writeBigUInt64LE(BigInt(payloadBytes), end - 176);
      bytes.writeUInt32LE(recordBytes, end - 152);
      bytes.writeUInt32LE(footerBytes, end - 16);
      return resealFooter(bytes);
    };
    const largest = { payloadBytes: 2 ** 32, recordBytes: MAX_STRIPE_RECORD_BYTES };
    const file = claiming(largest.payloadBytes, largest.recordBytes, layoutOf(largest).footerBytes);
    expect(await reasonOf(file, { ...shard.expected, payloadBytes: 2 ** 32 })).toBe('incomplete');
    expect(await reasonOf(file)).toBe('otherLength');
    expect(await reasonOf(claiming(PAYLOAD.length, MAX_STRIPE_RECORD_BYTES, 69_632))).toBe('incomplete');
    for (const recordBytes of [MAX_STRIPE_RECORD_BYTES + 1, 2 ** 32 - 1]) {
      expect(await reasonOf(claiming(PAYLOAD.length, recordBytes, 69_632))).toBe('corruptFooter');
    }
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
    const longest = await writeShard(PAYLOAD, { stripe: stripeOf({ record: payloadOf(MAX_STRIPE_RECORD_BYTES) }) });
    for (const [{ bytes, expected }, reads] of [[shard, 2] as const, [longest, 3] as const]) {
      const device = new MemoryDevice(bytes);
      expect(await openShard(ioOn(device), expected)).toMatchObject({ kind: 'open' });
      expect(device.calls.read).toBe(reads);
      for (let call = 1; call <= reads; call += 1) {
        const failing = new MemoryDevice(bytes);
        failing.fault = { operation: 'read', call, error: broken };
        const io = ioOn(failing);
        expect(await openShard(io, expected)).toEqual({ kind: 'unreadable', error: broken });
        expect(io.windows.inUse).toBe(0);
        expect(await openShard(io, expected)).toMatchObject({ kind: 'open' });
      }
    }
  });

  it('reads from the end no more than lies behind the payload, or what a window holds beside the header, and each byte once', async () => {
    const record = payloadOf(MAX_STRIPE_RECORD_BYTES);
    for (const stripe of [stripeOf(), stripeOf({ record })]) {
      for (const payloadBytes of [1, 4096, PAYLOAD.length]) {
        const { bytes, expected } = await writeShard(payloadOf(payloadBytes), { stripe });
        const device = new MemoryDevice(bytes);
        const reads: [from: number, to: number][] = [];
        const read = device.read.bind(device);
        device.read = (offset, into) => (reads.push([offset, offset + into.length]), read(offset, into));
        expect(await openShard(ioOn(device), expected)).toMatchObject({ kind: 'open' });
        const [header, last, rest] = reads;
        const start = HEADER_BYTES + payloadBytes - (payloadBytes % 4096);
        const lastFrom = Math.max(start, bytes.length - (BLOCK_BYTES - HEADER_BYTES));
        expect([header, last]).toEqual([
          [0, HEADER_BYTES],
          [lastFrom, bytes.length],
        ]);
        expect(rest).toEqual(lastFrom > start ? [start, lastFrom] : undefined);
      }
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
    const writer = await ShardWriter.begin(ioOn(device), identityOf());
    for (let left = payloadBytes; left > 0; left -= BLOCK_BYTES) await writer.append(ZEROS.subarray(0, left));
    const { checksum } = await writer.commit(stripeOf());
    expect(device.sizeBytes - layoutWith(payloadBytes).footerOffset).toBeGreaterThan(BLOCK_BYTES);
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
