/**
 * The first block of a shard file: what is known before the payload, which shard it is and how its stripe is encoded. It is never
 * written again; lengths and the stripe's record are in the footer. Every version of the format keeps the magic, the version and
 * the place of the checksum.
 *
 *       0    8  magic "COUCHSHD"
 *       8    4  version of the format, 1
 *      12    4  length of the header, 4096
 *      16    8  epoch of the stripe id
 *      24    8  counter of the stripe id
 *      32    4  placement
 *      36    2  index
 *      38    2  data shards of the stripe
 *      40    2  parity shards of the stripe
 *      42    2  local groups of the stripe
 *      44   20  zeros
 *      64   64  volumeId      ┐
 *     128   64  matrix id     ├ its length in a byte, ASCII, zeros
 *     192   64  created by    ┘
 *     256 3836  zeros
 *    4092    4  CRC32C of bytes 0 to 4091
 *
 * Numbers are little-endian.
 */
import { assertInvariant, CoucheStorError, partsOfStripeId, quote } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { MAX_SHARDS, type SchemeRecord } from '@couchestor/common/erasure';
import { countAt, isFieldText, isZero, putCount, putText, shardNameOf, textAt, viewOf } from './shard-fields.ts';
import { HEADER_BYTES } from './shard-layout.ts';
import type { ShardName } from './shard-name.ts';

export const FORMAT_VERSION = 1;

const MAGIC = Buffer.from('COUCHSHD', 'latin1');
const VOLUME_ID_AT = 64;
const MATRIX_ID_AT = 128;
const CREATED_BY_AT = 192;
const CHECKSUM_AT = HEADER_BYTES - 4;

/** The places where a header has nothing. */
const ZEROS = [
  [44, VOLUME_ID_AT],
  [256, CHECKSUM_AT],
] as const;

/** What a shard is, whatever it will hold. */
export interface ShardIdentity {
  readonly name: ShardName;
  readonly scheme: SchemeRecord;
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
  { readonly kind: 'header'; readonly identity: ShardIdentity; readonly checksum: number } | HeaderProblem;

/**
 * @returns HEADER_BYTES bytes and the checksum in them, which the footer repeats.
 * @throws CoucheStorError `invalid`, naming the field, for what no header can hold.
 */
export function encodeHeader(identity: ShardIdentity, crc32c: Crc32c): { bytes: Uint8Array; checksum: number } {
  const problem = problemOf(identity);
  if (problem !== undefined) {
    const [field, text] = problem;
    throw new CoucheStorError('invalid', `${field}: ${text}.`, { fields: { field } });
  }
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = viewOf(bytes);
  const { name, scheme, createdBy } = identity;
  const { epoch, counter } = partsOfStripeId(name.stripeId);
  bytes.set(MAGIC);
  view.setUint32(8, FORMAT_VERSION, true);
  view.setUint32(12, HEADER_BYTES, true);
  putCount(view, 16, epoch);
  putCount(view, 24, counter);
  view.setUint32(32, name.placement, true);
  view.setUint16(36, name.index, true);
  view.setUint16(38, scheme.dataShards, true);
  view.setUint16(40, scheme.parityShards, true);
  view.setUint16(42, scheme.localGroups, true);
  putText(bytes, VOLUME_ID_AT, name.volumeId);
  putText(bytes, MATRIX_ID_AT, scheme.matrixId);
  putText(bytes, CREATED_BY_AT, createdBy);
  const checksum = crc32c(bytes.subarray(0, CHECKSUM_AT));
  view.setUint32(CHECKSUM_AT, checksum, true);
  return { bytes, checksum };
}

/** `bytes` are the first HEADER_BYTES of a file, from anywhere. None of them are kept. */
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
  const identity = identityIn(bytes, view);
  if (identity === undefined) return corrupt('a field of its header holds what is never written there');
  const problem = problemOf(identity);
  return problem === undefined ? { kind: 'header', identity, checksum } : corrupt(`${problem[0]}: ${problem[1]}`);
}

const corrupt = (detail: string): HeaderProblem => ({ kind: 'problem', reason: 'corruptHeader', detail });

function identityIn(bytes: Uint8Array, view: DataView): ShardIdentity | undefined {
  const [epoch, counter] = [16, 24].map((offset) => countAt(view, offset));
  const [volumeId, matrixId, createdBy] = [VOLUME_ID_AT, MATRIX_ID_AT, CREATED_BY_AT].map((at) => textAt(bytes, at));
  if (view.getUint32(12, true) !== HEADER_BYTES) return undefined;
  if (!ZEROS.every(([from, to]) => isZero(bytes.subarray(from, to)))) return undefined;
  if (volumeId === undefined || matrixId === undefined || createdBy === undefined) return undefined;
  const name = shardNameOf({ volumeId, epoch, counter, index: view.getUint16(36, true) }, view.getUint32(32, true));
  if (name === undefined) return undefined;
  const scheme = {
    matrixId,
    dataShards: view.getUint16(38, true),
    parityShards: view.getUint16(40, true),
    localGroups: view.getUint16(42, true),
  };
  return { name, scheme, createdBy };
}

/** The field that no header can hold, and why with a remedy. */
function problemOf({ name, scheme, createdBy }: ShardIdentity): readonly [field: string, text: string] | undefined {
  const { matrixId, dataShards, parityShards, localGroups } = scheme;
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
  return undefined;
}
