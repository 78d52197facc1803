/** A range that is read in one go: the answers of opening and then reading, whatever is damaged and whatever the device refuses. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { MemoryDevice } from './memory-device.fixture.ts';
import { openShard, type ExpectedShard } from './open-shard.ts';
import { readRange, verifyShard, type RangeRead } from './read-range.ts';
import { BLOCK_BYTES, HEADER_BYTES } from './shard-layout.ts';
import type { ShardIo } from './shard-io.ts';
import { ioOn, layoutWith, nameOf, payloadOf, writeShard } from './shards.fixture.ts';

const refusal = (where: string): CoucheStorError =>
  new CoucheStorError('unavailable', `${where} cannot be read`, { fields: { fault: 'system' } });

const PAYLOAD = payloadOf(6 * BLOCK_BYTES + 5000);
const shard = await writeShard(PAYLOAD);
const { footerOffset, fileBytes } = layoutWith(PAYLOAD.length);

/** A disk with places that it cannot read. */
class PatchyDevice extends MemoryDevice {
  readonly #refused: readonly number[];

  constructor(content: Uint8Array, blockBytes: number, refused: readonly number[]) {
    super(content, blockBytes);
    this.#refused = refused;
  }

  override async read(offset: number, into: Uint8Array): Promise<void> {
    await super.read(offset, into);
    const place = this.#refused.find((at) => at >= offset && at < offset + into.length);
    if (place === undefined) return;
    into.fill(0xa5);
    throw refusal(place < HEADER_BYTES ? 'the header' : place < footerOffset ? 'the payload' : 'the footer');
  }
}

interface Request {
  readonly io: ShardIo;
  readonly expected: ExpectedShard;
  readonly from: number;
  readonly length: number;
}

interface Got {
  readonly answer: RangeRead;
  readonly into: Uint8Array;
}

async function inOneGo({ io, expected, from, length }: Request): Promise<Got> {
  const into = new Uint8Array(length).fill(0xbb);
  return { answer: await readRange(io, expected, from, into), into };
}

async function opening({ io, expected, from, length }: Request): Promise<Got> {
  const into = new Uint8Array(length);
  const opened = await openShard(io, expected);
  return { answer: opened.kind === 'open' ? await opened.reader.read(from, into) : opened, into };
}

const whole = (device: MemoryDevice, windowBlocks = 2): Request => ({
  ...{ io: ioOn(device, windowBlocks * BLOCK_BYTES), expected: shard.expected },
  ...{ from: 0, length: PAYLOAD.length },
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a range that is read in one go', () => {
  it('has the answer and the bytes of opening and reading', async () => {
    const places = fc.oneof(fc.nat({ max: PAYLOAD.length }), fc.constantFrom(0, BLOCK_BYTES, PAYLOAD.length));
    const requests = fc.record({
      range: fc.tuple(places, places),
      windowBlocks: fc.constantFrom(1, 2, 3, 4, 16),
      blockBytes: fc.constantFrom(1, 4096),
      damaged: fc.array(fc.nat({ max: fileBytes - 1 }), { maxLength: 2 }),
      refused: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: fileBytes - 1 }), { maxLength: 2 })),
      cutBytes: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat({ max: fileBytes })),
      expected: fc.oneof(
        { weight: 5, arbitrary: fc.constant(shard.expected) },
        fc.constantFrom(
          { ...shard.expected, name: nameOf({ index: 2 }) },
          { ...shard.expected, payloadBytes: PAYLOAD.length + 1 },
          { ...shard.expected, payloadBytes: 2 ** 32 },
          { ...shard.expected, checksum: 1 },
        ),
      ),
    });
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(requests, async ({ range, windowBlocks, blockBytes, damaged, refused, cutBytes, expected }) => {
        const content = Buffer.from(shard.bytes.subarray(0, fileBytes - cutBytes));
        for (const at of damaged) if (at < content.length) content[at]! ^= 0x10;
        const io = ioOn(new PatchyDevice(content, blockBytes, refused), windowBlocks * BLOCK_BYTES);
        const [from, to] = [Math.min(...range), Math.max(...range)];
        const request = { io, expected, from, length: to - from };
        const got = await inOneGo(request);
        const wanted = await opening(request);
        expect(got.answer).toEqual(wanted.answer);
        expect(Buffer.compare(got.into, wanted.into)).toBe(0);
        if (got.answer.kind === 'verified') expect(Buffer.compare(got.into, PAYLOAD.subarray(from, to))).toBe(0);
        expect(io.windows.inUse).toBe(0);
        kinds.add(got.answer.kind);
      }),
      { numRuns: 1500 },
    );
    expect([...kinds].sort()).toEqual(['corrupt', 'missing', 'unreadable', 'verified']);
  });

  it('is read while both ends are', async () => {
    const device = new MemoryDevice(shard.bytes);
    const ends: (() => void)[] = [];
    device.pause = () => new Promise((resolve) => ends.push(resolve));
    const reading = inOneGo(whole(device));
    await turn();
    expect(device.calls.read).toBe(3);
    device.pause = undefined;
    for (const end of ends) end();
    expect((await reading).answer).toEqual({ kind: 'verified' });
  });

  it('is not served before the ends are confirmed, though all of it has been read', async () => {
    for (const damaged of [undefined, footerOffset]) {
      const device = new MemoryDevice(shard.bytes, 1);
      if (damaged !== undefined) device.content[damaged]! ^= 1;
      const { promise: wait, resolve: goOn } = Promise.withResolvers<undefined>();
      const read = device.read.bind(device);
      device.read = async (offset, into) => {
        await read(offset, into);
        if (offset > BLOCK_BYTES) await wait;
      };
      const states: string[] = [];
      const reading = inOneGo({ ...whole(device), length: BLOCK_BYTES }).finally(() => states.push('ended'));
      for (let at = 0; at < 5; at += 1) await turn();
      expect([device.calls.read, states]).toEqual([3, []]);
      goOn(undefined);
      const { answer, into } = await reading;
      expect(answer.kind).toBe(damaged === undefined ? 'verified' : 'missing');
      const served = damaged === undefined ? PAYLOAD.subarray(0, BLOCK_BYTES) : new Uint8Array(BLOCK_BYTES);
      expect(Buffer.compare(into, served)).toBe(0);
    }
  });

  it.each([
    ['its header', [0], { kind: 'unreadable', error: refusal('the header') }],
    ['its footer', [footerOffset], { kind: 'unreadable', error: refusal('the footer') }],
    ['both ends', [0, footerOffset], { kind: 'unreadable', error: refusal('the header') }],
    ['its payload', [HEADER_BYTES + 9], { kind: 'unreadable', error: refusal('the payload'), block: 0, corrupt: [] }],
    ['an end and its payload', [footerOffset, 5000], { kind: 'unreadable', error: refusal('the footer') }],
    ['anything', [0, 5000, footerOffset], { kind: 'unreadable', error: refusal('the header') }],
  ])('is zeros where %s cannot be read, and the next one is read again', async (_, refused, answer) => {
    for (const blockBytes of [1, 4096]) {
      const { io, ...request } = whole(new PatchyDevice(shard.bytes, blockBytes, refused));
      const got = await inOneGo({ io, ...request });
      expect(got.answer).toEqual(answer);
      expect(got.into.every((byte) => byte === 0)).toBe(true);
      expect(await verifyShard(io, shard.expected)).toEqual(answer);
      expect(io.windows.inUse).toBe(0);
    }
  });

  it('ends when the device has let go of all memory, whatever is known by then', async () => {
    const device = new PatchyDevice(shard.bytes, 4096, [0]);
    const ends: (() => void)[] = [];
    device.pause = () => new Promise((resolve) => ends.push(resolve));
    const request = whole(device);
    const states: string[] = [];
    const reading = inOneGo(request).finally(() => states.push('ended'));
    // Its payload is the first that was begun; the ends are known, and it is not read yet.
    for (const end of [2, 1, 0]) {
      await turn();
      states.push(`${request.io.windows.inUse} in use`);
      ends[end]?.();
    }
    expect((await reading).answer).toMatchObject({ kind: 'unreadable' });
    expect(states).toEqual(['1 in use', '1 in use', '1 in use', 'ended']);
    expect(request.io.windows.inUse).toBe(0);
  });

  it.each([1, 2, 3, 4])('lets what is no error of a device through: read %d', async (call) => {
    const device = new MemoryDevice(shard.bytes);
    device.fault = { operation: 'read', call, error: new TypeError('a bug') as unknown as CoucheStorError };
    const { io } = whole(device);
    const into = new Uint8Array(PAYLOAD.length).fill(0xbb);
    await expect(readRange(io, shard.expected, 0, into)).rejects.toThrow(TypeError);
    expect([into.every((byte) => byte === 0), io.windows.inUse]).toEqual([true, 0]);
  });

  it('of a file that cannot be the shard begins with its ends alone', async () => {
    for (const bytes of [shard.bytes.subarray(0, footerOffset), shard.bytes.subarray(0, -1), Buffer.alloc(20_480)]) {
      const device = new MemoryDevice(bytes);
      expect((await inOneGo(whole(device))).answer).toMatchObject({ kind: 'missing' });
      expect(device.calls.read).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    [-1, 1, PAYLOAD.length],
    [0.5, 1, PAYLOAD.length],
    [NaN, 1, PAYLOAD.length],
    [PAYLOAD.length, 1, PAYLOAD.length],
    [0, 1, NaN],
    [0, 1, 0],
  ])('is refused when it is not within the payload: from %d, %d bytes of %d', async (from, length, payloadBytes) => {
    const device = new MemoryDevice(shard.bytes);
    const into = new Uint8Array(length).fill(0xbb);
    const { io } = whole(device);
    await expect(readRange(io, { ...shard.expected, payloadBytes }, from, into)).rejects.toMatchObject({
      code: 'invalid',
      fields: { field: 'range' },
    });
    expect([device.calls.read, io.windows.inUse, into[0]]).toEqual([0, 0, 0]);
  });

  it('holds one window, so that no two readers wait for each other', async () => {
    const { io } = whole(new MemoryDevice(shard.bytes));
    const first = readRange(io, shard.expected, 0, new Uint8Array(PAYLOAD.length));
    const into = new Uint8Array(9).fill(0xbb);
    await expect(readRange(io, shard.expected, 0, into)).rejects.toMatchObject({ code: 'tooManyRequests' });
    expect([await first, into[0]]).toEqual([{ kind: 'verified' }, 0]);
  });
});
