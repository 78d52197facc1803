/**
 * A look at a sample that tells bytes which LZ4 would not make smaller (media, archives, ciphertext) at a small part of what trying
 * costs. LZ4 finds repeats and nothing else, so two things speak for trying: bytes of an uneven distribution, which mostly come with
 * repeats, and sampled words that occur again elsewhere. It may be wrong either way; that costs time or space, never data.
 */

/** Below this there is nothing to save by not trying. */
const MINIMUM_BYTES = 4096;

/** The sample: runs of this many bytes, evenly spread, the same number whatever the length. */
const RUN_BYTES = 16;
const RUNS = 128;
const SAMPLED_BYTES = RUN_BYTES * RUNS;

/** Evenly distributed bytes of a sample of 2048 have an entropy of about 7.91 bits; LZ4 gains next to nothing above this. */
const ENTROPY_BITS = 7.8;

/** Sampled words that occur twice speak for repeats, if there are so many; among 1024 random ones hardly ever one does. */
const REPEATED_WORDS = 3;

/** Of the words that are compared, and of the table that remembers them. */
const SLOT_BITS = 10;
const SLOTS = 1 << SLOT_BITS;
const counts = new Uint32Array(256);
const words = new Uint32Array(SLOTS);

/** True where LZ4 is not worth trying. Synchronous, without allocation; some microseconds. */
export function looksIncompressible(bytes: Uint8Array): boolean {
  if (bytes.length < MINIMUM_BYTES) return false;
  return !hasUnevenBytes(bytes) && !hasRepeatedWords(bytes);
}

function hasUnevenBytes(bytes: Uint8Array): boolean {
  counts.fill(0);
  const stride = Math.floor((bytes.length - RUN_BYTES) / (RUNS - 1));
  for (let run = 0; run < RUNS; run += 1) {
    const end = run * stride + RUN_BYTES;
    for (let at = run * stride; at < end; at += 1) counts[bytes[at]!] = counts[bytes[at]!]! + 1;
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / SAMPLED_BYTES) * Math.log2(count / SAMPLED_BYTES);
  return bits < ENTROPY_BITS;
}

/** Compares aligned words all over the content with each other, so that pages which occur twice are seen. */
function hasRepeatedWords(bytes: Uint8Array): boolean {
  words.fill(0);
  const step = Math.max(4, Math.floor(bytes.length / SLOTS / 4) * 4);
  let repeated = 0;
  for (let at = 0; at + 4 <= bytes.length; at += step) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - SLOT_BITS);
    if (words[slot] === word >>> 0 && word !== 0) repeated += 1;
    words[slot] = word;
    if (repeated >= REPEATED_WORDS) return true;
  }
  return false;
}
