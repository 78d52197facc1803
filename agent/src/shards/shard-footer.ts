/**
 * The end of a shard file: a file is a shard only with it, because it is written last and covers everything before. It holds what is
 * known only when the payload has ended, the stripe's record among it, from which metadata can be rebuilt. B is the number of
 * blocks, r the length of the record, F that of the footer, a multiple of 4096.
 *
 *         0  4·B  CRC32C of each block of the payload, little-endian
 *       4·B    r  the stripe's record
 *                 zeros
 *     F−256  256  trailer
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { combineCrc32c } from './crc32c-combine.ts';
import { isZero, viewOf } from './shard-fields.ts';
import {
  BLOCK_BYTES,
  CHECKSUM_BYTES,
  isRecordLength,
  layoutOf,
  MAX_STRIPE_RECORD_BYTES,
  TRAILER_BYTES,
} from './shard-layout.ts';
import { putTrailer, type BothEnds, type FooterProblem, type ShardTrailer } from './shard-trailer.ts';

/** What is known of a stripe when the payloads of its shards have ended. */
export interface StripeSummary {
  /** Of what the stripe holds, before it was compressed and padded. */
  readonly logicalLength: number;
  /** At most MAX_STRIPE_RECORD_BYTES, as its writer encoded it; nothing here reads it. */
  readonly record: Uint8Array;
}

export interface ShardFooter {
  readonly payloadBytes: number;
  /** By block; as many as the payload has. */
  readonly blockChecksums: Uint32Array;
  readonly stripe: StripeSummary;
}

export type DecodedFooter = { readonly kind: 'footer'; readonly footer: ShardFooter } | FooterProblem;

/**
 * The bytes of the footer, and the checksum of the payload in them.
 * @throws CoucheStorError `invalid`, naming the field, for what no footer can hold.
 */
export function encodeFooter(
  footer: ShardFooter,
  header: BothEnds,
  crc32c: Crc32c,
): { bytes: Uint8Array; checksum: number } {
  const { payloadBytes, blockChecksums, stripe } = footer;
  const { logicalLength, record } = stripe;
  if (!Number.isSafeInteger(logicalLength) || logicalLength < 0) {
    throw refusal('logicalLength', `${logicalLength} is no length; write a whole number of bytes`);
  }
  if (!isRecordLength(record.length)) {
    throw refusal('record', `${record.length} bytes do not fit; have at most ${MAX_STRIPE_RECORD_BYTES}`);
  }
  const { footerBytes, recordOffset, blocks } = layoutOf({ payloadBytes, recordBytes: record.length });
  assertInvariant(blockChecksums.length === blocks, 'a footer has a checksum for each block');
  const bytes = new Uint8Array(footerBytes);
  const body = bytes.subarray(0, footerBytes - TRAILER_BYTES);
  const table = viewOf(body);
  blockChecksums.forEach((block, index) => table.setUint32(index * CHECKSUM_BYTES, block, true));
  body.set(record, recordOffset);

  const checksum = combineCrc32c(blockChecksums, { pieceBytes: BLOCK_BYTES, totalBytes: payloadBytes });
  const trailer = { payloadBytes, logicalLength, recordBytes: record.length, bodyChecksum: crc32c(body), checksum };
  putTrailer(bytes.subarray(body.length), header, trailer, crc32c);
  return { bytes, checksum };
}

/** `bytes` are a footer as long as its trailer says, from anywhere; none of them are kept. */
export function decodeFooter(bytes: Uint8Array, trailer: ShardTrailer, crc32c: Crc32c): DecodedFooter {
  const { payloadBytes, logicalLength, recordBytes } = trailer;
  const { footerBytes, recordOffset, blocks } = layoutOf(trailer);
  assertInvariant(bytes.length === footerBytes, 'a footer is decoded from as many bytes as it has');
  const body = bytes.subarray(0, footerBytes - TRAILER_BYTES);
  if (crc32c(body) !== trailer.bodyChecksum) return corrupt('its footer does not fit its checksum');
  const recordEnd = recordOffset + recordBytes;
  if (!isZero(body.subarray(recordEnd))) return corrupt('its footer holds what is never written there');
  const table = viewOf(body);
  const blockChecksums = Uint32Array.from({ length: blocks }, (_, block) =>
    table.getUint32(block * CHECKSUM_BYTES, true),
  );
  if (combineCrc32c(blockChecksums, { pieceBytes: BLOCK_BYTES, totalBytes: payloadBytes }) !== trailer.checksum) {
    return corrupt('the checksums of its blocks are not those of a payload with its checksum');
  }
  // A copy also of a Buffer, whose slice() is none.
  const record = Uint8Array.from(body.subarray(recordOffset, recordEnd));
  return { kind: 'footer', footer: { payloadBytes, blockChecksums, stripe: { logicalLength, record } } };
}

const corrupt = (detail: string): FooterProblem => ({ kind: 'problem', reason: 'corruptFooter', detail });

const refusal = (field: string, text: string): CoucheStorError =>
  new CoucheStorError('invalid', `${field}: ${text}.`, { fields: { field } });
