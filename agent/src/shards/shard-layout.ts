/**
 * Where the parts of a shard file lie, from the lengths of its payload and of its stripe's record. The payload is stored as it is,
 * in blocks that are verified one by one, so that a range of it is a range of the file; every part begins and ends at a multiple of
 * ALIGNMENT_BYTES, so that direct I/O can write and read it. What is known only when the payload has ended lies behind it, and is
 * found from the end of the file, where the trailer has a fixed length.
 *
 *     0         4096                                    a multiple of 4096                     a multiple of 4096
 *     ├─ header ─┼─ payload: blocks 0 … B − 1 ─┼─ zeros ─┼─ footer: checksums, record … trailer ─┤
 */
import { assertInvariant } from '@couchestor/common/base';

/** What a checksum of the footer covers, and so the least that is read; the last block of a payload may be shorter. */
export const BLOCK_BYTES = 65_536;

/** Of the header, the footer and the file: the largest logical sector there is. */
export const ALIGNMENT_BYTES = 4096;

export const HEADER_BYTES = 4096;

/** The fixed fields at the end of a footer. */
export const TRAILER_BYTES = 256;

export const CHECKSUM_BYTES = 4;

/** Four times a whole stripe of the largest size; bounds what the checksums of an open shard occupy. */
export const MAX_PAYLOAD_BYTES = 2 ** 32;

/** The longest record of a stripe, and so the most that its claimed length makes a reader allocate. */
export const MAX_STRIPE_RECORD_BYTES = 65_536;

/** What says where everything lies: each is one of isPayloadLength() and isRecordLength(). */
export interface ShardLengths {
  readonly payloadBytes: number;
  readonly recordBytes: number;
}

export interface ShardLayout {
  readonly blocks: number;
  readonly footerOffset: number;
  /** From the beginning of the footer. */
  readonly recordOffset: number;
  readonly footerBytes: number;
  readonly fileBytes: number;
}

export function isPayloadLength(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 1 && bytes <= MAX_PAYLOAD_BYTES;
}

export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

export function isRecordLength(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= MAX_STRIPE_RECORD_BYTES;
}

/** The file grows with either length, so the largest of both bound the room that a shard needs whose lengths are not known yet. */
export function layoutOf({ payloadBytes, recordBytes }: ShardLengths): ShardLayout {
  assertInvariant(isPayloadLength(payloadBytes), `${payloadBytes} bytes are the payload of no shard`);
  assertInvariant(isRecordLength(recordBytes), `${recordBytes} bytes are the record of no stripe`);
  const blocks = Math.ceil(payloadBytes / BLOCK_BYTES);
  const footerOffset = aligned(HEADER_BYTES + payloadBytes);
  const recordOffset = blocks * CHECKSUM_BYTES;
  const footerBytes = aligned(recordOffset + recordBytes + TRAILER_BYTES);
  return { blocks, footerOffset, recordOffset, footerBytes, fileBytes: footerOffset + footerBytes };
}

/** The smallest file that can be a shard. */
export const MIN_FILE_BYTES = layoutOf({ payloadBytes: 1, recordBytes: 0 }).fileBytes;
