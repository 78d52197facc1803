/**
 * LZ4 blocks of chunks. A block is what lz4_flex calls "size prepended": the length of the content as a 32-bit little-endian
 * number, then the LZ4 block format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). A chunk that LZ4 does not make
 * smaller has no block: its bytes are stored as they are.
 */
import { assertInvariant, CoucheStorError } from '../base/index.ts';
import { compressSync, uncompressSync } from 'lz4-napi';
import { looksIncompressible } from './incompressible.ts';

const PREFIX_BYTES = 4;

/** No content is longer: chunks are 64 KiB, the index of the largest stripe half of this. It bounds what a damaged block can cost. */
export const MAX_CONTENT_BYTES = 1024 * 1024;

/** One byte of a match length stands for at most 255 bytes of content, so no block can hold more than this times its length. */
const MAX_EXPANSION = 255;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/**
 * The block of these bytes, or undefined where storing them as they are costs no more than `1 − minimumSaving` of their
 * length. Whether to try at all is decided by a look at a sample.
 *
 * @param minimumSaving - the share of the length that a block must save, 0 ≤ s < 1.
 */
export function compressBlock(content: Uint8Array, minimumSaving = 0.0625): Uint8Array | undefined {
  assertInvariant(content.byteLength <= MAX_CONTENT_BYTES, 'content of a block is bounded');
  if (content.byteLength === 0 || looksIncompressible(content)) return undefined;
  const block = compressSync(bufferOf(content));
  return block.byteLength <= content.byteLength * (1 - minimumSaving) ? block : undefined;
}

/**
 * The content of a block. The length that the block claims is compared with the expected one before anything is decoded or
 * allocated, and the length that comes out after.
 *
 * @param contentBytes - the length that the chunk's header gives.
 * @throws CoucheStorError `corrupt` when the block is not one of exactly this length.
 */
export function decompressBlock(block: Uint8Array, contentBytes: number): Uint8Array {
  const stored = block.byteLength;
  if (contentBytes > MAX_CONTENT_BYTES || stored <= PREFIX_BYTES) throw notABlock('is too short', stored, contentBytes);
  const claimed = bufferOf(block).readUInt32LE(0);
  if (claimed !== contentBytes) throw notABlock(`claims ${claimed} bytes`, stored, contentBytes);
  if (claimed > (stored - PREFIX_BYTES) * MAX_EXPANSION) throw notABlock('cannot hold so much', stored, contentBytes);
  let content: Buffer;
  try {
    content = uncompressSync(block);
  } catch (cause) {
    throw notABlock('does not decode', stored, contentBytes, cause);
  }
  if (content.byteLength !== contentBytes) throw notABlock(`holds ${content.byteLength} bytes`, stored, contentBytes);
  return content;
}

function notABlock(why: string, storedBytes: number, contentBytes: number, cause?: unknown): CoucheStorError {
  return new CoucheStorError(
    'corrupt',
    `An LZ4 block of ${storedBytes} bytes ${why} where ${contentBytes} were expected; read another copy or reconstruct it.`,
    { fields: { storedBytes, contentBytes }, ...(cause === undefined ? {} : { cause }) },
  );
}
