import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compressSync } from 'lz4-napi';
import { CoucheStorError } from '../base/index.ts';
import { compressBlock, decompressBlock, MAX_CONTENT_BYTES } from './lz4-blocks.ts';

/** Lehmer's generator: the same bytes in every run. */
function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 0x7fffffff) >> 8);
}

const refusal = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    if (error instanceof CoucheStorError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
};

describe('a block', () => {
  it('holds its content, whatever the length', () => {
    for (const length of [1, 15, 64, 4095, 4096, 65536, 1 << 20]) {
      const content = new Uint8Array(length).fill(7);
      const block = compressBlock(content, 0.0625);
      if (length < 32) expect(block).toBeUndefined();
      else expect(Buffer.compare(decompressBlock(block!, length), content)).toBe(0);
    }
  });

  it('holds any content that it makes smaller', () => {
    const words = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 60 }), (parts, times) => {
        const content: Buffer = Buffer.concat(
          Array.from({ length: times }, (_, at) => parts[(at * 7) % parts.length] as Uint8Array),
        );
        const block = compressBlock(content);
        if (block === undefined) return;
        expect(block.length).toBeLessThan(content.length);
        expect(Buffer.from(decompressBlock(block, content.length)).equals(content)).toBe(true);
      }),
    );
  });

  it('is made of a part of a larger or a shared buffer as well', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(70000), 100, 65536).fill(3);
    const block = compressBlock(shared)!;
    expect(decompressBlock(block, 65536).every((byte) => byte === 3)).toBe(true);
  });

  it('is not made where it would not pay', () => {
    expect(compressBlock(new Uint8Array())).toBeUndefined();
    expect(compressBlock(noise(65536))).toBeUndefined();
    const eighth = noise(65536);
    eighth.fill(0, 0, 8192);
    expect(compressBlock(eighth, 0.0625)).toBeDefined();
    expect(compressBlock(eighth, 0.25)).toBeUndefined();
  });
});

describe('a damaged block', () => {
  const content = Buffer.from('never sparse, '.repeat(600));
  const block = compressBlock(content)!;

  it('that claims 2 GiB is refused before anything is allocated', () => {
    const before = process.memoryUsage().rss;
    const liar = Buffer.from([0, 0, 0, 0x7f, 1, 2]);
    expect(refusal(() => decompressBlock(liar, 65536))).toBe('corrupt');
    expect(refusal(() => decompressBlock(liar, 0x7f000000))).toBe('corrupt');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('that claims more than any content is refused unread, rubbish behind it or not', () => {
    const rubbish = Buffer.alloc(300_000, 0xf0);
    rubbish.writeUInt32LE(MAX_CONTENT_BYTES + 1);
    expect(refusal(() => decompressBlock(rubbish, MAX_CONTENT_BYTES + 1))).toBe('corrupt');
  });

  it('that claims more than its bytes can hold is refused', () => {
    const liar = Buffer.alloc(10);
    liar.writeUInt32LE(MAX_CONTENT_BYTES);
    expect(refusal(() => decompressBlock(liar, MAX_CONTENT_BYTES))).toBe('corrupt');
  });

  it('is refused when it is empty, cut, or of another length', () => {
    for (const length of [0, 1, 3, 4, 5]) {
      expect(refusal(() => decompressBlock(block.subarray(0, length), content.length))).toBe('corrupt');
    }
    expect(refusal(() => decompressBlock(block.subarray(0, -1), content.length))).toBe('corrupt');
    expect(refusal(() => decompressBlock(block, content.length - 1))).toBe('corrupt');
    const longer = Buffer.from(block);
    longer.writeUInt32LE(content.length + 1);
    expect(refusal(() => decompressBlock(longer, content.length + 1))).toBe('corrupt');
    const shorter = Buffer.from(block);
    shorter.writeUInt32LE(content.length - 1);
    expect(refusal(() => decompressBlock(shorter, content.length - 1))).toBe('corrupt');
  });

  it('never gives another number of bytes, and never ends the process, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(block.length - 1), fc.nat(255)), { maxLength: 8 }), (flips) => {
        const damaged = Buffer.from(block);
        for (const [at, value] of flips) damaged[at] = value;
        try {
          expect(decompressBlock(damaged, content.length)).toHaveLength(content.length);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CoucheStorError', code: 'corrupt' });
        }
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(70000), (bytes, length) => {
        expect(['corrupt', 'nothing was thrown']).toContain(refusal(() => decompressBlock(bytes, length)));
      }),
      { numRuns: 500 },
    );
  });

  it('is what lz4_flex reads: its length, then LZ4', () => {
    const plain = compressSync(content);
    expect(Buffer.from(block).equals(plain)).toBe(true);
    expect(plain.readUInt32LE(0)).toBe(content.length);
  });
});
