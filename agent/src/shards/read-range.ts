/**
 * Reads a range of a shard in one go, for whoever wants nothing else of it: the payload begins to be read while both ends are, and is
 * compared as soon as these are confirmed. The answers are those of openShard() and then read().
 */
import { CoucheStorError } from '@couchestor/common/base';
import { confirmEnds, type ExpectedShard, type MissingShard, type UnreadableShard } from './open-shard.ts';
import { checkRange, PayloadTransfer, slotsOf, type PayloadRange, type ShardRead } from './payload-transfer.ts';
import type { ShardIo } from './shard-io.ts';
import { ALIGNMENT_BYTES, isPayloadLength, layoutOf } from './shard-layout.ts';

/** `unreadable` with a block: its ends were confirmed. */
export type RangeRead = ShardRead | MissingShard | UnreadableShard;

/**
 * Fills `into` from `offset` of the payload. Until the call ends nobody else uses `into`; unless the result is `verified`, it holds
 * zeros then. The device stays the caller's to close.
 * @throws CoucheStorError `invalid` for a range that is not within the expected payload, `tooManyRequests` when too many wait for memory.
 */
export async function readRange(
  io: ShardIo,
  expected: ExpectedShard,
  offset: number,
  into: Uint8Array,
): Promise<RangeRead> {
  let read: RangeRead | undefined;
  try {
    read = await answer(io, expected, { payloadBytes: expected.payloadBytes, offset, length: into.length, into });
    return read;
  } finally {
    if (read?.kind !== 'verified') into.fill(0);
  }
}

/** The same of the whole payload, for whoever wants to know whether it is right and not what it is: nothing is copied. */
export async function verifyShard(io: ShardIo, expected: ExpectedShard): Promise<RangeRead> {
  const { payloadBytes } = expected;
  return answer(io, expected, { payloadBytes, offset: 0, length: payloadBytes, into: undefined });
}

async function answer(io: ShardIo, expected: ExpectedShard, range: PayloadRange): Promise<RangeRead> {
  checkRange(range);
  const window = await io.windows.acquire();
  const transfer = new PayloadTransfer(io, range);
  try {
    return await readBoth(window, io, expected, transfer);
  } finally {
    try {
      await transfer.end();
    } finally {
      io.windows.release(window);
    }
  }
}

/** The payload begins in one half of the window, the ends are read in the other one. */
async function readBoth(
  window: Uint8Array,
  io: ShardIo,
  expected: ExpectedShard,
  transfer: PayloadTransfer,
): Promise<RangeRead> {
  const slots = slotsOf(window);
  const [first, second] = slots;
  const isBegun = second !== undefined && hasRoomFor(expected, io.device.sizeBytes);
  if (isBegun) transfer.begin(first);
  try {
    const ends = await confirmEnds(second ?? first, io, expected);
    if (ends.kind === 'missing') return ends;
    return await transfer.compareAll(ends.footer.blockChecksums, isBegun ? [second] : slots);
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return { kind: 'unreadable', error: thrown };
    throw thrown;
  }
}

/** Nothing is read of a file that cannot be the shard: its end would not be where the payload's is. */
function hasRoomFor({ payloadBytes }: ExpectedShard, sizeBytes: number): boolean {
  if (!isPayloadLength(payloadBytes) || sizeBytes % ALIGNMENT_BYTES !== 0) return false;
  return sizeBytes >= layoutOf({ payloadBytes, recordBytes: 0 }).fileBytes;
}
