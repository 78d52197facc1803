/**
 * The first block of a shard file: what the shard is, how its stripe was encoded, and the stripe's record, from which metadata can
 * be rebuilt. It is written before the payload and never changed. Every version of the format keeps the magic, the version and the
 * place of the checksum.
 *
 *       0    8  magic "COUCHSHD"
 *       8    4  version of the format, 1
 *      12    4  length of the header, 4096
 *      16    8  length of the payload
 *      24    8  logical length of the stripe
 *      32    8  epoch of the stripe id
 *      40    8  counter of the stripe id
 *      48    4  placement
 *      52    2  index
 *      54    2  data shards of the stripe
 *      56    2  parity shards of the stripe
 *      58    2  local groups of the stripe
 *      60    4  length of the stripe's record, r
 *      64   64  volumeId      ┐
 *     128   64  matrix id     ├ its length in a byte, ASCII, zeros
 *     192   64  created by    ┘
 *     256    r  the stripe's record
 *             …  zeros
 *    4092    4  CRC32C of bytes 0 to 4091
 *
 * Numbers are little-endian.
 */
import { assertInvariant, CoucheStorError, partsOfStripeId, quote } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { MAX_SHARDS, type SchemeRecord } from '@couchestor/common/erasure';
import { countAt, isFieldText, isZero, putCount, putText, shardNameOf, textAt, viewOf } from './shard-fields.ts';
import { HEADER_BYTES, isPayloadLength, MAX_PAYLOAD_BYTES } from './shard-layout.ts';
import type { ShardName } from './shard-name.ts';

export const FORMAT_VERSION = 1;

const MAGIC = Buffer.from('COUCHSHD', 'latin1');
const VOLUME_ID_AT = 64;
const MATRIX_ID_AT = 128;
const CREATED_BY_AT = 192;
const RECORD_AT = 256;
const CHECKSUM_AT = HEADER_BYTES - 4;

/** The longest record of a stripe that a header has room for. */
export const MAX_STRIPE_RECORD_BYTES = CHECKSUM_AT - RECORD_AT;

export interface ShardHeader {
  readonly name: ShardName;
  readonly payloadBytes: number;
  /** Of what the stripe holds, before it was compressed and padded. */
  readonly stripeLogicalBytes: number;
  readonly scheme: SchemeRecord;
  /** As its writer encoded it; nothing here reads it. */
  readonly stripeRecord: Uint8Array;
  /** The program and its version: 1 to 63 printable characters. */
  readonly createdBy: string;
}

/** Why a first block is no header of this version. */
export interface HeaderProblem {
  readonly kind: 'problem';
  readonly reason: 'notAShard' | 'corruptHeader' | 'unsupportedVersion';
  readonly detail: string;
}

export type DecodedHeader =
  { readonly kind: 'header'; readonly header: ShardHeader; readonly checksum: number } | HeaderProblem;

/**
 * @returns HEADER_BYTES bytes and the checksum in them, which the footer repeats.
 * @throws CoucheStorError `invalid`, naming the field, for what no header can hold: an empty payload among them.
 */
export function encodeHeader(header: ShardHeader, crc32c: Crc32c): { bytes: Uint8Array; checksum: number } {
  const problem = problemOf(header);
  if (problem !== undefined) {
    const [field, text] = problem;
    throw new CoucheStorError('invalid', `${field}: ${text}.`, { fields: { field } });
  }
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  const { name, scheme, stripeRecord } = header;
  const { epoch, counter } = partsOfStripeId(name.stripeId);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, HEADER_BYTES, true);
  putCount(view, 16, header.payloadBytes);
  putCount(view, 24, header.stripeLogicalBytes);
  putCount(view, 32, epoch);
  putCount(view, 40, counter);
  view.setUint32(48, name.placement, true);
  view.setUint16(52, name.index, true);
  view.setUint16(54, scheme.dataShards, true);
  view.setUint16(56, scheme.parityShards, true);
  view.setUint16(58, scheme.localGroups, true);
  view.setUint32(60, stripeRecord.length, true);
  putText(bytes, VOLUME_ID_AT, name.volumeId);
  putText(bytes, MATRIX_ID_AT, scheme.matrixId);
  putText(bytes, CREATED_BY_AT, header.createdBy);
  bytes.set(stripeRecord, RECORD_AT);
  const checksum = crc32c(bytes.subarray(0, CHECKSUM_AT));
  view.setUint32(CHECKSUM_AT, checksum, true);
  return { bytes, checksum };
}

/** `bytes` are the first HEADER_BYTES of a file, from anywhere. The header keeps none of them. */
export function decodeHeader(bytes: Uint8Array, crc32c: Crc32c): DecodedHeader {
  assertInvariant(bytes.length === HEADER_BYTES, 'a header is decoded from as many bytes as it has');
  if (MAGIC.compare(bytes.subarray(0, MAGIC.length)) !== 0) {
    return { kind: 'problem', reason: 'notAShard', detail: 'it does not begin as a shard does' };
  }
  const view = viewOf(bytes);
  const checksum = view.getUint32(CHECKSUM_AT, true);
  if (crc32c(bytes.subarray(0, CHECKSUM_AT)) !== checksum) {
    return corrupt('its header does not fit its checksum');
  }
  const version = view.getUint32(8, true);
  if (version !== FORMAT_VERSION) {
    const detail = `it has version ${version} of the format, and this program reads version ${FORMAT_VERSION}`;
    return { kind: 'problem', reason: 'unsupportedVersion', detail };
  }
  const header = headerIn(bytes, view);
  if (header === undefined) return corrupt('a field of its header holds what is never written there');
  const problem = problemOf(header);
  return problem === undefined ? { kind: 'header', header, checksum } : corrupt(`${problem[0]}: ${problem[1]}`);
}

const corrupt = (detail: string): HeaderProblem => ({ kind: 'problem', reason: 'corruptHeader', detail });

function headerIn(bytes: Uint8Array, view: DataView): ShardHeader | undefined {
  const [payloadBytes, stripeLogicalBytes, epoch, counter] = [16, 24, 32, 40].map((offset) => countAt(view, offset));
  const [volumeId, matrixId, createdBy] = [VOLUME_ID_AT, MATRIX_ID_AT, CREATED_BY_AT].map((at) => textAt(bytes, at));
  const recordBytes = view.getUint32(60, true);
  if (view.getUint32(12, true) !== HEADER_BYTES || recordBytes > MAX_STRIPE_RECORD_BYTES) return undefined;
  if (!isZero(bytes.subarray(RECORD_AT + recordBytes, CHECKSUM_AT))) return undefined;
  if (payloadBytes === undefined || stripeLogicalBytes === undefined) return undefined;
  if (volumeId === undefined || matrixId === undefined || createdBy === undefined) return undefined;
  const name = shardNameOf({ volumeId, epoch, counter, index: view.getUint16(52, true) }, view.getUint32(48, true));
  if (name === undefined) return undefined;
  const scheme = {
    matrixId,
    dataShards: view.getUint16(54, true),
    parityShards: view.getUint16(56, true),
    localGroups: view.getUint16(58, true),
  };
  // A copy also of a Buffer, whose slice() is none.
  const stripeRecord = Uint8Array.from(bytes.subarray(RECORD_AT, RECORD_AT + recordBytes));
  return { name, payloadBytes, stripeLogicalBytes, scheme, stripeRecord, createdBy };
}

/** The field that no header can hold, and why with a remedy. */
function problemOf(header: ShardHeader): readonly [field: string, text: string] | undefined {
  const { name, payloadBytes, stripeLogicalBytes, scheme, stripeRecord, createdBy } = header;
  const { matrixId, dataShards, parityShards, localGroups } = scheme;
  if (!isPayloadLength(payloadBytes)) {
    return ['payloadBytes', `${payloadBytes} is no length of a shard; have 1 to ${MAX_PAYLOAD_BYTES} bytes`];
  }
  if (!Number.isSafeInteger(stripeLogicalBytes) || stripeLogicalBytes < 0) {
    return ['stripeLogicalBytes', `${stripeLogicalBytes} is no length; write a whole number of bytes`];
  }
  const counts = [dataShards, parityShards, localGroups];
  if (counts.some((count) => !Number.isInteger(count) || count < 0) || dataShards < 1 || parityShards < 1) {
    return ['scheme', `${counts.join(', ')} are not the numbers of a scheme; take them from recordOfScheme()`];
  }
  if (dataShards + parityShards > MAX_SHARDS || localGroups > parityShards) {
    return ['scheme', `no scheme has ${counts.join(', ')}; take the numbers from recordOfScheme()`];
  }
  if (name.index >= dataShards + parityShards) {
    return ['index', `a stripe of ${dataShards + parityShards} shards has no shard ${name.index}; count from 0`];
  }
  for (const [field, text] of Object.entries({ matrixId, createdBy })) {
    if (!isFieldText(text)) return [field, `${quote(text)} does not fit; write 1 to 63 printable ASCII characters`];
  }
  if (stripeRecord.length > MAX_STRIPE_RECORD_BYTES) {
    return ['stripeRecord', `${stripeRecord.length} bytes do not fit; have at most ${MAX_STRIPE_RECORD_BYTES}`];
  }
  return undefined;
}
