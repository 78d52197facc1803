/**
 * Reads ranges of the payload of one shard. Every block that a range touches is read wholly and compared with its checksum, every
 * time, before the result says that its bytes may be used; where one does not fit, the caller gets zeros. Reads do not disturb each
 * other; each has one window at a time.
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
  /** The device did not give the bytes from this block on, which says nothing about what it holds. */
  | { readonly kind: 'unreadable'; readonly block: number; readonly error: CoucheStorError };

/** Made by openShard() alone. */
export class ShardReader {
  readonly identity: ShardIdentity;
  readonly payloadBytes: number;
  readonly stripe: StripeSummary;
  readonly #io: ShardIo;
  readonly #blockChecksums: Uint32Array;

  constructor(io: ShardIo, identity: ShardIdentity, footer: ShardFooter) {
    this.#io = io;
    this.identity = identity;
    this.payloadBytes = footer.payloadBytes;
    this.stripe = footer.stripe;
    this.#blockChecksums = footer.blockChecksums;
  }

  /**
   * Fills `into` from `offset` of the payload. Until the call ends nobody else uses `into`; unless the result is `verified`, it
   * holds zeros then.
   * @throws CoucheStorError `invalid` for a range that is not within the payload, `tooManyRequests` when too many wait for memory.
   */
  async read(offset: number, into: Uint8Array): Promise<ShardRead> {
    const { payloadBytes } = this;
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + into.length > payloadBytes) {
      throw new CoucheStorError(
        'invalid',
        `range: ${into.length} bytes at ${offset} are not within a payload of ${payloadBytes}; shorten the range.`,
        { fields: { field: 'range', offset, length: into.length, payloadBytes } },
      );
    }
    if (into.length === 0) return { kind: 'verified' };
    const window = await this.#io.windows.acquire();
    try {
      const result = await this.#readThrough(window, offset, into);
      if (result.kind !== 'verified') into.fill(0);
      return result;
    } finally {
      this.#io.windows.release(window);
    }
  }

  async #readThrough(window: Uint8Array, offset: number, into: Uint8Array): Promise<ShardRead> {
    const { device } = this.#io;
    const { payloadBytes } = this;
    const end = offset + into.length;
    const corrupt: number[] = [];
    let start = offset - (offset % BLOCK_BYTES);
    for (; start < end; start += window.length) {
      const wanted = Math.ceil((end - start) / BLOCK_BYTES) * BLOCK_BYTES;
      const length = Math.min(window.length, wanted, payloadBytes - start);
      // Blocks that are asked for wholly need no copy, where the device takes any buffer.
      const isDirect = device.blockBytes === 1 && start >= offset && start + length <= end;
      const place = isDirect
        ? into.subarray(start - offset, start - offset + length)
        : window.subarray(0, aligned(length));
      const error = await this.#fill(start, place);
      if (error !== undefined) return { kind: 'unreadable', block: start / BLOCK_BYTES, error };
      const payload = place.subarray(0, length);
      this.#compare(start / BLOCK_BYTES, payload, corrupt);
      if (isDirect || corrupt.length > 0) continue;
      const from = Math.max(offset - start, 0);
      into.set(payload.subarray(from, end - start), Math.max(start - offset, 0));
    }
    return corrupt.length === 0 ? { kind: 'verified' } : { kind: 'corrupt', blocks: corrupt };
  }

  /** The device's refusal, if it refused. */
  async #fill(start: number, into: Uint8Array): Promise<CoucheStorError | undefined> {
    try {
      await this.#io.device.read(HEADER_BYTES + start, into);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof CoucheStorError) return thrown;
      throw thrown;
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
