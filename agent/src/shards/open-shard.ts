/**
 * Opens a shard for whoever says which one it must be. A file that is not exactly that shard, whole and as its stripe's record
 * knows it, is missing, with the reason; none of its bytes are data. A file that could not be read is a case of its own, since it
 * says nothing about the shard.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { isZero } from './shard-fields.ts';
import { decodeFooter, type ShardFooter } from './shard-footer.ts';
import { decodeHeader, type HeaderProblem, type ShardIdentity } from './shard-header.ts';
import {
  ALIGNMENT_BYTES,
  HEADER_BYTES,
  layoutOf,
  MAX_PAYLOAD_BYTES,
  MAX_STRIPE_RECORD_BYTES,
  MIN_FILE_BYTES,
  TRAILER_BYTES,
} from './shard-layout.ts';
import { pathOfShard, type ShardName } from './shard-name.ts';
import { ShardReader } from './shard-reader.ts';
import type { ShardIo } from './shard-io.ts';
import { decodeTrailer, type FooterProblem, type ShardTrailer } from './shard-trailer.ts';

/** From the record of the stripe, never from the file. */
export interface ExpectedShard {
  readonly name: ShardName;
  readonly payloadBytes: number;
  /** CRC32C of the payload. */
  readonly checksum: number;
}

/**
 * `incomplete`: empty, cut short, longer than it should be, or without its end, as a crash or a copy leaves it. `otherShard`: of
 * another volume, stripe, index or placement. `otherLength`, `otherChecksum`: a shard with the right name that holds other
 * bytes, such as an older one that came back. The others say which part is not what a writer wrote.
 */
export type MissingReason =
  HeaderProblem['reason'] | FooterProblem['reason'] | 'corruptPadding' | 'otherShard' | 'otherLength' | 'otherChecksum';

export interface MissingShard {
  readonly kind: 'missing';
  readonly reason: MissingReason;
  /** A clause for people: what is wrong with the file. */
  readonly detail: string;
}

/** The device could not say what it holds. */
export interface UnreadableShard {
  readonly kind: 'unreadable';
  readonly error: CoucheStorError;
}

/** Both ends of a shard, that fit each other, the file and what is expected. */
export interface ConfirmedEnds {
  readonly kind: 'confirmed';
  readonly identity: ShardIdentity;
  readonly footer: ShardFooter;
  /** Of the payload, by the footer. */
  readonly checksum: number;
}

export type OpenedShard = { readonly kind: 'open'; readonly reader: ShardReader } | MissingShard | UnreadableShard;

/**
 * Reads the header and, at the same time, what lies behind the expected payload, from the end of the file on: at most a window in all,
 * which holds the trailer and nearly always the whole footer. Only a footer that is longer, and whose trailer has been confirmed by then,
 * is read on. The device stays the caller's to close, after the last read.
 * @throws CoucheStorError `tooManyRequests` when too many wait for memory.
 */
export async function openShard(io: ShardIo, expected: ExpectedShard): Promise<OpenedShard> {
  return openAs(io, expected);
}

/**
 * Opens whatever shard of this name is there, by what its own footer says: to look for damage, and never to serve data. It finds bytes
 * that are not those that were written, and not a shard of the same name that holds other ones: whether a write was lost, and an
 * older file came back, is known to the stripe's record alone, and so `otherLength` and `otherChecksum` are never the answer.
 * @throws CoucheStorError `tooManyRequests` when too many wait for memory.
 */
export async function examineShard(io: ShardIo, name: ShardName): Promise<OpenedShard> {
  return openAs(io, { name, payloadBytes: undefined, checksum: undefined });
}

/** Undefined is what nobody has said. */
export interface Demand {
  readonly name: ShardName;
  readonly payloadBytes: number | undefined;
  readonly checksum: number | undefined;
}

async function openAs(io: ShardIo, demand: Demand): Promise<OpenedShard> {
  const window = await io.windows.acquire();
  try {
    const ends = await confirmEnds(window, io, demand);
    if (ends.kind === 'missing') return ends;
    return { kind: 'open', reader: new ShardReader(io, ends.identity, ends.footer, ends.checksum) };
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return { kind: 'unreadable', error: thrown };
    throw thrown;
  } finally {
    io.windows.release(window);
  }
}

/**
 * @param window - of at least a block; none of it is kept.
 * @throws CoucheStorError that of the device.
 */
export async function confirmEnds(
  window: Uint8Array,
  io: ShardIo,
  demand: Demand,
): Promise<ConfirmedEnds | MissingShard> {
  const { device, crc32c } = io;
  const { sizeBytes } = device;
  if (sizeBytes < MIN_FILE_BYTES) return missing('incomplete', `it has ${sizeBytes} bytes, and no shard is so short`);
  // A length that is none leaves the end unread: a device with blocks would not give it.
  const endBytes = sizeBytes % ALIGNMENT_BYTES === 0 ? lastReadBytes(sizeBytes, demand, window) : 0;
  const block = window.subarray(0, HEADER_BYTES);
  const last = window.subarray(window.length - endBytes);
  const [headerRead, endRead] = await Promise.allSettled([
    device.read(0, block),
    endBytes === 0 ? Promise.resolve() : device.read(sizeBytes - endBytes, last),
  ]);
  passOn(headerRead);
  const header = decodeHeader(block, crc32c);
  if (header.kind === 'problem') return missing(header.reason, header.detail);
  const { identity } = header;
  const [found, wanted] = [pathOfShard(identity.name), pathOfShard(demand.name)];
  if (found !== wanted) return missing('otherShard', `it is ${found}, and not ${wanted}`);
  if (endBytes === 0) {
    return missing('incomplete', `it has ${sizeBytes} bytes, and every shard has a multiple of ${ALIGNMENT_BYTES}`);
  }
  passOn(endRead);
  const ends = { name: identity.name, headerChecksum: header.checksum };
  const decoded = decodeTrailer(last.subarray(-TRAILER_BYTES), ends, crc32c);
  if (decoded.kind === 'problem') return missing(decoded.reason, decoded.detail);
  const { trailer } = decoded;
  const mismatch = mismatchOf(trailer, sizeBytes, demand);
  if (mismatch !== undefined) return mismatch;

  const { zeros, footerBytes } = await readEnd(window, endBytes, io, trailer);
  const footer = decodeFooter(footerBytes, trailer, crc32c);
  if (footer.kind === 'problem') return missing(footer.reason, footer.detail);
  if (!isZero(zeros))
    return missing('corruptPadding', 'between its payload and its footer is what is never written there');
  if (demand.checksum !== undefined && trailer.checksum !== demand.checksum) {
    return missing('otherChecksum', `its payload has checksum ${trailer.checksum}, and not ${demand.checksum}`);
  }
  return { kind: 'confirmed', identity, footer: footer.footer, checksum: trailer.checksum };
}

/** What failed fails; the memory of the other read is nobody's any more by then. */
function passOn(read: PromiseSettledResult<void>): void {
  if (read.status === 'rejected') throw read.reason;
}

/** Where everything after a payload begins to be read: its last block of the device has zeros behind it. */
function endOffset(payloadBytes: number): number {
  const payloadEnd = HEADER_BYTES + payloadBytes;
  return payloadEnd - (payloadEnd % ALIGNMENT_BYTES);
}

/**
 * What lies behind the payload if it is the expected one, and behind any that the file has room for if none is; at least the trailer,
 * and at most what a window holds beside a header.
 */
function lastReadBytes(sizeBytes: number, { payloadBytes }: Demand, window: Uint8Array): number {
  const most = Math.min(window.length, sizeBytes) - HEADER_BYTES;
  const behind = payloadBytes === undefined ? longestEndBytes(sizeBytes) : sizeBytes - endOffset(payloadBytes);
  return Math.min(Math.max(behind, ALIGNMENT_BYTES), most);
}

/** The last, begun page of a payload and the longest footer that a file so long can have. */
function longestEndBytes(sizeBytes: number): number {
  const payloadBytes = Math.min(sizeBytes, MAX_PAYLOAD_BYTES);
  return ALIGNMENT_BYTES + layoutOf({ payloadBytes, recordBytes: MAX_STRIPE_RECORD_BYTES }).footerBytes;
}

/** Undefined when payload and file are as long as they should be, which confirms whatever the trailer makes a reader allocate. */
function mismatchOf(trailer: ShardTrailer, sizeBytes: number, demand: Demand): MissingShard | undefined {
  const { payloadBytes } = trailer;
  if (demand.payloadBytes !== undefined && payloadBytes !== demand.payloadBytes) {
    return missing('otherLength', `its payload has ${payloadBytes} bytes, and not ${demand.payloadBytes}`);
  }
  const { fileBytes } = layoutOf(trailer);
  if (fileBytes === sizeBytes) return undefined;
  return missing('incomplete', `it has ${sizeBytes} bytes, and by its trailer it has ${fileBytes}`);
}

/** Everything after the payload; the last `readBytes` of the file are the last of the window. */
async function readEnd(
  window: Uint8Array,
  readBytes: number,
  { device }: ShardIo,
  trailer: ShardTrailer,
): Promise<{ zeros: Uint8Array; footerBytes: Uint8Array }> {
  const { footerOffset, fileBytes } = layoutOf(trailer);
  const start = endOffset(trailer.payloadBytes);
  const end = new Uint8Array(fileBytes - start);
  const keptBytes = Math.min(readBytes, end.length);
  end.set(window.subarray(window.length - keptBytes), end.length - keptBytes);
  const readFrom = fileBytes - keptBytes;
  for (let offset = start; offset < readFrom; offset += window.length) {
    const piece = window.subarray(0, Math.min(window.length, readFrom - offset));
    await device.read(offset, piece);
    end.set(piece, offset - start);
  }
  return {
    zeros: end.subarray(HEADER_BYTES + trailer.payloadBytes - start, footerOffset - start),
    footerBytes: end.subarray(footerOffset - start),
  };
}

function missing(reason: MissingReason, detail: string): MissingShard {
  return { kind: 'missing', reason, detail };
}
