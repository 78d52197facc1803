/**
 * Buffers that direct I/O can use. The kernel wants their address aligned, and JavaScript can neither see nor choose the address of an
 * ArrayBuffer; but a memory of WebAssembly, which an arena of the erasure codec is, begins at a page. So what begins at a multiple of
 * the unit in a memory known to be one is aligned, and everything else counts as misaligned.
 */
import { ShardArena, type ArenaView } from '@couchestor/common/erasure';

/** Enough for every disk there is: logical blocks have 512 or 4096 bytes. */
export const DIRECT_BLOCK_BYTES = 4096;

/** Every memory reserves gigabytes of addresses, whatever its size; so buffers share them. */
const SLAB_BYTES = 4 * 1024 * 1024;

const pageAligned = new WeakSet<ArrayBufferLike>();

let slab: ArenaView | undefined;
let usedBytes = 0;

/** Direct I/O accepts buffers of this arena from now on, where they begin at a multiple of DIRECT_BLOCK_BYTES. */
export function admitArena(arena: ArenaView): void {
  pageAligned.add(arena.memory.buffer);
}

/**
 * Zeros. The memory is given back to the system when the buffer, and those that were made shortly before and after it, are garbage.
 * @throws CoucheStorError `resourceExhausted` when the system has no memory.
 */
export function allocateAligned(bytes: number): Uint8Array {
  const neededBytes = Math.ceil(bytes / DIRECT_BLOCK_BYTES) * DIRECT_BLOCK_BYTES;
  if (slab === undefined || usedBytes + neededBytes > slab.bytes) {
    slab = new ShardArena(Math.max(SLAB_BYTES, neededBytes));
    usedBytes = 0;
    admitArena(slab);
  }
  const offset = usedBytes;
  usedBytes += neededBytes;
  return slab.at({ offset, length: bytes });
}

export function isAligned(buffer: Uint8Array): boolean {
  return pageAligned.has(buffer.buffer) && buffer.byteOffset % DIRECT_BLOCK_BYTES === 0;
}
