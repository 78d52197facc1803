/** CRC-32C (Castagnoli), as RFC 3720 has it. Every kernel gives the same checksums. */
import type { Addon } from './addon.ts';
import { kernelsOf } from './kernels.ts';

/**
 * The checksum of `length` bytes at `offset`, an unsigned number of 32 bits.
 * @param initial - the checksum of what goes before, so that parts give the checksum of the whole; 0 at first.
 * @throws TypeError when the window does not lie in the buffer.
 */
export type Crc32c = (bytes: Uint8Array, initial?: number, offset?: number, length?: number) => number;

export interface Crc32cChoice {
  /** What the checksum is made with: `avx512+vpclmulqdq`, `sse4.2+pclmulqdq`, `crc32+pmull` or `portable`. */
  readonly kernel: string;
  readonly crc32c: Crc32c;
}

/** All that run on this processor, fastest first. */
export function crc32cChoices(addon: Addon): readonly Crc32cChoice[] {
  return kernelsOf(addon.crc32cKernels).map(({ name, number }) => ({
    kernel: name,
    crc32c: (bytes, initial = 0, offset = 0, length = bytes.length - offset) =>
      addon.crc32c(number, initial, bytes, offset, length),
  }));
}
