/**
 * The CRC32C of a whole from those of its parts (Mark Adler's crc32_combine): to append n bytes is to multiply by x^(8n) modulo the
 * polynomial, in the reflected order of bits, where the highest bit is the coefficient of x⁰. So the checksums of blocks give that
 * of a payload without a second pass over it, and the recorded checksum of a payload vouches for those of all its blocks.
 */

/** Castagnoli, reflected. */
const POLYNOMIAL = 0x82f63b78;

const ONE = 0x80000000;

/** x⁸: one byte more. */
const ONE_BYTE = ONE >>> 8;

function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

function shiftBy(bytes: number): number {
  let shift = ONE;
  let power = ONE_BYTE;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(shift, power);
    power = multiply(power, power);
  }
  return shift;
}

/** The checksum of `totalBytes` bytes from those of its pieces: all of `pieceBytes` but the last, which has what is left. */
export function combineCrc32c(
  checksums: Iterable<number>,
  { pieceBytes, totalBytes }: { pieceBytes: number; totalBytes: number },
): number {
  const shift = shiftBy(pieceBytes);
  const shiftOfLast = shiftBy(totalBytes % pieceBytes === 0 ? pieceBytes : totalBytes % pieceBytes);
  let left = Math.ceil(totalBytes / pieceBytes);
  let combined = 0;
  for (const checksum of checksums) {
    left -= 1;
    combined = (multiply(left === 0 ? shiftOfLast : shift, combined) ^ checksum) >>> 0;
  }
  return combined;
}
