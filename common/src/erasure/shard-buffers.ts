/** What is checked of shards before a byte of them is used: an empty or short shard once passed for a good one elsewhere. */
import { CoucheStorError } from '../base/errors.ts';

/** A shard by its number in the stripe, and its bytes. */
export interface ShardBuffer {
  readonly shard: number;
  readonly bytes: Uint8Array;
}

/** The bytes [offset, offset + length) of every buffer. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export function refusal(field: string, message: string): CoucheStorError {
  return new CoucheStorError('invalid', `${field}: ${message}.`, { fields: { field } });
}

/** Numbers of shards, each once, below `count`. @throws CoucheStorError `invalid`. */
export function checkShardNumbers(shards: readonly number[], count: number, field: string): void {
  shards.forEach((shard, index) => {
    if (!Number.isInteger(shard) || shard < 0 || shard >= count) {
      throw refusal(field, `${shard} is no shard of this scheme; write a number from 0 to ${count - 1}`);
    }
    if (shards.indexOf(shard) !== index) throw refusal(field, `shard ${shard} is named twice; name each once`);
  });
}

/** The one length of all buffers. @throws CoucheStorError `invalid` when there are two. */
export function checkEqualLengths(buffers: readonly Uint8Array[], field: string): number {
  const length = buffers[0]?.length ?? 0;
  for (const buffer of buffers) {
    if (buffer.length !== length) {
      throw refusal(
        field,
        `buffers of ${length} and of ${buffer.length} bytes cannot be of one stripe; treat a shard of the wrong length as lost`,
      );
    }
  }
  return length;
}

/** @throws CoucheStorError `invalid` for a range that is not within buffers of so many bytes. */
export function checkRange(range: ByteRange | undefined, bytes: number): void {
  if (range === undefined) return;
  const { offset, length } = range;
  const isWithin = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0;
  if (!isWithin || offset + length > bytes) {
    throw refusal('range', `${length} bytes at ${offset} are not within shards of ${bytes}; shorten the range`);
  }
}

/** What is written must share no memory with anything else; all are equally long. @throws CoucheStorError `invalid`. */
export function checkDisjoint(outputs: readonly Uint8Array[], inputs: readonly Uint8Array[]): void {
  for (let index = 0; index < outputs.length; index += 1) {
    refuseOverlap(outputs[index]!, inputs, inputs.length);
    refuseOverlap(outputs[index]!, outputs, index);
  }
}

function refuseOverlap(output: Uint8Array, others: readonly Uint8Array[], count: number): void {
  const { buffer, byteOffset, length } = output;
  for (let index = 0; index < count; index += 1) {
    const other = others[index]!;
    if (other.buffer !== buffer) continue;
    const distance = other.byteOffset - byteOffset;
    if (distance < length && -distance < length) {
      throw refusal(
        'outputs',
        'a buffer that is written shares memory with another; give every shard memory of its own',
      );
    }
  }
}
