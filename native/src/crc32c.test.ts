import { describe, expect, it } from '@jest/globals';
import { atTheEnd } from './guarded-memory.fixture.ts';
import { loadNative } from './index.ts';

const loaded = loadNative();
const choices = loaded.kind === 'loaded' ? loaded.native.crc32cChoices : [];

/** Bit by bit, as the polynomial is written. */
function oracle(bytes: Uint8Array, initial = 0): number {
  let crc = ~initial;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const some = Uint8Array.from({ length: 20_000 }, (_, at) => (at * at * 31 + at * 7) >>> 3);

it('there is a checksum, and a portable one', () => {
  expect(choices.at(-1)?.kernel).toBe('portable');
  expect(loaded.kind === 'loaded' && loaded.native.crc32c).toBe(choices[0]?.crc32c);
});

describe.each(choices)('crc32c by $kernel', ({ crc32c }) => {
  it('gives the examples of RFC 3720', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, at) => at);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0))).toBe(0);
    expect(crc32c(new Uint8Array(0), 0xdeadbeef)).toBe(0xdeadbeef);
  });

  it('equals the definition at every length and alignment', () => {
    for (let length = 0; length < 700; length += 1) {
      const offset = length % 67;
      const window = some.subarray(offset, offset + length);
      const wanted = oracle(window, length);
      expect([length, crc32c(window, length)]).toEqual([length, wanted]);
      expect(crc32c(some, length, offset, length)).toBe(wanted);
    }
    for (const length of [4079, 4080, 4081, 8192, 12_345, 19_999]) {
      expect(crc32c(some, 0, 1, length)).toBe(oracle(some.subarray(1, 1 + length)));
    }
  });

  it('goes on where an earlier part ended', () => {
    const whole = crc32c(some);
    for (const middle of [0, 1, 255, 256, 10_000, 20_000]) {
      expect(crc32c(some, crc32c(some, 0, 0, middle), middle)).toBe(whole);
    }
  });

  it('touches nothing behind a window', () => {
    for (let length = 0; length < 600; length += 1) {
      const bytes = atTheEnd(length);
      if (length % 50 === 0) expect(crc32c(bytes)).toBe(oracle(bytes));
      else crc32c(bytes);
    }
  });

  it('refuses a window that is not in the buffer, and an initial value that is no checksum', () => {
    expect(() => crc32c(some, 0, 1, 20_000)).toThrow('crc32c: bytes is shorter than offset + length');
    expect(() => crc32c(some, -1)).toThrow('crc32c: initial must be a whole number from 0 to 4294967295');
  });
});
