import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { parsePlacement, parseShardIndex, parseVolumeId, stripeIdOf } from '@couchestor/common/base';
import fc from 'fast-check';
import { combineCrc32c } from './crc32c-combine.ts';
import { decodeFooter, encodeFooter, type DecodedFooter, type ShardFooter } from './shard-footer.ts';
import { ALIGNMENT_BYTES, BLOCK_BYTES, layoutOf, MAX_STRIPE_RECORD_BYTES, TRAILER_BYTES } from './shard-layout.ts';
import { decodeTrailer, type BothEnds, type FooterProblem } from './shard-trailer.ts';
import { crc32c, nameOf, payloadOf, resealFooter, stripeOf } from './shards.fixture.ts';

const counts = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const checksums = fc.nat({ max: 2 ** 32 - 1 });

const ends: fc.Arbitrary<BothEnds> = fc
  .record({
    volumeId: fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/).map((text) => parseVolumeId(text)),
    stripeId: fc.record({ epoch: counts, counter: counts }).map(stripeIdOf),
    placement: checksums.map((value) => parsePlacement(value)),
    index: fc.nat({ max: 254 }).map((value) => parseShardIndex(value)),
  })
  .chain((name) => checksums.map((headerChecksum) => ({ name, headerChecksum })));

const footers: fc.Arbitrary<ShardFooter> = fc
  .record({
    blocks: fc.integer({ min: 1, max: 1500 }),
    short: fc.nat({ max: BLOCK_BYTES - 1 }),
    seed: fc.integer({ min: 1 }),
    logicalLength: counts,
    recordBytes: fc.oneof(fc.nat({ max: 9000 }), fc.constantFrom(MAX_STRIPE_RECORD_BYTES - 1, MAX_STRIPE_RECORD_BYTES)),
  })
  .map(({ blocks, short, seed, logicalLength, recordBytes }) => ({
    payloadBytes: blocks * BLOCK_BYTES - short,
    blockChecksums: Uint32Array.from({ length: blocks }, (_, block) => Math.imul(seed, block + 1) >>> 0),
    stripe: { logicalLength, record: payloadOf(recordBytes, seed) },
  }));

/** As a reader does it: what the trailer says is used to find the rest. */
function decode(bytes: Uint8Array, header: BothEnds): DecodedFooter {
  const decoded = decodeTrailer(bytes.subarray(-TRAILER_BYTES), header, crc32c);
  if (decoded.kind === 'problem') return decoded;
  const { footerBytes } = layoutOf(decoded.trailer);
  const short: FooterProblem = { kind: 'problem', reason: 'incomplete', detail: 'it is not as long as it says' };
  return footerBytes === bytes.length ? decodeFooter(bytes, decoded.trailer, crc32c) : short;
}

const small = { name: nameOf(), headerChecksum: 77 };
const smallFooter = { payloadBytes: 10, blockChecksums: Uint32Array.of(99), stripe: stripeOf() };

describe('a footer', () => {
  it('comes back as it was, whatever it holds, and ends at a multiple of the sector', () => {
    fc.assert(
      fc.property(footers, ends, (footer, header) => {
        const { bytes, checksum } = encodeFooter(footer, header, crc32c);
        expect(bytes.length % ALIGNMENT_BYTES).toBe(0);
        const { blockChecksums, payloadBytes } = footer;
        expect(checksum).toBe(combineCrc32c(blockChecksums, { pieceBytes: BLOCK_BYTES, totalBytes: payloadBytes }));
        // Matchers walk through arrays element by element.
        expect(isDeepStrictEqual(decode(bytes, header), { kind: 'footer', footer })).toBe(true);
      }),
    );
  });

  it('keeps nothing of the bytes it was read from', () => {
    const bytes = Buffer.from(encodeFooter(smallFooter, small, crc32c).bytes);
    const decoded = decode(bytes, small);
    bytes.fill(0);
    expect(decoded).toEqual({ kind: 'footer', footer: smallFooter });
  });

  it('belongs to one header', () => {
    const { bytes } = encodeFooter(smallFooter, small, crc32c);
    const others: BothEnds[] = [
      { ...small, headerChecksum: 76 },
      { ...small, name: nameOf({ volumeId: 'v' }) },
      { ...small, name: nameOf({ stripeId: '7-43' }) },
      { ...small, name: nameOf({ index: 4 }) },
      { ...small, name: nameOf({ placement: 2 }) },
    ];
    for (const other of others) expect(decode(bytes, other)).toMatchObject({ reason: 'disagreement' });
  });

  it('is read from any bytes without throwing, and what is accepted would be written so', () => {
    const places = fc.oneof(fc.nat({ max: 4095 }), fc.integer({ min: 4096 - TRAILER_BYTES, max: 4095 }));
    const mutations = fc.array(fc.tuple(places, fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
    const mutated = mutations.map((list) => {
      const bytes = Buffer.from(encodeFooter(smallFooter, small, crc32c).bytes);
      for (const [offset, value] of list) bytes[offset] = value;
      return bytes;
    });
    const random = fc.integer({ min: 1 }).map((seed) => Buffer.from(payloadOf(4096, seed)));
    fc.assert(
      fc.property(fc.oneof(mutated, random), fc.boolean(), (bytes, isResealed) => {
        if (isResealed) resealFooter(bytes);
        const decoded = decode(bytes, small);
        if (decoded.kind === 'problem') return;
        expect(Buffer.compare(encodeFooter(decoded.footer, small, crc32c).bytes, bytes)).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });
});
