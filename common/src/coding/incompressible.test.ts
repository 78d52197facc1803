import { describe, expect, it } from '@jest/globals';
import { deflateRawSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { looksIncompressible } from './incompressible.ts';

function noise(length: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 0x7fffffff) >> 8);
}

describe('what looks incompressible', () => {
  it('is noise and what was compressed before, at any length', () => {
    for (const length of [4096, 4099, 65536, 65535, 1 << 20]) {
      const wrong = [1, 2, 3, 4, 5, 6, 7, 8].filter((seed) => !looksIncompressible(noise(length, seed)));
      expect(wrong).toEqual([]);
    }
    expect(
      looksIncompressible(deflateRawSync(readFileSync(process.execPath).subarray(0, 400_000)).subarray(0, 65536)),
    ).toBe(true);
  });

  it('is not text, code, zeros, or noise with a part of zeros', () => {
    const partly = noise(65536);
    partly.fill(0, 20_000, 28_192);
    const code = readFileSync(process.execPath).subarray(20_000_000, 20_065_536);
    for (const content of [Buffer.from('a sentence, again. '.repeat(4000)), code, new Uint8Array(65536), partly]) {
      expect(looksIncompressible(content)).toBe(false);
    }
  });

  it('is not noise that comes twice, page after page or half after half', () => {
    const page = noise(4096);
    const pages = new Uint8Array(65536);
    for (let at = 0; at < pages.length; at += page.length) pages.set(page, at);
    expect(looksIncompressible(pages)).toBe(false);
    const half = noise(32768);
    expect(looksIncompressible(Buffer.concat([half, half]))).toBe(false);
  });

  it('is nothing that is shorter than the sample', () => {
    expect(looksIncompressible(noise(4095))).toBe(false);
    expect(looksIncompressible(new Uint8Array())).toBe(false);
  });
});
