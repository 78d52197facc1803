/**
 * CRC32C (Castagnoli, polynomial 0x1EDC6F41 reflected, RFC 3720 B.4): by the native addon where it is there, else by @node-rs/crc32,
 * which is prebuilt. Both continue from an earlier value, so that a shard's checksum can be taken in pieces.
 */
import { loadNative } from '@couchestor/native';
import { crc32c as prebuilt } from '@node-rs/crc32';

/**
 * @param initial - the checksum of what comes before these bytes; 0 at the start.
 * @returns an unsigned 32-bit number.
 */
export type Crc32c = (bytes: Uint8Array, initial?: number) => number;

/** RFC 3720, B.4, and the check value of the catalogue of CRCs. */
const KNOWN: readonly (readonly [Uint8Array, number])[] = [
  [Uint8Array.from('123456789', (digit) => digit.charCodeAt(0)), 0xe3069283],
  [new Uint8Array(32), 0x8a9136aa],
  [new Uint8Array(32).fill(0xff), 0x62a8ab43],
];

/** The vector code of fast implementations begins at a few hundred bytes and changes at a few thousand. */
const COMPARED_LENGTHS = [63, 64, 255, 256, 503, 504, 4079, 4081, 70_001];

export function passesKnownAnswers(crc32c: Crc32c): boolean {
  return KNOWN.every(([bytes, checksum]) => {
    const half = bytes.length >> 1;
    return crc32c(bytes) === checksum && crc32c(bytes.subarray(half), crc32c(bytes.subarray(0, half))) === checksum;
  });
}

/** Whether two implementations give the same checksums, at lengths and alignments that reach their kernels. */
export function agree(one: Crc32c, other: Crc32c): boolean {
  const bytes = new Uint8Array(70_008).map((_, index) => (index * 131) >> 3);
  return COMPARED_LENGTHS.every((length, index) => {
    const part = bytes.subarray(index % 8, (index % 8) + length);
    return one(part) === other(part) && one(part, length) === other(part, length);
  });
}

const prebuiltCrc32c: Crc32c = (bytes, initial = 0) => prebuilt(bytes, initial);

/** The fastest function that gives the known answers on this machine, and those of the other one. */
export function chooseCrc32c(native = loadNative()): { crc32c: Crc32c; detail: string } {
  if (native.kind === 'loaded') {
    const { crc32c } = native.native;
    if (passesKnownAnswers(crc32c) && agree(crc32c, prebuiltCrc32c)) return { crc32c, detail: 'native' };
  }
  return { crc32c: prebuiltCrc32c, detail: '@node-rs/crc32' };
}
