import { describe, expect, it } from '@jest/globals';
import { loadNative, type Native } from '@couchestor/native';
import { chooseCrc32c, passesKnownAnswers, type Crc32c } from './crc32c.ts';

const hasAddon = loadNative().kind === 'loaded';

describe('CRC32C', () => {
  const digits = Buffer.from('123456789');

  it('is native where the addon is, and prebuilt where it is not', () => {
    expect(chooseCrc32c().detail).toBe(hasAddon ? 'native' : '@node-rs/crc32');
    const prebuilt = chooseCrc32c({ kind: 'absent', reason: 'no compiler' });
    expect(prebuilt.detail).toBe('@node-rs/crc32');
    expect(prebuilt.crc32c(digits)).toBe(0xe3069283);
    expect(prebuilt.crc32c(digits.subarray(4), prebuilt.crc32c(digits.subarray(0, 4)))).toBe(0xe3069283);
  });

  it('agrees between the two, at any length and alignment, and on shared memory', () => {
    const { crc32c: native } = chooseCrc32c();
    const { crc32c: prebuilt } = chooseCrc32c({ kind: 'absent', reason: 'no compiler' });
    const bytes = new Uint8Array(new SharedArrayBuffer(70_000)).map((_, index) => (index * 131) >> 3);
    for (const length of [0, 1, 7, 8, 63, 64, 65, 1023, 4096, 65_537]) {
      for (const offset of [0, 1, 5, 64]) {
        const part = bytes.subarray(offset, offset + length);
        expect(native(part)).toBe(prebuilt(part));
        expect(native(part, 0xdeadbeef)).toBe(prebuilt(part, 0xdeadbeef));
      }
    }
  });

  it('is not native where the addon lies, about few bytes or about many', () => {
    const { crc32c } = chooseCrc32c();
    const lying = (isLie: (bytes: Uint8Array, initial: number) => boolean): string => {
      const lies: Crc32c = (bytes, initial = 0) => (crc32c(bytes, initial) ^ (isLie(bytes, initial) ? 1 : 0)) >>> 0;
      return chooseCrc32c({ kind: 'loaded', native: { crc32c: lies } as Native }).detail;
    };
    expect(lying(() => false)).toBe('native');
    expect(lying((bytes) => bytes.length === 32)).toBe('@node-rs/crc32');
    expect(lying((bytes) => bytes.length > 256)).toBe('@node-rs/crc32');
    expect(lying((bytes) => bytes.length > 70_000)).toBe('@node-rs/crc32');
    expect(lying((bytes) => bytes.byteOffset % 8 === 3)).toBe('@node-rs/crc32');
    expect(lying((_bytes, initial) => initial === 256)).toBe('@node-rs/crc32');
  });

  it('is refused where it does not give the known answers', () => {
    expect(passesKnownAnswers(() => 0)).toBe(false);
    expect(passesKnownAnswers((bytes) => chooseCrc32c().crc32c(bytes))).toBe(false);
  });
});
