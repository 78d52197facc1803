/**
 * Opens a shard for whoever says which one it must be. A file that is not exactly that shard, whole and as its stripe's record
 * knows it, is missing, with the reason; none of its bytes are data. A file that could not be read is a case of its own, since it
 * says nothing about the shard.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { isZero } from './shard-fields.ts';
import { decodeFooter } from './shard-footer.ts';
import { decodeHeader, type HeaderProblem } from './shard-header.ts';
import { ALIGNMENT_BYTES, HEADER_BYTES, layoutOf, MIN_FILE_BYTES, TRAILER_BYTES } from './shard-layout.ts';
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

export type OpenedShard = { readonly kind: 'open'; readonly reader: ShardReader } | MissingShard | UnreadableShard;

/**
 * Reads the header, and then what lies behind the expected payload, from the end of the file on: one read of at most a window, which
 * holds the trailer and nearly always the whole footer. Only a footer that is longer, and whose trailer has been confirmed by then,
 * is read on. The device stays the caller's to close, after the last read.
 * @throws CoucheStorError `tooManyRequests` when too many wait for memory.
 */
export async function openShard(io: ShardIo, expected: ExpectedShard): Promise<OpenedShard> {
  const window = await io.windows.acquire();
  try {
    return await openIn(window, io, expected);
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return { kind: 'unreadable', error: thrown };
    throw thrown;
  } finally {
    io.windows.release(window);
  }
}

async function openIn(window: Uint8Array, io: ShardIo, expected: ExpectedShard): Promise<OpenedShard> {
  const { device, crc32c } = io;
  const { sizeBytes } = device;
  if (sizeBytes < MIN_FILE_BYTES) return missing('incomplete', `it has ${sizeBytes} bytes, and no shard is so short`);
  const block = window.subarray(0, HEADER_BYTES);
  await device.read(0, block);
  const header = decodeHeader(block, crc32c);
  if (header.kind === 'problem') return missing(header.reason, header.detail);
  const { identity } = header;
  const [found, wanted] = [pathOfShard(identity.name), pathOfShard(expected.name)];
  if (found !== wanted) return missing('otherShard', `it is ${found}, and not ${wanted}`);
  if (sizeBytes % ALIGNMENT_BYTES !== 0) {
    return missing('incomplete', `it has ${sizeBytes} bytes, and every shard has a multiple of ${ALIGNMENT_BYTES}`);
  }

  const last = window.subarray(0, lastReadBytes(sizeBytes, expected, window));
  await device.read(sizeBytes - last.length, last);
  const ends = { name: identity.name, headerChecksum: header.checksum };
  const decoded = decodeTrailer(last.subarray(-TRAILER_BYTES), ends, crc32c);
  if (decoded.kind === 'problem') return missing(decoded.reason, decoded.detail);
  const { trailer } = decoded;
  const mismatch = mismatchOf(trailer, sizeBytes, expected);
  if (mismatch !== undefined) return mismatch;

  const { zeros, footerBytes } = await readEnd(window, last.length, io, trailer);
  const footer = decodeFooter(footerBytes, trailer, crc32c);
  if (footer.kind === 'problem') return missing(footer.reason, footer.detail);
  if (!isZero(zeros))
    return missing('corruptPadding', 'between its payload and its footer is what is never written there');
  if (trailer.checksum !== expected.checksum) {
    return missing('otherChecksum', `its payload has checksum ${trailer.checksum}, and not ${expected.checksum}`);
  }
  return { kind: 'open', reader: new ShardReader(io, identity, footer.footer) };
}

/** Where everything after a payload begins to be read: its last block of the device has zeros behind it. */
function endOffset(payloadBytes: number): number {
  const payloadEnd = HEADER_BYTES + payloadBytes;
  return payloadEnd - (payloadEnd % ALIGNMENT_BYTES);
}

/** What lies behind the payload if it is the expected one; at least the trailer, and at most a window. */
function lastReadBytes(sizeBytes: number, { payloadBytes }: ExpectedShard, window: Uint8Array): number {
  const most = Math.min(window.length, sizeBytes - HEADER_BYTES);
  return Math.min(Math.max(sizeBytes - endOffset(payloadBytes), ALIGNMENT_BYTES), most);
}

/** Undefined when payload and file are as long as they should be, which confirms whatever the trailer makes a reader allocate. */
function mismatchOf(trailer: ShardTrailer, sizeBytes: number, expected: ExpectedShard): MissingShard | undefined {
  const { payloadBytes } = trailer;
  if (payloadBytes !== expected.payloadBytes) {
    return missing('otherLength', `its payload has ${payloadBytes} bytes, and not ${expected.payloadBytes}`);
  }
  const { fileBytes } = layoutOf(trailer);
  if (fileBytes === sizeBytes) return undefined;
  return missing('incomplete', `it has ${sizeBytes} bytes, and by its trailer it has ${fileBytes}`);
}

/** Everything after the payload; the window holds the last `readBytes` of it. */
async function readEnd(
  window: Uint8Array,
  readBytes: number,
  { device }: ShardIo,
  trailer: ShardTrailer,
): Promise<{ zeros: Uint8Array; footerBytes: Uint8Array }> {
  const { footerOffset, fileBytes } = layoutOf(trailer);
  const start = endOffset(trailer.payloadBytes);
  const end = new Uint8Array(fileBytes - start);
  end.set(window.subarray(0, readBytes), end.length - readBytes);
  const readFrom = fileBytes - readBytes;
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
