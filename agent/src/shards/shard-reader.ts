/**
 * Reads ranges of the payload of one shard. Every block that a range touches is read wholly and compared with its checksum, every
 * time, before the result says that its bytes may be used; where one does not fit, the caller gets zeros. Reads do not disturb each
 * other; each has one window at a time, of which one half is read while the other is compared.
 */
import { checkRange, PayloadTransfer, slotsOf, type ShardRead } from './payload-transfer.ts';
import type { ShardFooter, StripeSummary } from './shard-footer.ts';
import type { ShardIdentity } from './shard-header.ts';
import type { ShardIo } from './shard-io.ts';

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
    const range = { payloadBytes: this.payloadBytes, offset, length, into };
    checkRange(range);
    if (length === 0) return { kind: 'verified' };
    const window = await this.#io.windows.acquire();
    const transfer = new PayloadTransfer(this.#io, range);
    try {
      return await transfer.compareAll(this.#blockChecksums, slotsOf(window));
    } finally {
      try {
        await transfer.end();
      } finally {
        this.#io.windows.release(window);
      }
    }
  }
}
