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

export function passesKnownAnswers(crc32c: Crc32c): boolean {
  return KNOWN.every(([bytes, checksum]) => {
    const half = bytes.length >> 1;
    return crc32c(bytes) === checksum && crc32c(bytes.subarray(half), crc32c(bytes.subarray(0, half))) === checksum;
  });
}

/** The fastest function that gives the known answers on this machine. */
export function chooseCrc32c(native = loadNative()): { crc32c: Crc32c; detail: string } {
  if (native.kind === 'loaded' && passesKnownAnswers(native.native.crc32c)) {
    return { crc32c: native.native.crc32c, detail: 'native' };
  }
  return { crc32c: (bytes, initial = 0) => prebuilt(bytes, initial), detail: '@node-rs/crc32' };
}
