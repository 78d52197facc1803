/**
 * The field GF(2⁸) with the polynomial x⁸ + x⁴ + x³ + x² + 1 (0x11D), of which 2 generates the multiplicative group: the field
 * of ISA-L, of klauspost/reedsolomon and of the kernel's RAID 6. Addition and subtraction are exclusive or. For matrices and
 * tables; buffers are what engines are for.
 */
import { assertInvariant } from '../base/errors.ts';

export const FIELD_POLYNOMIAL = 0x11d;
/** Powers of 2 repeat after so many. */
export const GROUP_ORDER = 255;

/** Twice as long as the group, so that a sum of two logarithms needs no reduction. */
const POWERS = new Uint8Array(2 * GROUP_ORDER);
const LOGARITHMS = new Uint8Array(256);

for (let exponent = 0, value = 1; exponent < GROUP_ORDER; exponent += 1) {
  POWERS[exponent] = value;
  POWERS[exponent + GROUP_ORDER] = value;
  LOGARITHMS[value] = exponent;
  value <<= 1;
  if (value > 255) value ^= FIELD_POLYNOMIAL;
}

export function product(left: number, right: number): number {
  if (left === 0 || right === 0) return 0;
  return POWERS[LOGARITHMS[left]! + LOGARITHMS[right]!]!;
}

/** @throws InvariantError for 0, which has none. */
export function inverse(value: number): number {
  assertInvariant(value !== 0, 'zero has no inverse');
  return POWERS[GROUP_ORDER - LOGARITHMS[value]!]!;
}

/** @throws InvariantError when the divisor is 0. */
export function quotient(dividend: number, divisor: number): number {
  return product(dividend, inverse(divisor));
}

/** The exponent of 2 that gives the value, 0 to 254. @throws InvariantError for 0, which is no power. */
export function logarithm(value: number): number {
  assertInvariant(value !== 0, 'zero has no logarithm');
  return LOGARITHMS[value]!;
}

/** 2 to the exponent, which may be any integer. */
export function powerOfTwo(exponent: number): number {
  return POWERS[((exponent % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER]!;
}
