/**
 * Where the parts of a shard file lie, from the length of its payload alone. The payload is stored as it is, in blocks that are
 * verified one by one, so that a range of it is a range of the file; every part begins and ends at a multiple of ALIGNMENT_BYTES,
 * so that direct I/O can write and read it.
 *
 *     0         4096                                    a multiple of 4096                 a multiple of 4096
 *     ├─ header ─┼─ payload: blocks 0 … B − 1 ─┼─ zeros ─┼─ footer: checksums of blocks … ─┤
 */
import { assertInvariant } from '@couchestor/common/base';

/** What a checksum of the footer covers, and so the least that is read; the last block of a payload may be shorter. */
export const BLOCK_BYTES = 65_536;

/** Of the header, the footer and the file: the largest logical sector there is. */
export const ALIGNMENT_BYTES = 4096;

export const HEADER_BYTES = 4096;

/** The fixed fields at the end of a footer. */
export const TAIL_BYTES = 256;

export const CHECKSUM_BYTES = 4;

/** Four times a whole stripe of the largest size; bounds what the checksums of an open shard occupy. */
export const MAX_PAYLOAD_BYTES = 2 ** 32;

export interface ShardLayout {
  readonly blocks: number;
  readonly footerOffset: number;
  readonly footerBytes: number;
  readonly fileBytes: number;
}

export function isPayloadLength(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= MAX_PAYLOAD_BYTES;
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

/** `payloadBytes` is one of isPayloadLength(). */
export function layoutOf(payloadBytes: number): ShardLayout {
  assertInvariant(isPayloadLength(payloadBytes), `${payloadBytes} bytes are the payload of no shard`);
  const blocks = Math.ceil(payloadBytes / BLOCK_BYTES);
  const footerOffset = aligned(HEADER_BYTES + payloadBytes);
  const footerBytes = aligned(blocks * CHECKSUM_BYTES + TAIL_BYTES);
  return { blocks, footerOffset, footerBytes, fileBytes: footerOffset + footerBytes };
}

/** The smallest file that can be a shard. */
export const MIN_FILE_BYTES = layoutOf(1).fileBytes;
