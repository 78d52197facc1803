/**
 * A piece of one zone as a device of its own: sequential, with an end. To whoever writes a shard it is a file that cannot be rewritten.
 */
import type { BlockDevice, WriteOrder } from './block-device.ts';
import { deviceError, type DeviceFault, type DeviceOperation } from './device-errors.ts';
import type { ZonedDevice } from './zoned-device.ts';

export interface Extent {
  /** On the zoned device. */
  readonly startBytes: number;
  readonly lengthBytes: number;
}

export interface ZoneExtentOptions {
  /** Of these bytes, so many are there already. */
  readonly writtenBytes: number;
  /** Called once, when it is closed and nothing is under way any more. */
  readonly whenClosed: () => void;
}

export class ZoneExtent implements BlockDevice {
  readonly name: string;
  readonly blockBytes: number;
  readonly writeOrder: WriteOrder = 'sequential';
  readonly #device: ZonedDevice;
  readonly #extent: Extent;
  readonly #whenClosed: () => void;
  readonly #underWay = new Set<Promise<void>>();
  #sizeBytes: number;
  #closing: Promise<void> | undefined;

  constructor(device: ZonedDevice, extent: Extent, { writtenBytes, whenClosed }: ZoneExtentOptions) {
    this.name = `${device.name}, ${extent.lengthBytes} bytes at ${extent.startBytes}`;
    this.blockBytes = device.blockBytes;
    this.#device = device;
    this.#extent = extent;
    this.#sizeBytes = writtenBytes;
    this.#whenClosed = whenClosed;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  allocate(bytes: number): Uint8Array {
    return this.#device.allocate(bytes);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#check('read', offset, into.byteLength);
    if (offset + into.byteLength > this.#sizeBytes) {
      throw this.#refusal('outOfRange', 'read', `${into.byteLength} bytes at ${offset}, of ${this.#sizeBytes}`);
    }
    if (into.byteLength === 0) return;
    await this.#track(this.#device.read(this.#extent.startBytes + offset, into));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    this.#check('write', offset, from.byteLength);
    if (offset !== this.#sizeBytes) {
      throw this.#refusal('notAtWritePointer', 'write', `its end is at ${this.#sizeBytes}, not at ${offset}`);
    }
    if (offset + from.byteLength > this.#extent.lengthBytes) {
      throw this.#refusal('extentFull', 'write', `${from.byteLength} bytes at ${offset} go past its end`);
    }
    await this.#track(this.#device.write(this.#extent.startBytes + offset, from));
    this.#sizeBytes = offset + from.byteLength;
  }

  async sync(): Promise<void> {
    this.#checkOpen('sync');
    await this.#track(this.#device.sync());
  }

  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#whenClosed());
    return this.#closing;
  }

  async #track(call: Promise<void>): Promise<void> {
    this.#underWay.add(call);
    try {
      await call;
    } finally {
      this.#underWay.delete(call);
    }
  }

  #check(operation: DeviceOperation, offset: number, length: number): void {
    this.#checkOpen(operation);
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw this.#refusal('outOfRange', operation, `${offset} is no offset`);
    }
    if (offset % this.blockBytes === 0 && length % this.blockBytes === 0) return;
    const what = `${length} bytes at ${offset} are no multiples of ${this.blockBytes}`;
    throw this.#refusal('misaligned', operation, what);
  }

  #checkOpen(operation: DeviceOperation): void {
    if (this.#closing !== undefined) throw this.#refusal('closed', operation, 'it is closed');
  }

  #refusal(fault: DeviceFault, operation: DeviceOperation, what: string): Error {
    return deviceError(fault, { device: this.name, operation }, what);
  }
}
