/**
 * A shard on its way into a store: a file without a name until every byte of it is on the disk. Whatever ends it gives back the file,
 * the descriptor, the memory and the room that was set aside.
 */
import { assertInvariant, CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';
import { newIncomingPath, type PoolReservation } from '../pools/index.ts';
import {
  layoutOf,
  MAX_PAYLOAD_BYTES,
  MAX_STRIPE_RECORD_BYTES,
  pathOfShard,
  ShardWriter,
  type CommittedShard,
  type StripeSummary,
} from '../shards/index.ts';
import type { PutOptions, PutRequest, PutShard } from './answers.ts';
import { installShard } from './install-shard.ts';
import { refusePut, type StoreParts } from './store-parts.ts';

/** What a put holds until its end. */
interface Held {
  readonly path: string;
  readonly device: BlockDevice;
  readonly writer: ShardWriter;
  readonly reservation: PoolReservation;
}

export class PutInFlight implements PutShard {
  readonly #parts: StoreParts;
  readonly #request: PutRequest;
  readonly #maxPayloadBytes: number;
  readonly #held: Held;
  readonly #ended: () => unknown;
  /** The one under way. */
  #call: Promise<unknown> | undefined;
  #aborting: Promise<void> | undefined;
  #isOver = false;

  private constructor(
    parts: StoreParts,
    request: PutRequest,
    how: { options: PutOptions; held: Held; ended: () => unknown },
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#maxPayloadBytes = how.options.maxPayloadBytes;
    this.#held = how.held;
    this.#ended = how.ended;
  }

  /** `ended` is called once, after the end. When this fails there is no end, and nothing is left. */
  static async begin(
    parts: StoreParts,
    request: PutRequest,
    { options, ended }: { options: PutOptions; ended: () => unknown },
  ): Promise<PutInFlight> {
    refusePut(parts, request.name);
    const reservation = await parts.pool.admit(roomFor(options), options.purpose);
    const path = newIncomingPath();
    let device: BlockDevice | undefined;
    try {
      device = await parts.pool.files.create(path);
      const { windows, crc32c, closing } = parts;
      const writer = await ShardWriter.begin({ device, windows, crc32c }, request, closing);
      return new PutInFlight(parts, request, { options, held: { path, device, writer, reservation }, ended });
    } catch (thrown) {
      reservation.release();
      if (device !== undefined) await discard(parts, path, device);
      throw thrown;
    }
  }

  get appendedBytes(): number {
    return this.#held.writer.appendedBytes;
  }

  get checksum(): number {
    return this.#held.writer.checksum;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#refuseEnded();
    if (this.appendedBytes + bytes.length > this.#maxPayloadBytes) {
      throw new CoucheStorError(
        'invalid',
        `payload: ${bytes.length} bytes after ${this.appendedBytes} are more than the ${this.#maxPayloadBytes} there is room for; say a larger maxPayloadBytes.`,
        { fields: { field: 'payload', maxPayloadBytes: this.#maxPayloadBytes } },
      );
    }
    await this.#run(() => this.#held.writer.append(bytes));
  }

  async commit(stripe: StripeSummary): Promise<CommittedShard> {
    this.#refuseEnded();
    return this.#run(() => this.#commit(stripe));
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  async #abort(): Promise<void> {
    await Promise.allSettled([this.#call]);
    if (this.#isOver) return;
    this.#held.writer.abort();
    await this.#end(true);
  }

  async #run<Result>(call: () => Promise<Result>): Promise<Result> {
    assertInvariant(this.#call === undefined, 'a shard is put by one call at a time');
    const running = call();
    this.#call = running;
    try {
      return await running;
    } finally {
      this.#call = undefined;
    }
  }

  #refuseEnded(): void {
    if (!this.#isOver && this.#aborting === undefined) return;
    throw new CoucheStorError('gone', `put: that of ${pathOfShard(this.#request.name)} has ended; begin another one.`, {
      fields: { field: 'put', path: pathOfShard(this.#request.name) },
    });
  }

  async #commit(stripe: StripeSummary): Promise<CommittedShard> {
    const { path, device, writer } = this.#held;
    const payloadBytes = this.appendedBytes;
    let isWritten = false;
    try {
      const committed = await writer.commit(stripe);
      isWritten = true;
      // Before the name is given: an error that only closing tells is one of this file.
      await device.close();
      const expected = { name: this.#request.name, payloadBytes, checksum: committed.checksum };
      await installShard(this.#parts, path, expected);
      await this.#end(false);
      return committed;
    } catch (thrown) {
      if (!isWritten && isRefusalOfWords(thrown)) throw thrown;
      writer.abort();
      await this.#end(true);
      throw thrown;
    }
  }

  async #end(hasFile: boolean): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    const { path, device, reservation } = this.#held;
    if (hasFile) await discard(this.#parts, path, device);
    reservation.release();
    this.#ended();
  }
}

/** All that a shard may become whose lengths are not known yet. */
function roomFor({ maxPayloadBytes }: PutOptions): number {
  if (!Number.isSafeInteger(maxPayloadBytes) || maxPayloadBytes < 1 || maxPayloadBytes > MAX_PAYLOAD_BYTES) {
    throw new CoucheStorError(
      'invalid',
      `maxPayloadBytes: ${maxPayloadBytes} is no length of a payload; have 1 to ${MAX_PAYLOAD_BYTES} bytes.`,
      { fields: { field: 'maxPayloadBytes' } },
    );
  }
  return layoutOf({ payloadBytes: maxPayloadBytes, recordBytes: MAX_STRIPE_RECORD_BYTES }).fileBytes;
}

/** The writer took nothing and did nothing; errors of a device have a fault. */
function isRefusalOfWords(thrown: unknown): boolean {
  return thrown instanceof CoucheStorError && thrown.code === 'invalid' && !('fault' in thrown.fields);
}

/** As far as the disk lets it: what stays is found when the store is opened again. */
async function discard({ pool }: StoreParts, path: string, device: BlockDevice): Promise<void> {
  for (const step of [() => device.close(), () => pool.files.unlink(path)]) {
    try {
      await step();
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
    }
  }
}
