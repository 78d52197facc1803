/** What is checked of shards before a byte of them is used: an empty or short shard once passed for a good one elsewhere. */
import { CoucheStorError } from '../base/errors.ts';

/** A shard by its number in the stripe, and its bytes. */
export interface ShardBuffer {
  readonly shard: number;
  readonly bytes: Uint8Array;
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
