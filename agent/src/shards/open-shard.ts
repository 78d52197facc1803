/**
 * Opens a shard for whoever says which one it must be. A file that is not exactly that shard, whole and as its stripe's record
 * knows it, is missing, with the reason; none of its bytes are data. A file that could not be read is a case of its own, since it
 * says nothing about the shard.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { decodeFooter, type FooterProblem } from './shard-footer.ts';
import { isZero } from './shard-fields.ts';
import { decodeHeader, type HeaderProblem, type ShardHeader } from './shard-header.ts';
import { ALIGNMENT_BYTES, HEADER_BYTES, layoutOf, MIN_FILE_BYTES } from './shard-layout.ts';
import { pathOfShard, type ShardName } from './shard-name.ts';
import { ShardReader } from './shard-reader.ts';
import type { ShardIo } from './shard-io.ts';

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
 * Reads header and footer. The device stays the caller's to close, after the last read.
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
  const decoded = decodeHeader(block, crc32c);
  if (decoded.kind === 'problem') return missing(decoded.reason, decoded.detail);

  const { header } = decoded;
  const mismatch = mismatchOf(header, expected) ?? mismatchOfSize(header, sizeBytes);
  if (mismatch !== undefined) return mismatch;
  const { zeros, footerBytes } = await readEnd(window, io, header);
  const footer = decodeFooter(footerBytes, { ...header, checksum: decoded.checksum }, crc32c);
  if (footer.kind === 'problem') return missing(footer.reason, footer.detail);
  if (!isZero(zeros))
    return missing('corruptPadding', 'between its payload and its footer is what is never written there');
  if (footer.checksum !== expected.checksum) {
    return missing('otherChecksum', `its payload has checksum ${footer.checksum}, and not ${expected.checksum}`);
  }
  return { kind: 'open', reader: new ShardReader(io, header, footer.blockChecksums) };
}

function mismatchOf({ name, payloadBytes }: ShardHeader, expected: ExpectedShard): MissingShard | undefined {
  const [found, wanted] = [pathOfShard(name), pathOfShard(expected.name)];
  if (found !== wanted) return missing('otherShard', `it is ${found}, and not ${wanted}`);
  if (payloadBytes !== expected.payloadBytes) {
    return missing('otherLength', `its payload has ${payloadBytes} bytes, and not ${expected.payloadBytes}`);
  }
  return undefined;
}

function mismatchOfSize({ payloadBytes }: ShardHeader, sizeBytes: number): MissingShard | undefined {
  const { fileBytes } = layoutOf(payloadBytes);
  if (fileBytes === sizeBytes) return undefined;
  return missing('incomplete', `it has ${sizeBytes} bytes, and by its header it has ${fileBytes}`);
}

/** Everything after the payload. The size of the file has confirmed the length that the header claims. */
async function readEnd(
  window: Uint8Array,
  { device }: ShardIo,
  { payloadBytes }: ShardHeader,
): Promise<{ zeros: Uint8Array; footerBytes: Uint8Array }> {
  const { footerOffset, fileBytes } = layoutOf(payloadBytes);
  const payloadEnd = HEADER_BYTES + payloadBytes;
  const start = payloadEnd - (payloadEnd % ALIGNMENT_BYTES);
  const end = new Uint8Array(fileBytes - start);
  for (let offset = start; offset < fileBytes; offset += window.length) {
    const piece = window.subarray(0, Math.min(window.length, fileBytes - offset));
    await device.read(offset, piece);
    end.set(piece, offset - start);
  }
  return {
    zeros: end.subarray(payloadEnd - start, footerOffset - start),
    footerBytes: end.subarray(footerOffset - start),
  };
}

function missing(reason: MissingReason, detail: string): MissingShard {
  return { kind: 'missing', reason, detail };
}
