/**
 * The end of a shard file: a file is a shard only with it, because it is written last and covers everything before. It repeats
 * the name and the header's checksum, so that the two ends of different files do not pass for one shard. B is the number of
 * blocks, F the length of the footer, a multiple of 4096.
 *
 *         0  4·B  CRC32C of each block of the payload
 *                 zeros
 *     F−256   64  volumeId: its length in a byte, ASCII, zeros
 *     F−192    8  epoch of the stripe id
 *     F−184    8  counter of the stripe id
 *     F−176    8  length of the payload
 *     F−168    4  placement
 *     F−164    4  index
 *     F−160  136  zeros
 *      F−24    4  CRC32C of the payload: what the stripe's record has as the checksum of this shard
 *      F−20    4  CRC32C in the header
 *      F−16    4  F
 *      F−12    4  CRC32C of the footer up to here
 *       F−8    8  magic "COUCHEND"
 *
 * Numbers are little-endian.
 */
import { assertInvariant, partsOfStripeId } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { combineCrc32c } from './crc32c-combine.ts';
import { countAt, isZero, putCount, putText, shardNameOf, textAt, viewOf } from './shard-fields.ts';
import { BLOCK_BYTES, CHECKSUM_BYTES, layoutOf, TAIL_BYTES } from './shard-layout.ts';
import { pathOfShard, type ShardName } from './shard-name.ts';

const MAGIC = Buffer.from('COUCHEND', 'latin1');

/** Places in the tail, which is the last TAIL_BYTES of a footer. */
const EPOCH_AT = 64;
const COUNTER_AT = 72;
const PAYLOAD_BYTES_AT = 80;
const PLACEMENT_AT = 88;
const INDEX_AT = 92;
const ZEROS_AT = 96;
const PAYLOAD_CHECKSUM_AT = TAIL_BYTES - 24;
const HEADER_CHECKSUM_AT = TAIL_BYTES - 20;
const FOOTER_BYTES_AT = TAIL_BYTES - 16;
const CHECKSUM_AT = TAIL_BYTES - 12;
const MAGIC_AT = TAIL_BYTES - 8;

export interface ShardFooter {
  readonly name: ShardName;
  readonly payloadBytes: number;
  readonly headerChecksum: number;
  /** By block; as many as the payload has. */
  readonly blockChecksums: Uint32Array;
}

export interface FooterProblem {
  readonly kind: 'problem';
  readonly reason: 'incomplete' | 'corruptFooter' | 'disagreement';
  readonly detail: string;
}

export type DecodedFooter =
  | {
      readonly kind: 'footer';
      readonly blockChecksums: Uint32Array;
      /** Of the whole payload. */
      readonly checksum: number;
    }
  | FooterProblem;

/** The bytes of the footer, and the checksum of the payload in them. */
export function encodeFooter(footer: ShardFooter, crc32c: Crc32c): { bytes: Uint8Array; checksum: number } {
  const { name, payloadBytes, blockChecksums } = footer;
  const { footerBytes, blocks } = layoutOf(payloadBytes);
  assertInvariant(blockChecksums.length === blocks, 'a footer has a checksum for each block');
  const checksum = combineCrc32c(blockChecksums, { pieceBytes: BLOCK_BYTES, totalBytes: payloadBytes });
  const bytes = new Uint8Array(footerBytes);
  const table = viewOf(bytes);
  blockChecksums.forEach((block, index) => table.setUint32(index * CHECKSUM_BYTES, block, true));

  const tail = bytes.subarray(footerBytes - TAIL_BYTES);
  const view = viewOf(tail);
  const { epoch, counter } = partsOfStripeId(name.stripeId);
  putText(tail, 0, name.volumeId);
  putCount(view, EPOCH_AT, epoch);
  putCount(view, COUNTER_AT, counter);
  putCount(view, PAYLOAD_BYTES_AT, payloadBytes);
  view.setUint32(PLACEMENT_AT, name.placement, true);
  view.setUint32(INDEX_AT, name.index, true);
  view.setUint32(PAYLOAD_CHECKSUM_AT, checksum, true);
  view.setUint32(HEADER_CHECKSUM_AT, footer.headerChecksum, true);
  view.setUint32(FOOTER_BYTES_AT, footerBytes, true);
  view.setUint32(CHECKSUM_AT, crc32c(bytes.subarray(0, footerBytes - TAIL_BYTES + CHECKSUM_AT)), true);
  tail.set(MAGIC, MAGIC_AT);
  return { bytes, checksum };
}

/**
 * The footer that belongs to a header. `bytes` are as many as layoutOf(payloadBytes) gives it, from anywhere; none of them are
 * kept.
 */
export function decodeFooter(
  bytes: Uint8Array,
  header: { readonly name: ShardName; readonly payloadBytes: number; readonly checksum: number },
  crc32c: Crc32c,
): DecodedFooter {
  const { footerBytes, blocks } = layoutOf(header.payloadBytes);
  assertInvariant(bytes.length === footerBytes, 'a footer is decoded from as many bytes as it has');
  const tail = bytes.subarray(footerBytes - TAIL_BYTES);
  const view = viewOf(tail);
  if (MAGIC.compare(tail.subarray(MAGIC_AT)) !== 0) {
    return { kind: 'problem', reason: 'incomplete', detail: 'it does not end as a shard does' };
  }
  const covered = bytes.subarray(0, footerBytes - TAIL_BYTES + CHECKSUM_AT);
  if (crc32c(covered) !== view.getUint32(CHECKSUM_AT, true)) return corrupt('its footer does not fit its checksum');
  if (!agrees(tail, view, header)) {
    return { kind: 'problem', reason: 'disagreement', detail: 'its header and its footer are not of one shard' };
  }
  const table = viewOf(bytes);
  const blockChecksums = Uint32Array.from({ length: blocks }, (_, block) =>
    table.getUint32(block * CHECKSUM_BYTES, true),
  );
  const checksum = combineCrc32c(blockChecksums, { pieceBytes: BLOCK_BYTES, totalBytes: header.payloadBytes });
  const zeros = [
    bytes.subarray(blocks * CHECKSUM_BYTES, footerBytes - TAIL_BYTES),
    tail.subarray(ZEROS_AT, PAYLOAD_CHECKSUM_AT),
  ];
  if (view.getUint32(FOOTER_BYTES_AT, true) !== footerBytes || !zeros.every(isZero)) {
    return corrupt('a field of its footer holds what is never written there');
  }
  if (view.getUint32(PAYLOAD_CHECKSUM_AT, true) !== checksum) {
    return corrupt('the checksums of its blocks are not those of a payload with its checksum');
  }
  return { kind: 'footer', blockChecksums, checksum };
}

const corrupt = (detail: string): FooterProblem => ({ kind: 'problem', reason: 'corruptFooter', detail });

function agrees(
  tail: Uint8Array,
  view: DataView,
  header: { readonly name: ShardName; readonly payloadBytes: number; readonly checksum: number },
): boolean {
  const volumeId = textAt(tail, 0);
  const [epoch, counter, payloadBytes] = [EPOCH_AT, COUNTER_AT, PAYLOAD_BYTES_AT].map((at) => countAt(view, at));
  const index = view.getUint32(INDEX_AT, true);
  const name = shardNameOf({ volumeId, epoch, counter, index }, view.getUint32(PLACEMENT_AT, true));
  if (name === undefined || pathOfShard(name) !== pathOfShard(header.name)) return false;
  return payloadBytes === header.payloadBytes && view.getUint32(HEADER_CHECKSUM_AT, true) === header.checksum;
}
