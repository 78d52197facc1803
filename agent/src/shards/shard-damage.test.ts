/** Every byte of whole small files, and files of any bytes: what is not exactly what was written is never served. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ExpectedShard } from './open-shard.ts';
import type { RangeRead } from './read-range.ts';
import { ALIGNMENT_BYTES, BLOCK_BYTES, HEADER_BYTES } from './shard-layout.ts';
import {
  crc32c,
  layoutWith,
  openBytes,
  payloadOf,
  readBytes,
  resealFooter,
  stripeOf,
  writeShard,
  type WrittenShard,
} from './shards.fixture.ts';

/** What a reader gets who asks for the whole shard, opened before or in one go. */
async function outcomeOf(bytes: Uint8Array, shard: WrittenShard): Promise<string> {
  const outcome = await outcomeOfOpening(bytes, shard);
  expect(await outcomeInOneGo(bytes, shard)).toBe(outcome);
  return outcome;
}

async function outcomeOfOpening(bytes: Uint8Array, { expected }: WrittenShard): Promise<string> {
  const opened = await openBytes(bytes, expected);
  if (opened.kind !== 'open') return opened.kind === 'missing' ? opened.reason : opened.kind;
  const into = new Uint8Array(expected.payloadBytes);
  return outcomeOfRead(await opened.reader.read(0, into), into, expected);
}

async function outcomeInOneGo(bytes: Uint8Array, { expected }: WrittenShard): Promise<string> {
  const into = new Uint8Array(expected.payloadBytes).fill(0xbb);
  return outcomeOfRead(await readBytes(bytes, expected, into), into, expected);
}

function outcomeOfRead(read: RangeRead, into: Uint8Array, { checksum }: ExpectedShard): string {
  if (read.kind === 'verified') {
    expect(crc32c(into)).toBe(checksum);
    return 'verified';
  }
  expect(Buffer.compare(into, new Uint8Array(into.length))).toBe(0);
  if (read.kind === 'missing') return read.reason;
  return read.kind === 'corrupt' ? `corrupt ${read.blocks.join()}` : read.kind;
}

/** What damage at `offset` has to be found as. */
function findingsAt(offset: number, payloadBytes: number): readonly string[] {
  const { footerOffset } = layoutWith(payloadBytes);
  if (offset < HEADER_BYTES) return ['notAShard', 'corruptHeader'];
  if (offset < HEADER_BYTES + payloadBytes) return [`corrupt ${Math.floor((offset - HEADER_BYTES) / BLOCK_BYTES)}`];
  return offset < footerOffset ? ['corruptPadding'] : ['corruptFooter', 'incomplete'];
}

describe.each([1, 5000, 2 * ALIGNMENT_BYTES])('a shard of %d bytes', (length) => {
  it('is whole', async () => {
    const shard = await writeShard(payloadOf(length));
    expect(await outcomeOf(shard.bytes, shard)).toBe('verified');
  });

  it('with one bit flipped, in whichever byte of the file, is found out and serves nothing', async () => {
    const shard = await writeShard(payloadOf(length));
    const served: number[] = [];
    for (let offset = 0; offset < shard.bytes.length; offset += 1) {
      const bytes = Buffer.from(shard.bytes);
      bytes[offset]! ^= 1 << (offset % 8);
      if (!findingsAt(offset, length).includes(await outcomeOf(bytes, shard))) served.push(offset);
    }
    expect(served).toEqual([]);
  });

  it('cut at whichever length is missing', async () => {
    const shard = await writeShard(payloadOf(length));
    const served: number[] = [];
    for (let end = 0; end < shard.bytes.length; end += 1) {
      if ((await outcomeOf(shard.bytes.subarray(0, end), shard)) !== 'incomplete') served.push(end);
    }
    expect(served).toEqual([]);
  });

  it.each([1, ALIGNMENT_BYTES, BLOCK_BYTES])(
    'with %d bytes more, at the end or the start, is missing',
    async (more) => {
      const shard = await writeShard(payloadOf(length));
      expect(await outcomeOf(Buffer.concat([shard.bytes, Buffer.alloc(more)]), shard)).toBe('incomplete');
      expect(await outcomeOf(Buffer.concat([shard.bytes, shard.bytes.subarray(-more)]), shard)).toBe('incomplete');
      expect(await outcomeOf(Buffer.concat([Buffer.alloc(more), shard.bytes]), shard)).toBe('notAShard');
    },
  );
});

describe('a shard of several blocks', () => {
  const length = 2 * BLOCK_BYTES + 5000;

  it('with a sector of zeros, or of another place of it, is found out', async () => {
    const shard = await writeShard(payloadOf(length));
    for (let offset = 0; offset < shard.bytes.length; offset += ALIGNMENT_BYTES) {
      const last = offset + ALIGNMENT_BYTES - 1;
      const findings = [...findingsAt(offset, length), ...findingsAt(last, length)];
      const zeroed = Buffer.from(shard.bytes).fill(0, offset, offset + ALIGNMENT_BYTES);
      expect(findings).toContain(await outcomeOf(zeroed, shard));
      const misplaced = Buffer.from(shard.bytes);
      const other = (offset + 5 * ALIGNMENT_BYTES) % shard.bytes.length;
      shard.bytes.copy(misplaced, offset, other, other + ALIGNMENT_BYTES);
      expect(findings).toContain(await outcomeOf(misplaced, shard));
    }
  });

  it('with bits flipped anywhere is found out', async () => {
    const shard = await writeShard(payloadOf(length));
    const flips = fc.uniqueArray(fc.nat({ max: shard.bytes.length * 8 - 1 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(flips, async (bits) => {
        const bytes = Buffer.from(shard.bytes);
        for (const bit of bits) bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(await outcomeOf(bytes, shard)).not.toBe('verified');
      }),
      { numRuns: 400 },
    );
  });
});

describe('a shard with the longest record', () => {
  const record = payloadOf(65_536, 3);

  it('is found out with a bit flipped behind its payload, here and there, and cut', async () => {
    const shard = await writeShard(payloadOf(5000), { stripe: stripeOf({ record }) });
    const { footerOffset } = layoutWith(5000);
    expect(await outcomeOf(shard.bytes, shard)).toBe('verified');
    const served: number[] = [];
    for (let offset = HEADER_BYTES + 5000; offset < shard.bytes.length; offset += 37) {
      const bytes = Buffer.from(shard.bytes);
      bytes[offset]! ^= 1 << (offset % 8);
      const findings = offset < footerOffset ? ['corruptPadding'] : ['corruptFooter', 'incomplete'];
      if (!findings.includes(await outcomeOf(bytes, shard))) served.push(offset);
    }
    for (let end = 0; end < shard.bytes.length; end += 512) {
      if ((await outcomeOf(shard.bytes.subarray(0, end), shard)) !== 'incomplete') served.push(end);
    }
    expect(served).toEqual([]);
  });
});

describe('a shard whose payload is a shard', () => {
  it('is missing when it was cut where the inner one ends, which has its name', async () => {
    const inner = await writeShard(payloadOf(5000));
    const outer = await writeShard(inner.bytes);
    const cut = outer.bytes.subarray(0, HEADER_BYTES + inner.bytes.length);
    expect(await outcomeOf(cut, outer)).toBe('otherLength');
    expect(await outcomeOf(cut, inner)).toBe('incomplete');
  });
});

describe('a file of any bytes', () => {
  it('is missing or found out, and nothing is thrown', async () => {
    const shard = await writeShard(payloadOf(BLOCK_BYTES + 1));
    const lengths = fc.constantFrom(0, 1, 12_287, 12_288, 16_384, shard.bytes.length, shard.bytes.length + 1);
    const random = fc.tuple(lengths, fc.integer()).map(([size, seed]) => payloadOf(size, seed | 1));
    const spliced = fc
      .array(fc.tuple(fc.nat({ max: shard.bytes.length }), fc.nat({ max: 70_000 })), { maxLength: 5 })
      .map((pieces) => Buffer.concat(pieces.map(([from, size]) => shard.bytes.subarray(from, from + size))));
    const begun = random.map((bytes) => Buffer.concat([shard.bytes.subarray(0, HEADER_BYTES), bytes]));
    const ended = random.map((bytes) => Buffer.concat([bytes, shard.bytes.subarray(-HEADER_BYTES)]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(random, spliced, begun, ended), async (bytes) => {
        const isWhole = shard.bytes.equals(bytes);
        expect((await outcomeOf(bytes, shard)) === 'verified').toBe(isWhole);
      }),
      { numRuns: 600 },
    );
  });

  it('with checksums that fit claims whatever it likes, and is answered without a throw', async () => {
    const shard = await writeShard(payloadOf(5000));
    const end = shard.bytes.length;
    const { footerOffset, recordOffset } = layoutWith(5000);
    const places = fc.oneof(
      fc.nat({ max: 320 }),
      fc.integer({ min: footerOffset, max: end - 1 }),
      fc.integer({ min: end - 256, max: end - 1 }),
    );
    const changes = fc.array(fc.tuple(places, fc.nat({ max: 255 })), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = Buffer.from(shard.bytes);
        for (const [offset, value] of list) bytes[offset] = value;
        const header = crc32c(bytes.subarray(0, HEADER_BYTES - 4));
        bytes.writeUInt32LE(header, HEADER_BYTES - 4);
        bytes.writeUInt32LE(header, end - 20);
        const outcome = await outcomeOf(resealFooter(bytes), shard);
        expect(outcome).not.toBe('unreadable');
        // Only fields that no reader compares may differ: the scheme, who wrote it, the logical length and the record.
        if (outcome !== 'verified') return;
        const compared = [
          [0, 38],
          [64, 128],
          [256, HEADER_BYTES - 4],
          [HEADER_BYTES, footerOffset + recordOffset],
          [end - 256, end - 168],
          [end - 160, end - 152],
          [end - 148, end - 28],
          [end - 24, end - 20],
          [end - 16, end - 12],
          [end - 8, end],
        ] as const;
        for (const [from, to] of compared) {
          expect(Buffer.compare(bytes.subarray(from, to), shard.bytes.subarray(from, to))).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
