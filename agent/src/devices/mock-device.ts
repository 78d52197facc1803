/**
 * A disk in memory for tests: it fails, is slow or does a part of what was asked when told to, and records every call. It stands where
 * the operating system stands, below the code that loops, checks and poisons, so that this code is what its tests try.
 */
import { realClock, type Clock } from '@couchestor/common/base';
import type { BlockDevice } from './block-device.ts';
import { RawBlockDevice } from './raw-block-device.ts';
import type { RawDevice } from './raw-device.ts';

export type MockOperation = 'read' | 'write' | 'sync' | 'close';

export type MockEffect =
  /** Of a write, so many bytes reach the disk before it fails. */
  | { readonly kind: 'fail'; readonly errno: string; readonly afterBytes?: number }
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'delay'; readonly delayMs: number };

export interface MockFault {
  readonly operation: MockOperation;
  readonly effect: MockEffect;
  /** Calls that are left alone before. Default 0. */
  readonly after?: number;
  /** Calls that it meets. Default 1. */
  readonly times?: number;
}

export interface MockCall {
  readonly operation: MockOperation;
  /** Of reads and writes; 0 of the others. */
  readonly offset: number;
  readonly bytes: number;
  /** Bytes moved, or the errno. */
  readonly outcome: number | string;
}

export interface MockDiskOptions {
  /** Bytes there are at the beginning, all zero. Default 0. */
  readonly sizeBytes?: number;
  /** A write past it does what fits, and then fails with ENOSPC. */
  readonly capacityBytes: number;
  readonly clock?: Clock;
}

interface ArmedFault extends MockFault {
  after: number;
  times: number;
}

export class MockDisk implements RawDevice {
  readonly calls: MockCall[] = [];
  readonly #content: Uint8Array;
  readonly #clock: Clock;
  readonly #faults: ArmedFault[] = [];
  #sizeBytes: number;

  constructor({ sizeBytes = 0, capacityBytes, clock = realClock }: MockDiskOptions) {
    this.#content = new Uint8Array(capacityBytes);
    this.#sizeBytes = sizeBytes;
    this.#clock = clock;
  }

  /** The disk as it is, for tests that look at it or damage it. */
  get content(): Uint8Array {
    return this.#content.subarray(0, this.#sizeBytes);
  }

  /** Of several faults that meet one call, each takes effect, in the order they were given; the first that fails it ends it. */
  inject(fault: MockFault): void {
    this.#faults.push({ ...fault, after: fault.after ?? 0, times: fault.times ?? 1 });
  }

  /** A device on this disk, as a process gets it that opens it now. */
  open(blockBytes = 1): BlockDevice {
    return new RawBlockDevice(this, { name: 'mock', sizeBytes: this.#sizeBytes, blockBytes, isWritable: true });
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    return this.#record('read', offset, into.byteLength, (bytes) => {
      const from = this.content.subarray(offset, offset + bytes);
      into.set(from);
      return from.byteLength;
    });
  }

  async write(offset: number, from: Uint8Array): Promise<number> {
    return this.#record('write', offset, from.byteLength, (bytes) => {
      const room = Math.min(bytes, this.#content.byteLength - offset);
      if (room <= 0 && bytes > 0) throw systemFailure('ENOSPC', 'write');
      this.#content.set(from.subarray(0, room), offset);
      this.#sizeBytes = Math.max(this.#sizeBytes, offset + room);
      return room;
    });
  }

  async sync(): Promise<void> {
    await this.#record('sync', 0, 0, () => 0);
  }

  async close(): Promise<void> {
    await this.#record('close', 0, 0, () => 0);
  }

  /** @param move - does as many bytes as it is told, and says how many it did. */
  async #record(
    operation: MockOperation,
    offset: number,
    bytes: number,
    move: (bytes: number) => number,
  ): Promise<number> {
    let outcome: number | string = 'EIO';
    try {
      outcome = await this.#disturbed(operation, bytes, move);
      return outcome;
    } catch (error) {
      outcome = (error as NodeJS.ErrnoException).code ?? 'unknown';
      throw error;
    } finally {
      this.calls.push({ operation, offset, bytes, outcome });
    }
  }

  async #disturbed(operation: MockOperation, bytes: number, move: (bytes: number) => number): Promise<number> {
    let allowed = bytes;
    for (const { effect } of this.#due(operation)) {
      if (effect.kind === 'delay') await this.#clock.sleep(effect.delayMs);
      if (effect.kind === 'short') allowed = Math.min(allowed, effect.bytes);
      if (effect.kind !== 'fail') continue;
      if (effect.afterBytes !== undefined) move(effect.afterBytes);
      throw systemFailure(effect.errno, operation);
    }
    return move(allowed);
  }

  /** The faults that meet this call. */
  #due(operation: MockOperation): ArmedFault[] {
    const due: ArmedFault[] = [];
    for (const fault of this.#faults) {
      if (fault.operation !== operation || fault.times === 0) continue;
      if (fault.after > 0) {
        fault.after -= 1;
        continue;
      }
      fault.times -= 1;
      due.push(fault);
    }
    return due;
  }
}

/** As Node throws it. */
function systemFailure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall}`), { code, syscall });
}
