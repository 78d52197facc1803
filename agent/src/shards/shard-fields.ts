/** The fields that header and footer are made of: little-endian numbers, and texts in places of fixed length. */
import { CoucheStorError, parsePlacement, parseShardIndex, parseVolumeId, stripeIdOf } from '@couchestor/common/base';
import { ALIGNMENT_BYTES } from './shard-layout.ts';
import type { ShardName } from './shard-name.ts';

/** Of a text and the byte that counts it. */
export const TEXT_FIELD_BYTES = 64;

const ZEROS = new Uint8Array(ALIGNMENT_BYTES);

const PRINTABLE = /^[\x21-\x7e]{1,63}$/;

/** Whether a text fits a field: 1 to 63 printable characters of ASCII without blanks. */
export function isFieldText(text: string): boolean {
  return PRINTABLE.test(text);
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `text` is one of isFieldText(); the place holds zeros. */
export function putText(bytes: Uint8Array, offset: number, text: string): void {
  bytes[offset] = text.length;
  bytes.set(Buffer.from(text, 'latin1'), offset + 1);
}

/** Undefined where no text was put. */
export function textAt(bytes: Uint8Array, offset: number): string | undefined {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + offset, TEXT_FIELD_BYTES);
  const length = field.readUInt8(0);
  if (length >= TEXT_FIELD_BYTES) return undefined;
  const text = field.toString('latin1', 1, 1 + length);
  return isFieldText(text) && isZero(field.subarray(1 + length)) ? text : undefined;
}

export function putCount(view: DataView, offset: number, count: number): void {
  view.setBigUint64(offset, BigInt(count), true);
}

/** Undefined beyond 2⁵³ − 1, which nothing here counts. */
export function countAt(view: DataView, offset: number): number | undefined {
  const count = Number(view.getBigUint64(offset, true));
  return Number.isSafeInteger(count) ? count : undefined;
}

/** Of at most ALIGNMENT_BYTES, as every gap in a shard file is. */
export function isZero(bytes: Uint8Array): boolean {
  return Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;
}

interface NameFields {
  readonly volumeId: string | undefined;
  readonly epoch: number | undefined;
  readonly counter: number | undefined;
  readonly index: number;
}

/** The name that fields on a disk make, if they make one. */
export function shardNameOf({ volumeId, epoch, counter, index }: NameFields, placement: number): ShardName | undefined {
  if (epoch === undefined || counter === undefined) return undefined;
  try {
    return {
      volumeId: parseVolumeId(volumeId),
      stripeId: stripeIdOf({ epoch, counter }),
      index: parseShardIndex(index),
      placement: parsePlacement(placement),
    };
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return undefined;
    throw thrown;
  }
}
