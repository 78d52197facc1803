/** Shards for tests: identities, payloads that follow from a seed, and the shortest way to write and read one. */
import { parsePlacement, parseShardIndex, parseStripeId, parseVolumeId } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { MemoryDevice } from './memory-device.fixture.ts';
import { openShard, type ExpectedShard, type OpenedShard } from './open-shard.ts';
import { readRange, type RangeRead } from './read-range.ts';
import type { StripeSummary } from './shard-footer.ts';
import type { ShardIdentity } from './shard-header.ts';
import type { ShardIo } from './shard-io.ts';
import { BLOCK_BYTES, layoutOf, TRAILER_BYTES, type ShardLayout } from './shard-layout.ts';
import type { ShardName } from './shard-name.ts';
import { ShardWriter } from './shard-writer.ts';
import { WindowPool } from './window-pool.ts';

export const { crc32c } = chooseCrc32c();

export function nameOf(
  changes: { volumeId?: string; stripeId?: string; index?: number; placement?: number } = {},
): ShardName {
  return {
    volumeId: parseVolumeId(changes.volumeId ?? 'vol-5f0c954c'),
    stripeId: parseStripeId(changes.stripeId ?? '7-42'),
    index: parseShardIndex(changes.index ?? 3),
    placement: parsePlacement(changes.placement ?? 1),
  };
}

export function identityOf(changes: Partial<ShardIdentity> = {}): ShardIdentity {
  return {
    name: nameOf(),
    scheme: { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 0 },
    createdBy: 'couchestor-agent/1.0.0',
    ...changes,
  };
}

export function stripeOf(changes: Partial<StripeSummary> = {}): StripeSummary {
  return { logicalLength: 12_345, record: new TextEncoder().encode('{"seq":9}'), ...changes };
}

/** Where the parts of a shard lie that has the record of stripeOf(). */
export function layoutWith(payloadBytes: number): ShardLayout {
  return layoutOf({ payloadBytes, recordBytes: stripeOf().record.length });
}

/** Bytes of a 32-bit xorshift: the same for ever, and no two blocks alike. */
export function payloadOf(bytes: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, bytes);
}

export function ioOn(device: MemoryDevice, windowBytes = BLOCK_BYTES): ShardIo {
  const windows = new WindowPool({ windowBytes, windows: 1, waiting: 0, allocate: (bytes) => device.allocate(bytes) });
  return { device, windows, crc32c };
}

export interface WrittenShard {
  readonly bytes: Buffer;
  readonly expected: ExpectedShard;
}

export async function writeShard(
  payload: Uint8Array,
  { identity = identityOf(), stripe = stripeOf() }: { identity?: ShardIdentity; stripe?: StripeSummary } = {},
): Promise<WrittenShard> {
  const device = new MemoryDevice();
  const writer = await ShardWriter.begin(ioOn(device), identity);
  await writer.append(payload);
  const { checksum } = await writer.commit(stripe);
  return { bytes: device.content, expected: { name: identity.name, payloadBytes: payload.length, checksum } };
}

/** As if the footer had been written so, which is as long as those of small shards here; in place. */
export function resealFooter(bytes: Buffer): Buffer {
  const { footerBytes } = layoutWith(1);
  const end = bytes.length;
  const trailerOffset = end - TRAILER_BYTES;
  bytes.writeUInt32LE(crc32c(bytes.subarray(end - footerBytes, trailerOffset)), end - 28);
  bytes.writeUInt32LE(crc32c(bytes.subarray(trailerOffset, end - 12)), end - 12);
  return bytes;
}

/** For all, so that a sweep over thousands of files allocates once. */
const sharedWindows = (windowBytes: number): WindowPool =>
  new WindowPool({ windowBytes, windows: 1, waiting: 9, allocate: (bytes) => new Uint8Array(bytes) });

const shared = sharedWindows(BLOCK_BYTES);

/** In two, so that payload and ends are read at the same time. */
const sharedHalves = sharedWindows(2 * BLOCK_BYTES);

export async function openBytes(bytes: Uint8Array, expected: ExpectedShard): Promise<OpenedShard> {
  return openShard({ device: new MemoryDevice(bytes), windows: shared, crc32c }, expected);
}

/** From the first byte of the payload on, in one go. */
export async function readBytes(bytes: Uint8Array, expected: ExpectedShard, into: Uint8Array): Promise<RangeRead> {
  return readRange({ device: new MemoryDevice(bytes), windows: sharedHalves, crc32c }, expected, 0, into);
}
