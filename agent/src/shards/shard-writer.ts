/**
 * Writes one shard, from its first byte to its last, in one window of memory. How long it gets, and what the record of its stripe
 * says, need not be known before its end. Checksums are taken while bytes pass, and every write begins where the one before ended;
 * where the device has blocks, at a multiple of ALIGNMENT_BYTES. What it has written is a shard only after commit(); names and
 * directories are the store's.
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import { combineCrc32c } from './crc32c-combine.ts';
import { encodeFooter, type StripeSummary } from './shard-footer.ts';
import { encodeHeader, type ShardIdentity } from './shard-header.ts';
import { aligned, BLOCK_BYTES, HEADER_BYTES, MAX_PAYLOAD_BYTES } from './shard-layout.ts';
import type { ShardIo } from './shard-io.ts';
import type { BothEnds } from './shard-trailer.ts';

export interface CommittedShard {
  /** CRC32C of the payload, for the stripe's record. */
  readonly checksum: number;
  readonly fileBytes: number;
}

/**
 * `open`: bytes are taken. `busy`: a call is under way. `committed`, `aborted`: no call but abort() is taken. An error instead: a
 * call to the device failed, and so fails every later one.
 */
type WriterState = 'open' | 'busy' | 'committed' | 'aborted' | CoucheStorError;

export class ShardWriter {
  readonly #io: ShardIo;
  readonly #header: BothEnds;
  /** Grows with the payload, by doubling. */
  #blockChecksums = new Uint32Array(16);
  #window: Uint8Array | undefined;
  #filled = 0;
  #written = 0;
  #appended = 0;
  #state: WriterState = 'open';

  private constructor(io: ShardIo, header: BothEnds, encoded: { bytes: Uint8Array; window: Uint8Array }) {
    this.#io = io;
    this.#header = header;
    this.#window = encoded.window;
    encoded.window.set(encoded.bytes);
    this.#filled = encoded.bytes.length;
  }

  /**
   * Takes a window for as long as the shard is written: end with commit(), and with abort() when that is not reached. `device` is
   * empty and used by nobody else; it stays the caller's to close. `signal` ends the waiting for a window.
   * @throws CoucheStorError `invalid` for what no header can hold, `conflict` for a device that holds something, `tooManyRequests`
   * when too many shards wait for memory.
   */
  static async begin(io: ShardIo, identity: ShardIdentity, signal?: AbortSignal): Promise<ShardWriter> {
    const { device } = io;
    const { bytes, checksum } = encodeHeader(identity, io.crc32c);
    if (device.sizeBytes !== 0) {
      throw new CoucheStorError(
        'conflict',
        `${device.name} holds ${device.sizeBytes} bytes, and a shard is written from the start of an empty file; give it a new one.`,
        { fields: { device: device.name, sizeBytes: device.sizeBytes } },
      );
    }
    const header = { name: identity.name, headerChecksum: checksum };
    return new ShardWriter(io, header, { bytes, window: await io.windows.acquire(signal) });
  }

  /** Bytes of the payload that were taken. */
  get appendedBytes(): number {
    return this.#appended;
  }

  /** CRC32C of those bytes, so that a record can have the checksums of all shards of its stripe before any of them is committed. */
  get checksum(): number {
    return combineCrc32c(this.#checksums(), { pieceBytes: BLOCK_BYTES, totalBytes: this.#appended });
  }

  /**
   * The next bytes of the payload, of any length. They must not change until the call ends; they are the caller's again then. The
   * call ends when they are in the window or on the device, so whoever waits for it is slowed down to the speed of the device.
   * @throws CoucheStorError of the device, after which the writer is good for abort() alone; `invalid`, with nothing taken, for
   * bytes beyond MAX_PAYLOAD_BYTES.
   */
  async append(bytes: Uint8Array): Promise<void> {
    this.#assertReady();
    if (this.#appended + bytes.length > MAX_PAYLOAD_BYTES) {
      throw this.#lengthError(`${bytes.length} bytes after ${this.#appended} are too many`);
    }
    await this.#run(async () => {
      // Piece by piece, so that one long call does not hold up whatever else the process does.
      const pieceBytes = this.#io.windows.windowBytes;
      for (let taken = 0; taken < bytes.length; taken += pieceBytes) {
        const piece = bytes.subarray(taken, taken + pieceBytes);
        this.#takeChecksums(piece);
        await (this.#goesAsItIs(piece) ? this.#writeThrough(piece) : this.#put(piece));
      }
    });
  }

  /**
   * The footer, with what is known of the stripe by now, then everything synced. The record is the caller's again as soon as this
   * was called.
   * @throws CoucheStorError of the device, after which nobody may count on the shard; `invalid`, naming the field, with nothing done,
   * for an empty payload and for what no footer can hold.
   */
  async commit(stripe: StripeSummary): Promise<CommittedShard> {
    this.#assertReady();
    const payloadBytes = this.#appended;
    if (payloadBytes === 0) throw this.#lengthError('0 bytes are none');
    const { bytes, checksum } = encodeFooter(
      { payloadBytes, blockChecksums: this.#checksums(), stripe },
      this.#header,
      this.#io.crc32c,
    );
    const end = HEADER_BYTES + payloadBytes;
    await this.#run(async () => {
      await this.#put(new Uint8Array(aligned(end) - end));
      await this.#put(bytes);
      await this.#flush();
      await this.#io.device.sync();
    });
    this.#end('committed');
    return { checksum, fileBytes: this.#written };
  }

  /** Gives the memory back; what is on the device is no shard. After commit() it does nothing. */
  abort(): void {
    assertInvariant(this.#state !== 'busy', 'a writer is not aborted while a call is under way');
    if (this.#state !== 'committed') this.#end('aborted');
  }

  #assertReady(): void {
    if (this.#state instanceof CoucheStorError) throw this.#state;
    assertInvariant(
      this.#state === 'open',
      `a shard is written by one call at a time, and not when it is ${this.#state}`,
    );
  }

  async #run(step: () => Promise<void>): Promise<void> {
    this.#state = 'busy';
    try {
      await step();
      this.#state = 'open';
    } catch (thrown) {
      this.#end(thrown instanceof CoucheStorError ? thrown : 'aborted');
      throw thrown;
    }
  }

  #end(state: WriterState): void {
    this.#state = state;
    if (this.#window !== undefined) this.#io.windows.release(this.#window);
    this.#window = undefined;
  }

  #lengthError(what: string): CoucheStorError {
    return new CoucheStorError('invalid', `payload: ${what}; have 1 to ${MAX_PAYLOAD_BYTES} bytes.`, {
      fields: { field: 'payload', appendedBytes: this.#appended },
    });
  }

  #checksums(): Uint32Array {
    return this.#blockChecksums.subarray(0, Math.ceil(this.#appended / BLOCK_BYTES));
  }

  #takeChecksums(bytes: Uint8Array): void {
    let taken = 0;
    while (taken < bytes.length) {
      const block = Math.floor(this.#appended / BLOCK_BYTES);
      if (block === this.#blockChecksums.length) this.#growChecksums();
      const inBlock = this.#appended % BLOCK_BYTES;
      const piece = bytes.subarray(taken, taken + BLOCK_BYTES - inBlock);
      this.#blockChecksums[block] = this.#io.crc32c(piece, this.#blockChecksums[block]);
      this.#appended += piece.length;
      taken += piece.length;
    }
  }

  #growChecksums(): void {
    const grown = new Uint32Array(2 * this.#blockChecksums.length);
    grown.set(this.#blockChecksums);
    this.#blockChecksums = grown;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < bytes.length) {
      const window = this.#ownWindow();
      const piece = bytes.subarray(taken, taken + window.length - this.#filled);
      window.set(piece, this.#filled);
      this.#filled += piece.length;
      taken += piece.length;
      if (this.#filled === window.length) await this.#flush();
    }
  }

  /** To copy what fills a window would cost as much again as to write it to the page cache. */
  #goesAsItIs(piece: Uint8Array): boolean {
    return this.#io.device.blockBytes === 1 && piece.length === this.#io.windows.windowBytes;
  }

  async #writeThrough(piece: Uint8Array): Promise<void> {
    await this.#flush();
    await this.#io.device.write(this.#written, piece);
    this.#written += piece.length;
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    await this.#io.device.write(this.#written, this.#ownWindow().subarray(0, this.#filled));
    this.#written += this.#filled;
    this.#filled = 0;
  }

  #ownWindow(): Uint8Array {
    assertInvariant(this.#window !== undefined, 'a shard is written through the window of its writer');
    return this.#window;
  }
}
