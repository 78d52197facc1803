/**
 * The last TRAILER_BYTES of a shard file, at one place seen from its end: where the parts lie, which shard it is, and the checksums
 * of everything that is not in it. Its own checksum is looked at before anything it claims is used.
 *
 *       0   64  volumeId: its length in a byte, ASCII, zeros
 *      64    8  epoch of the stripe id
 *      72    8  counter of the stripe id
 *      80    8  length of the payload
 *      88    8  logical length of the stripe
 *      96    4  placement
 *     100    4  index
 *     104    4  length of the stripe's record
 *     108  120  zeros
 *     228    4  CRC32C of the footer before the trailer
 *     232    4  CRC32C of the payload: what the stripe's record has as the checksum of this shard
 *     236    4  CRC32C in the header
 *     240    4  length of the footer
 *     244    4  CRC32C of bytes 0 to 243
 *     248    8  magic "COUCHEND"
 *
 * Numbers are little-endian.
 */
import { assertInvariant, partsOfStripeId } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { countAt, isZero, putCount, putText, shardNameOf, textAt, viewOf } from './shard-fields.ts';
import { isPayloadLength, isRecordLength, layoutOf, TRAILER_BYTES } from './shard-layout.ts';
import { pathOfShard, type ShardName } from './shard-name.ts';

const MAGIC = Buffer.from('COUCHEND', 'latin1');

const EPOCH_AT = 64;
const COUNTER_AT = 72;
const PAYLOAD_BYTES_AT = 80;
const LOGICAL_LENGTH_AT = 88;
const PLACEMENT_AT = 96;
const INDEX_AT = 100;
const RECORD_BYTES_AT = 104;
const ZEROS_AT = 108;
const BODY_CHECKSUM_AT = 228;
const PAYLOAD_CHECKSUM_AT = 232;
const HEADER_CHECKSUM_AT = 236;
const FOOTER_BYTES_AT = 240;
const CHECKSUM_AT = 244;
const MAGIC_AT = 248;

/** What has to be the same at both ends of a file. */
export interface BothEnds {
  readonly name: ShardName;
  readonly headerChecksum: number;
}

export interface ShardTrailer {
  readonly payloadBytes: number;
  readonly logicalLength: number;
  readonly recordBytes: number;
  /** Of the footer before the trailer. */
  readonly bodyChecksum: number;
  /** Of the whole payload. */
  readonly checksum: number;
}

export interface FooterProblem {
  readonly kind: 'problem';
  readonly reason: 'incomplete' | 'corruptFooter' | 'disagreement';
  readonly detail: string;
}

export type DecodedTrailer = { readonly kind: 'trailer'; readonly trailer: ShardTrailer } | FooterProblem;

/** Fills `bytes`, which hold zeros and are TRAILER_BYTES long. */
export function putTrailer(
  bytes: Uint8Array,
  { name, headerChecksum }: BothEnds,
  trailer: ShardTrailer,
  crc32c: Crc32c,
): void {
  const view = viewOf(bytes);
  const { epoch, counter } = partsOfStripeId(name.stripeId);
  putText(bytes, 0, name.volumeId);
  putCount(view, EPOCH_AT, epoch);
  putCount(view, COUNTER_AT, counter);
  putCount(view, PAYLOAD_BYTES_AT, trailer.payloadBytes);
  putCount(view, LOGICAL_LENGTH_AT, trailer.logicalLength);
  view.setUint32(PLACEMENT_AT, name.placement, true);
  view.setUint32(INDEX_AT, name.index, true);
  view.setUint32(RECORD_BYTES_AT, trailer.recordBytes, true);
  view.setUint32(BODY_CHECKSUM_AT, trailer.bodyChecksum, true);
  view.setUint32(PAYLOAD_CHECKSUM_AT, trailer.checksum, true);
  view.setUint32(HEADER_CHECKSUM_AT, headerChecksum, true);
  view.setUint32(FOOTER_BYTES_AT, layoutOf(trailer).footerBytes, true);
  view.setUint32(CHECKSUM_AT, crc32c(bytes.subarray(0, CHECKSUM_AT)), true);
  bytes.set(MAGIC, MAGIC_AT);
}

/** The trailer that belongs to a header. `bytes` are the last TRAILER_BYTES of a file, from anywhere; none of them are kept. */
export function decodeTrailer(bytes: Uint8Array, header: BothEnds, crc32c: Crc32c): DecodedTrailer {
  assertInvariant(bytes.length === TRAILER_BYTES, 'a trailer is decoded from as many bytes as it has');
  const view = viewOf(bytes);
  if (MAGIC.compare(bytes.subarray(MAGIC_AT)) !== 0) {
    return { kind: 'problem', reason: 'incomplete', detail: 'it does not end as a shard does' };
  }
  if (crc32c(bytes.subarray(0, CHECKSUM_AT)) !== view.getUint32(CHECKSUM_AT, true)) {
    return corrupt('its trailer does not fit its checksum');
  }
  if (!agrees(bytes, view, header)) {
    return { kind: 'problem', reason: 'disagreement', detail: 'its header and its footer are not of one shard' };
  }
  const trailer = trailerIn(bytes, view);
  return trailer === undefined
    ? corrupt('a field of its trailer holds what is never written there')
    : { kind: 'trailer', trailer };
}

const corrupt = (detail: string): FooterProblem => ({ kind: 'problem', reason: 'corruptFooter', detail });

function trailerIn(bytes: Uint8Array, view: DataView): ShardTrailer | undefined {
  const [payloadBytes, logicalLength] = [PAYLOAD_BYTES_AT, LOGICAL_LENGTH_AT].map((at) => countAt(view, at));
  const recordBytes = view.getUint32(RECORD_BYTES_AT, true);
  if (payloadBytes === undefined || logicalLength === undefined) return undefined;
  if (!isPayloadLength(payloadBytes) || !isRecordLength(recordBytes)) return undefined;
  if (view.getUint32(FOOTER_BYTES_AT, true) !== layoutOf({ payloadBytes, recordBytes }).footerBytes) return undefined;
  if (!isZero(bytes.subarray(ZEROS_AT, BODY_CHECKSUM_AT))) return undefined;
  return {
    payloadBytes,
    logicalLength,
    recordBytes,
    bodyChecksum: view.getUint32(BODY_CHECKSUM_AT, true),
    checksum: view.getUint32(PAYLOAD_CHECKSUM_AT, true),
  };
}

function agrees(bytes: Uint8Array, view: DataView, header: BothEnds): boolean {
  const [epoch, counter] = [EPOCH_AT, COUNTER_AT].map((at) => countAt(view, at));
  const index = view.getUint32(INDEX_AT, true);
  const name = shardNameOf({ volumeId: textAt(bytes, 0), epoch, counter, index }, view.getUint32(PLACEMENT_AT, true));
  if (name === undefined || pathOfShard(name) !== pathOfShard(header.name)) return false;
  return view.getUint32(HEADER_CHECKSUM_AT, true) === header.headerChecksum;
}
