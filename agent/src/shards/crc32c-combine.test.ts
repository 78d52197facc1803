import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { combineCrc32c } from './crc32c-combine.ts';
import { crc32c, payloadOf } from './shards.fixture.ts';

const combined = (bytes: Uint8Array, pieceBytes: number): number => {
  const count = Math.ceil(bytes.length / pieceBytes);
  const pieces = Array.from({ length: count }, (_, piece) =>
    crc32c(bytes.subarray(piece * pieceBytes, (piece + 1) * pieceBytes)),
  );
  return combineCrc32c(pieces, { pieceBytes, totalBytes: bytes.length });
};

describe('the checksum of a whole', () => {
  it('follows from those of its pieces, however long they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 600 }), fc.integer({ min: 1, max: 200 }), (bytes, piece) => {
        expect(combined(bytes, piece)).toBe(crc32c(bytes));
      }),
    );
  });

  it.each([1, 65_535, 65_536, 65_537, 131_072, 1_000_000])('follows from those of blocks: %d bytes', (length) => {
    const bytes = payloadOf(length);
    expect(combined(bytes, 65_536)).toBe(crc32c(bytes));
  });

  it('is that of RFC 3720 for zeros and ones', () => {
    expect(combined(new Uint8Array(32), 7)).toBe(0x8a9136aa);
    expect(combined(new Uint8Array(32).fill(0xff), 16)).toBe(0x62a8ab43);
  });
});
