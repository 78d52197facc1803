/**
 * One range of the payload of a shard on its way from the device: every block that the range touches is read wholly, piece after piece,
 * while the one before is compared with its checksums. It may begin before these are known. Nothing that was read is data until
 * compareAll() has said so.
 */
import { CoucheStorError } from '@couchestor/common/base';
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

export interface PayloadRange {
  /** Of the whole payload. */
  readonly payloadBytes: number;
  readonly offset: number;
  readonly length: number;
  /** As long as the range. Absent when nobody wants the bytes. */
  readonly into: Uint8Array | undefined;
}

/** @throws CoucheStorError `invalid` for a range that is not within the payload. */
export function checkRange({ payloadBytes, offset, length }: PayloadRange): void {
  const isRange = [offset, length].every((bytes) => Number.isSafeInteger(bytes) && bytes >= 0);
  if (isRange && offset + length <= payloadBytes) return;
  throw new CoucheStorError(
    'invalid',
    `range: ${length} bytes at ${offset} are not within a payload of ${payloadBytes}; shorten the range.`,
    { fields: { field: 'range', offset, length, payloadBytes } },
  );
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

export class PayloadTransfer {
  readonly #io: ShardIo;
  readonly #range: PayloadRange;
  readonly #end: number;
  readonly #underWay: Piece[] = [];
  /** Of the payload: where the piece begins that is read next. */
  #next: number;

  /** @param range - one that checkRange() has let pass. */
  constructor(io: ShardIo, range: PayloadRange) {
    const { offset, length } = range;
    this.#io = io;
    this.#range = range;
    this.#end = offset + length;
    this.#next = length === 0 ? this.#end : offset - (offset % BLOCK_BYTES);
  }

  /** Begins to read the next piece, where there is one. The slot is not the caller's before compareAll() or end() has ended. */
  begin(slot: Uint8Array): void {
    const { payloadBytes, offset, into } = this.#range;
    const [start, end] = [this.#next, this.#end];
    if (start >= end) return;
    const wanted = Math.ceil((end - start) / BLOCK_BYTES) * BLOCK_BYTES;
    const length = Math.min(slot.length, wanted, payloadBytes - start);
    this.#next += length;
    // Blocks that are asked for wholly need no copy, where the device takes any buffer.
    if (into !== undefined && this.#io.device.blockBytes === 1 && start >= offset && start + length <= end) {
      const payload = into.subarray(start - offset, start - offset + length);
      this.#underWay.push({ start, slot, payload, isInPlace: true, outcome: this.#fill(start, payload) });
      return;
    }
    const outcome = this.#fill(start, slot.subarray(0, aligned(length)));
    this.#underWay.push({ start, slot, payload: slot.subarray(0, length), isInPlace: false, outcome });
  }

  /**
   * Reads and compares what is left; while one slot is compared, the next one is read. Unless it is `verified`, the buffer of the range
   * holds nothing that may be used.
   * @param blockChecksums - of all blocks of the payload.
   * @param idle - slots that nothing is read into yet.
   */
  async compareAll(blockChecksums: Uint32Array, idle: readonly Uint8Array[]): Promise<ShardRead> {
    const corrupt: number[] = [];
    for (const slot of idle) this.begin(slot);
    for (let piece = this.#underWay[0]; piece !== undefined; piece = this.#underWay[0]) {
      const outcome = await piece.outcome;
      if (outcome !== 'filled') return unreadableFrom(piece, outcome.thrown, corrupt);
      this.#underWay.shift();
      if (piece.isInPlace) this.begin(piece.slot);
      this.#compare(piece, blockChecksums, corrupt);
      if (piece.isInPlace) continue;
      if (corrupt.length === 0) this.#copyOut(piece);
      this.begin(piece.slot);
    }
    return corrupt.length === 0 ? { kind: 'verified' } : { kind: 'corrupt', blocks: corrupt };
  }

  /**
   * Waits for whatever is under way: the memory of a read is nobody else's until then. What the device refuses there is told by
   * compareAll() alone.
   * @throws what is no refusal of the device, and so a bug.
   */
  async end(): Promise<void> {
    const outcomes = await Promise.all(this.#underWay.splice(0).map(({ outcome }) => outcome));
    for (const outcome of outcomes) if (outcome !== 'filled') refusalIn(outcome.thrown);
  }

  async #fill(start: number, place: Uint8Array): Promise<Outcome> {
    try {
      await this.#io.device.read(HEADER_BYTES + start, place);
      return 'filled';
    } catch (thrown) {
      return { thrown };
    }
  }

  #compare({ start, payload }: Piece, blockChecksums: Uint32Array, corrupt: number[]): void {
    for (let at = 0; at < payload.length; at += BLOCK_BYTES) {
      const block = (start + at) / BLOCK_BYTES;
      const checksum = this.#io.crc32c(payload.subarray(at, at + BLOCK_BYTES));
      if (checksum !== blockChecksums[block]) corrupt.push(block);
    }
  }

  #copyOut({ start, payload }: Piece): void {
    const { offset, into } = this.#range;
    into?.set(payload.subarray(Math.max(offset - start, 0), this.#end - start), Math.max(start - offset, 0));
  }
}

/** Halves of whole blocks, so that one can be read while the other is compared; a window of one block is all there is. */
export function slotsOf(window: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
  const bytes = Math.floor(window.length / (2 * BLOCK_BYTES)) * BLOCK_BYTES;
  return bytes === 0 ? [window] : [window.subarray(0, bytes), window.subarray(bytes, 2 * bytes)];
}

function unreadableFrom({ start }: Piece, thrown: unknown, corrupt: readonly number[]): ShardRead {
  return { kind: 'unreadable', block: start / BLOCK_BYTES, error: refusalIn(thrown), corrupt };
}

function refusalIn(thrown: unknown): CoucheStorError {
  if (!(thrown instanceof CoucheStorError)) throw thrown;
  return thrown;
}
