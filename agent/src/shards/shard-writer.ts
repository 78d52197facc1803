/**
 * Writes one shard, from its first byte to its last, in one window of memory: checksums are taken while bytes pass, and every write
 * begins where the one before ended; where the device has blocks, at a multiple of ALIGNMENT_BYTES. What it has written is a shard
 * only after commit(); names and directories are the store's.
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import { encodeFooter } from './shard-footer.ts';
import { encodeHeader, type ShardHeader } from './shard-header.ts';
import { aligned, BLOCK_BYTES, HEADER_BYTES, layoutOf } from './shard-layout.ts';
import type { ShardIo } from './shard-io.ts';

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
  readonly #header: ShardHeader;
  readonly #headerChecksum: number;
  readonly #blockChecksums: Uint32Array;
  #window: Uint8Array | undefined;
  #filled = 0;
  #written = 0;
  #appended = 0;
  #state: WriterState = 'open';

  private constructor(
    io: ShardIo,
    header: ShardHeader,
    encoded: { bytes: Uint8Array; checksum: number; window: Uint8Array },
  ) {
    this.#io = io;
    this.#header = header;
    this.#headerChecksum = encoded.checksum;
    this.#blockChecksums = new Uint32Array(layoutOf(header.payloadBytes).blocks);
    this.#window = encoded.window;
    encoded.window.set(encoded.bytes);
    this.#filled = encoded.bytes.length;
  }

  /**
   * Takes a window for as long as the shard is written: end with commit(), and with abort() when that is not reached. `device` is
   * empty and used by nobody else; it stays the caller's to close.
   * @throws CoucheStorError `invalid` for what no header can hold, `conflict` for a device that holds something, `tooManyRequests`
   * when too many shards wait for memory.
   */
  static async begin(io: ShardIo, header: ShardHeader): Promise<ShardWriter> {
    const { device } = io;
    const encoded = encodeHeader(header, io.crc32c);
    if (device.sizeBytes !== 0) {
      throw new CoucheStorError(
        'conflict',
        `${device.name} holds ${device.sizeBytes} bytes, and a shard is written from the start of an empty file; give it a new one.`,
        { fields: { device: device.name, sizeBytes: device.sizeBytes } },
      );
    }
    return new ShardWriter(io, header, { ...encoded, window: await io.windows.acquire() });
  }

  /** Bytes of the payload that were taken. */
  get appendedBytes(): number {
    return this.#appended;
  }

  /**
   * The next bytes of the payload, of any length. They must not change until the call ends; they are the caller's again then. The
   * call ends when they are in the window or on the device, so whoever waits for it is slowed down to the speed of the device.
   * @throws CoucheStorError of the device, after which the writer is good for abort() alone; `invalid`, with nothing taken, for
   * bytes beyond the length that the header names.
   */
  async append(bytes: Uint8Array): Promise<void> {
    this.#assertReady();
    const { payloadBytes } = this.#header;
    if (this.#appended + bytes.length > payloadBytes) {
      throw this.#lengthError(`${bytes.length} bytes after ${this.#appended} are more than the ${payloadBytes}`);
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
   * The footer, then everything synced.
   * @throws CoucheStorError of the device, after which nobody may count on the shard; `invalid`, with nothing done, before all
   * bytes of the payload were appended.
   */
  async commit(): Promise<CommittedShard> {
    this.#assertReady();
    const { name, payloadBytes } = this.#header;
    if (this.#appended !== payloadBytes) {
      throw this.#lengthError(`${this.#appended} bytes are less than the ${payloadBytes}`);
    }
    const footer = encodeFooter(
      { name, payloadBytes, headerChecksum: this.#headerChecksum, blockChecksums: this.#blockChecksums },
      this.#io.crc32c,
    );
    const end = HEADER_BYTES + payloadBytes;
    await this.#run(async () => {
      await this.#put(new Uint8Array(aligned(end) - end));
      await this.#put(footer.bytes);
      await this.#flush();
      await this.#io.device.sync();
    });
    this.#end('committed');
    return { checksum: footer.checksum, fileBytes: this.#written };
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
    return new CoucheStorError(
      'invalid',
      `payload: ${what} that the header names; begin again with the right length.`,
      {
        fields: { field: 'payload', appendedBytes: this.#appended, payloadBytes: this.#header.payloadBytes },
      },
    );
  }

  #takeChecksums(bytes: Uint8Array): void {
    let taken = 0;
    while (taken < bytes.length) {
      const block = Math.floor(this.#appended / BLOCK_BYTES);
      const inBlock = this.#appended % BLOCK_BYTES;
      const piece = bytes.subarray(taken, taken + BLOCK_BYTES - inBlock);
      this.#blockChecksums[block] = this.#io.crc32c(piece, this.#blockChecksums[block]);
      this.#appended += piece.length;
      taken += piece.length;
    }
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
