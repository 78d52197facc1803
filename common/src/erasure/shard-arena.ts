/**
 * Shared memory that shards live in, so that the WebAssembly engine of every thread, and native code, work on them without a copy.
 * Its size is fixed when it is made, because buffers of a memory that grows lose their bytes; what was never written costs address space
 * alone. One thread owns it: there shards are allocated and released. Other threads attach to the memory and get buffers by their place.
 */
import { assertInvariant, CoucheStorError, InvariantError } from '../base/errors.ts';
import { PAGE_BYTES, webAssembly, type SharedMemory } from './web-assembly.ts';

/** An address fits 32 bits even where it is one past the end. */
export const MAX_ARENA_BYTES = 2 ** 32 - PAGE_BYTES;

/** A line of the processor's caches; every buffer begins with one. */
const LINE_BYTES = 64;

/** Where a buffer is in the arena's memory: what threads send each other instead of the buffer. */
export interface ArenaPlace {
  readonly offset: number;
  readonly length: number;
}

/** The memory as another thread sees it. The owner says which places it may use, and for how long. */
export class ArenaView {
  readonly memory: SharedMemory;
  /** The memory's one buffer: asking the memory for it costs more than a copy of a few kilobytes. */
  readonly #buffer: SharedArrayBuffer;

  constructor(memory: SharedMemory) {
    this.memory = memory;
    this.#buffer = memory.buffer;
  }

  /** @throws InvariantError when the place is not inside the memory. */
  at({ offset, length }: ArenaPlace): Uint8Array {
    const isInside =
      Number.isSafeInteger(offset) &&
      Number.isSafeInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= this.bytes;
    assertInvariant(isInside, 'a place is inside the arena');
    return new Uint8Array(this.#buffer, offset, length);
  }

  /** Whether the buffer's bytes are in this memory. */
  holds(buffer: Uint8Array): boolean {
    return buffer.buffer === this.#buffer;
  }

  get bytes(): number {
    return this.#buffer.byteLength;
  }
}

interface Block {
  offset: number;
  length: number;
}

export class ShardArena extends ArenaView {
  /** In order of their offsets; no two touch. */
  readonly #free: Block[];
  readonly #allocated = new Map<number, { readonly buffer: Uint8Array; readonly blockBytes: number }>();
  #freeBytes: number;

  /**
   * @param bytes - rounded up to pages of WebAssembly; at most MAX_ARENA_BYTES.
   * @throws CoucheStorError `invalid` for a size that cannot be, `resourceExhausted` when the system refuses it.
   */
  constructor(bytes: number) {
    super(reserve(bytes));
    this.#free = [{ offset: 0, length: this.bytes }];
    this.#freeBytes = this.bytes;
  }

  /** For the threads that this memory was posted to. */
  static attach(memory: SharedMemory): ArenaView {
    return new ArenaView(memory);
  }

  /**
   * The buffer begins at a multiple of 64 and holds whatever was there before. It is the caller's until it is given to release().
   * The first free block that is long enough is taken, which keeps the end of the memory untouched.
   *
   * @throws CoucheStorError `resourceExhausted` when no free block is long enough.
   */
  allocate(bytes: number): Uint8Array {
    assertInvariant(Number.isSafeInteger(bytes) && bytes >= 0, 'a buffer has a whole number of bytes');
    const needed = Math.max(LINE_BYTES, roundUp(bytes, LINE_BYTES));
    const index = this.#free.findIndex((block) => block.length >= needed);
    const block = this.#free[index];
    if (block === undefined) throw this.#exhausted(bytes);
    const { offset } = block;
    const blockBytes = Math.min(block.length, spread(needed));
    block.offset += blockBytes;
    block.length -= blockBytes;
    if (block.length === 0) this.#free.splice(index, 1);
    const buffer = this.at({ offset, length: bytes });
    this.#allocated.set(offset, { buffer, blockBytes });
    this.#freeBytes -= blockBytes;
    return buffer;
  }

  /**
   * Takes back the very buffer that allocate() returned. The caller makes sure that no thread uses it any more.
   *
   * @throws InvariantError, with nothing changed, for any other buffer: one released before, a part of one, one from elsewhere.
   */
  release(buffer: Uint8Array): void {
    const { byteOffset: offset } = buffer;
    const entry = this.holds(buffer) ? this.#allocated.get(offset) : undefined;
    if (entry?.buffer !== buffer) {
      throw new InvariantError('Invariant broken: only a buffer that allocate() returned is released, and once');
    }
    this.#allocated.delete(offset);
    this.#freeBytes += entry.blockBytes;
    this.#insert({ offset, length: entry.blockBytes });
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** The longest buffer that could be allocated now. */
  get largestFreeBytes(): number {
    return this.#free.reduce((largest, { length }) => Math.max(largest, length), 0);
  }

  /** Buffers that were allocated and not yet released. */
  get allocatedCount(): number {
    return this.#allocated.size;
  }

  /** Joins the block with the free ones that it touches. */
  #insert(block: Block): void {
    const index = this.#firstFreeAfter(block.offset);
    const before = this.#free[index - 1];
    const after = this.#free[index];
    if (after?.offset === block.offset + block.length) {
      block.length += after.length;
      this.#free.splice(index, 1);
    }
    if (before !== undefined && before.offset + before.length === block.offset) before.length += block.length;
    else this.#free.splice(index, 0, block);
  }

  #firstFreeAfter(offset: number): number {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #exhausted(requestedBytes: number): CoucheStorError {
    const { freeBytes, largestFreeBytes, bytes: arenaBytes } = this;
    return new CoucheStorError(
      'resourceExhausted',
      `The shard arena has no ${requestedBytes} bytes in one piece: ${freeBytes} of ${arenaBytes} are free, at most ` +
        `${largestFreeBytes} together.`,
      { retryable: requestedBytes <= arenaBytes, fields: { requestedBytes, freeBytes, largestFreeBytes, arenaBytes } },
    );
  }
}

function reserve(bytes: number): SharedMemory {
  if (!Number.isSafeInteger(bytes) || bytes < 1 || bytes > MAX_ARENA_BYTES) {
    throw new CoucheStorError('invalid', `A shard arena has 1 to ${MAX_ARENA_BYTES} bytes, not ${bytes}.`);
  }
  const pages = Math.ceil(bytes / PAGE_BYTES);
  try {
    return new webAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    const message = `The system has no room for a shard arena of ${bytes} bytes.`;
    throw new CoucheStorError('resourceExhausted', message, { cause: error, retryable: false, fields: { bytes } });
  }
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/**
 * An odd number of lines, so that the shards of a stripe, which are equally long and mostly a power of two, do not all begin in the
 * same set of the cache and drive each other out: ten and four of 64 KiB are encoded a sixth faster.
 */
function spread(bytes: number): number {
  return (bytes / LINE_BYTES) % 2 === 0 ? bytes + LINE_BYTES : bytes;
}
