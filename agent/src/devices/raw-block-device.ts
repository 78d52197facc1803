/**
 * A BlockDevice on calls of the operating system. Here short transfers and interruptions are looped over, with a limit; misaligned
 * calls are refused before the system sees them; and a failed sync poisons the device for good, because the kernel has dropped the
 * pages it could not write and reports their loss once (fsyncgate). For that reason one sync runs at a time: of two at once, the
 * kernel tells one of the loss and lets the other one succeed.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import { allocateAligned, isAligned } from './aligned-buffers.ts';
import type { BlockDevice, WriteOrder } from './block-device.ts';
import { deviceError, errnoOf, systemError, type DeviceOperation } from './device-errors.ts';
import type { RawDevice } from './raw-device.ts';

/** Calls in a row that moved nothing, after which one more would hardly help. */
const MAX_FRUITLESS_CALLS = 100;

export interface RawBlockDeviceOptions {
  readonly name: string;
  /** Bytes there are at the beginning. */
  readonly sizeBytes: number;
  /** 1: any offset, length and buffer will do. Else buffers have to be aligned too. */
  readonly blockBytes: number;
  readonly isWritable: boolean;
}

export class RawBlockDevice implements BlockDevice {
  readonly name: string;
  readonly blockBytes: number;
  readonly writeOrder: WriteOrder = 'anywhere';
  readonly #raw: RawDevice;
  readonly #isWritable: boolean;
  #sizeBytes: number;
  #poison: CoucheStorError | undefined;
  #closing: Promise<void> | undefined;
  readonly #transfers = new Set<Promise<void>>();
  /** The sync that has not begun yet; who asks now joins it. */
  #waitingSync: Promise<void> | undefined;
  /** Ends when the last sync that was asked for has ended, however. */
  #lastSync: Promise<void> = Promise.resolve();

  constructor(raw: RawDevice, options: RawBlockDeviceOptions) {
    this.#raw = raw;
    this.name = options.name;
    this.blockBytes = options.blockBytes;
    this.#sizeBytes = options.sizeBytes;
    this.#isWritable = options.isWritable;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  allocate(bytes: number): Uint8Array {
    return this.blockBytes === 1 ? new Uint8Array(bytes) : allocateAligned(bytes);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check('read', offset, into);
    if (offset + into.byteLength > this.#sizeBytes) throw this.#outOfRange('read', offset, into);
    await this.#underWay(this.#transfer('read', offset, into));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#check('write', offset, from);
    if (!this.#isWritable) throw deviceError('readOnly', this.#call('write'), 'it was opened for reading');
    if (offset > this.#sizeBytes) throw this.#outOfRange('write', offset, from);
    await this.#underWay(this.#transfer('write', offset, from));
    this.#sizeBytes = Math.max(this.#sizeBytes, offset + from.byteLength);
  }

  async sync(): Promise<void> {
    this.#checkUsable('sync');
    this.#waitingSync ??= this.#syncAfter(this.#lastSync);
    await this.#waitingSync;
  }

  async #syncAfter(previous: Promise<void>): Promise<void> {
    const sync = previous.then(() => {
      this.#waitingSync = undefined;
      return this.#syncNow();
    });
    this.#lastSync = sync.catch(() => undefined);
    await sync;
  }

  async #syncNow(): Promise<void> {
    this.#checkPoison('sync');
    try {
      await this.#raw.sync();
    } catch (error) {
      this.#poison = systemError(error, this.#call('sync'));
      throw this.#poison;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeWhenIdle();
    return this.#closing;
  }

  async #closeWhenIdle(): Promise<void> {
    await Promise.allSettled([...this.#transfers, this.#lastSync]);
    try {
      await this.#raw.close();
    } catch (error) {
      throw systemError(error, this.#call('close'));
    }
  }

  async #underWay(transfer: Promise<void>): Promise<void> {
    this.#transfers.add(transfer);
    try {
      await transfer;
    } finally {
      this.#transfers.delete(transfer);
    }
  }

  async #transfer(operation: 'read' | 'write', offset: number, buffer: Uint8Array): Promise<void> {
    let done = 0;
    let fruitless = 0;
    while (done < buffer.byteLength) {
      const moved = await this.#moved(operation, offset + done, buffer.subarray(done));
      if (moved === 0 && operation === 'read') {
        throw deviceError(
          'endedEarly',
          this.#call(operation),
          `it ends at ${offset + done}, not at ${this.#sizeBytes}`,
        );
      }
      // The rest has to begin at a block again; what is between is moved twice.
      const reached = Math.floor((done + (moved ?? 0)) / this.blockBytes) * this.blockBytes;
      fruitless = reached === done ? fruitless + 1 : 0;
      if (fruitless === MAX_FRUITLESS_CALLS) {
        throw deviceError('noProgress', this.#call(operation), `${fruitless} calls at ${offset + done} moved nothing`);
      }
      done = reached;
    }
  }

  /** Undefined: interrupted, nothing moved. */
  async #moved(operation: 'read' | 'write', offset: number, buffer: Uint8Array): Promise<number | undefined> {
    try {
      return await this.#raw[operation](offset, buffer);
    } catch (error) {
      if (errnoOf(error) === 'EINTR') return undefined;
      throw systemError(error, this.#call(operation));
    }
  }

  #check(operation: 'read' | 'write', offset: number, buffer: Uint8Array): void {
    this.#checkUsable(operation);
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw deviceError('outOfRange', this.#call(operation), `${offset} is no offset`);
    }
    if (this.blockBytes === 1) return;
    for (const [what, bytes] of [['offset', offset] as const, ['length', buffer.byteLength] as const]) {
      if (bytes % this.blockBytes === 0) continue;
      throw deviceError(
        'misaligned',
        this.#call(operation),
        `the ${what} ${bytes} is no multiple of ${this.blockBytes}`,
      );
    }
    if (!isAligned(buffer)) {
      throw deviceError('misaligned', this.#call(operation), 'the address of the buffer is not known to be aligned');
    }
  }

  #checkUsable(operation: DeviceOperation): void {
    if (this.#closing !== undefined) throw deviceError('closed', this.#call(operation), 'it is closed');
    this.#checkPoison(operation);
  }

  #checkPoison(operation: DeviceOperation): void {
    if (this.#poison === undefined) return;
    throw deviceError(
      'poisoned',
      this.#call(operation),
      'an earlier sync failed, and with it writes that nobody can name',
      {
        cause: this.#poison,
      },
    );
  }

  #outOfRange(operation: DeviceOperation, offset: number, { byteLength }: Uint8Array): CoucheStorError {
    const what = `${byteLength} bytes at ${offset}, of a device that has ${this.#sizeBytes}`;
    return deviceError('outOfRange', this.#call(operation), what);
  }

  #call(operation: DeviceOperation): { device: string; operation: DeviceOperation } {
    return { device: this.name, operation };
  }
}
