/**
 * Reads ranges of the payload of one shard. Every block that a range touches is read wholly and compared with its checksum, every
 * time, before the result says that its bytes may be used; where one does not fit, the caller gets zeros. Reads do not disturb each
 * other; each has one window at a time, of which one half is read while the other is compared.
 */
import { CoucheStorError } from '@couchestor/common/base';
import type { ShardFooter, StripeSummary } from './shard-footer.ts';
import type { ShardIdentity } from './shard-header.ts';
import { aligned, BLOCK_BYTES, HEADER_BYTES } from './shard-layout.ts';
import type { ShardIo } from './shard-io.ts';

export type ShardRead =
  | { readonly kind: 'verified' }
  /** What the device gave for these blocks is not what was written; all blocks of the range were looked at. */
  | { readonly kind: 'corrupt'; readonly blocks: readonly number[] }
  /** The device did not give the bytes from this block on, which says nothing about what it holds; of those before, `corrupt` are. */
  | {
      readonly kind: 'unreadable';
      readonly block: number;
      readonly error: CoucheStorError;
      readonly corrupt: readonly number[];
    };

/** Of the payload, up to `end`. */
interface Range {
  readonly offset: number;
  readonly end: number;
  /** Absent when nobody wants the bytes. */
  readonly into: Uint8Array | undefined;
}

type Outcome = 'filled' | { readonly thrown: unknown };

/** Blocks that are being read. */
interface Piece {
  /** Of the payload: where a block begins. */
  readonly start: number;
  readonly slot: Uint8Array;
  /** In the slot, or where the caller wants it. */
  readonly payload: Uint8Array;
  readonly isInPlace: boolean;
  /** Never rejected, so that it can be waited for late. */
  readonly outcome: Promise<Outcome>;
}

/** Made by openShard() and examineShard() alone. */
export class ShardReader {
  readonly identity: ShardIdentity;
  readonly payloadBytes: number;
  /** CRC32C of the payload, by the footer. */
  readonly checksum: number;
  readonly stripe: StripeSummary;
  readonly #io: ShardIo;
  readonly #blockChecksums: Uint32Array;

  constructor(io: ShardIo, identity: ShardIdentity, footer: ShardFooter, checksum: number) {
    this.#io = io;
    this.identity = identity;
    this.payloadBytes = footer.payloadBytes;
    this.checksum = checksum;
    this.stripe = footer.stripe;
    this.#blockChecksums = footer.blockChecksums;
  }

  /**
   * Fills `into` from `offset` of the payload. Until the call ends nobody else uses `into`; unless the result is `verified`, it
   * holds zeros then.
   * @throws CoucheStorError `invalid` for a range that is not within the payload, `tooManyRequests` when too many wait for memory.
   */
  async read(offset: number, into: Uint8Array): Promise<ShardRead> {
    const result = await this.#readRange(offset, into.length, into);
    if (result.kind !== 'verified') into.fill(0);
    return result;
  }

  /** As read(), for whoever wants to know whether the bytes are right and not what they are: nothing is copied. */
  async verify(offset: number, length: number): Promise<ShardRead> {
    return this.#readRange(offset, length, undefined);
  }

  async #readRange(offset: number, length: number, into: Uint8Array | undefined): Promise<ShardRead> {
    const { payloadBytes } = this;
    const isRange = [offset, length].every((bytes) => Number.isSafeInteger(bytes) && bytes >= 0);
    if (!isRange || offset + length > payloadBytes) {
      throw new CoucheStorError(
        'invalid',
        `range: ${length} bytes at ${offset} are not within a payload of ${payloadBytes}; shorten the range.`,
        { fields: { field: 'range', offset, length, payloadBytes } },
      );
    }
    if (length === 0) return { kind: 'verified' };
    const window = await this.#io.windows.acquire();
    try {
      return await this.#readThrough(slotsOf(window), { offset, end: offset + length, into });
    } finally {
      this.#io.windows.release(window);
    }
  }

  /** While one slot is compared, the next one is read. */
  async #readThrough(slots: readonly Uint8Array[], range: Range): Promise<ShardRead> {
    const corrupt: number[] = [];
    const idle = [...slots];
    const underWay: Piece[] = [];
    let next = range.offset - (range.offset % BLOCK_BYTES);
    try {
      for (;;) {
        for (let slot = idle.shift(); slot !== undefined && next < range.end; slot = idle.shift()) {
          const piece = this.#begin(slot, next, range);
          underWay.push(piece);
          next += piece.payload.length;
        }
        const piece = underWay.shift();
        if (piece === undefined) break;
        const outcome = await piece.outcome;
        if (outcome !== 'filled') return unreadableFrom(piece, outcome.thrown, corrupt);
        this.#compare(piece.start / BLOCK_BYTES, piece.payload, corrupt);
        if (!piece.isInPlace && corrupt.length === 0) copyOut(piece, range);
        idle.push(piece.slot);
      }
    } finally {
      // The memory of a read that is under way is nobody else's yet.
      await Promise.all(underWay.map(({ outcome }) => outcome));
    }
    return corrupt.length === 0 ? { kind: 'verified' } : { kind: 'corrupt', blocks: corrupt };
  }

  #begin(slot: Uint8Array, start: number, { offset, end, into }: Range): Piece {
    const { device } = this.#io;
    const wanted = Math.ceil((end - start) / BLOCK_BYTES) * BLOCK_BYTES;
    const length = Math.min(slot.length, wanted, this.payloadBytes - start);
    // Blocks that are asked for wholly need no copy, where the device takes any buffer.
    if (into !== undefined && device.blockBytes === 1 && start >= offset && start + length <= end) {
      const payload = into.subarray(start - offset, start - offset + length);
      return { start, slot, payload, isInPlace: true, outcome: this.#fill(start, payload) };
    }
    const outcome = this.#fill(start, slot.subarray(0, aligned(length)));
    return { start, slot, payload: slot.subarray(0, length), isInPlace: false, outcome };
  }

  async #fill(start: number, place: Uint8Array): Promise<Outcome> {
    try {
      await this.#io.device.read(HEADER_BYTES + start, place);
      return 'filled';
    } catch (thrown) {
      return { thrown };
    }
  }

  #compare(first: number, payload: Uint8Array, corrupt: number[]): void {
    for (let at = 0; at < payload.length; at += BLOCK_BYTES) {
      const block = first + at / BLOCK_BYTES;
      const checksum = this.#io.crc32c(payload.subarray(at, at + BLOCK_BYTES));
      if (checksum !== this.#blockChecksums[block]) corrupt.push(block);
    }
  }
}

/** Halves of whole blocks, so that one can be read while the other is compared; a window of one block is all there is. */
function slotsOf(window: Uint8Array): readonly Uint8Array[] {
  const bytes = Math.floor(window.length / (2 * BLOCK_BYTES)) * BLOCK_BYTES;
  return bytes === 0 ? [window] : [window.subarray(0, bytes), window.subarray(bytes, 2 * bytes)];
}

/** What is no refusal of the device is a bug, and goes on up. */
function unreadableFrom({ start }: Piece, thrown: unknown, corrupt: readonly number[]): ShardRead {
  if (!(thrown instanceof CoucheStorError)) throw thrown;
  return { kind: 'unreadable', block: start / BLOCK_BYTES, error: thrown, corrupt };
}

function copyOut({ start, payload }: Piece, { offset, end, into }: Range): void {
  into?.set(payload.subarray(Math.max(offset - start, 0), end - start), Math.max(start - offset, 0));
}
