/**
 * A device in memory that refuses what the strictest real ones do (unaligned calls, foreign buffers, writes out of order), counts
 * calls, and fails the one it is told to. What a failed read leaves in its buffer is not data.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';

export type Operation = 'read' | 'write' | 'sync';

export interface Fault {
  readonly operation: Operation;
  /** From 1: the call that fails. */
  readonly call: number;
  readonly error: CoucheStorError;
}

export class MemoryDevice implements BlockDevice {
  readonly name = 'memory';
  readonly blockBytes: number;
  readonly writeOrder = 'sequential';
  readonly calls: Record<Operation, number> = { read: 0, write: 0, sync: 0 };
  /** As much of `content` as a sync has made last. */
  synced = 0;
  /** Waits before each call ends, when given. */
  pause: (() => Promise<void>) | undefined;
  fault: Fault | undefined;
  #content: Buffer;

  constructor(content: Uint8Array = new Uint8Array(), blockBytes = 4096) {
    this.blockBytes = blockBytes;
    this.#content = Buffer.from(content);
  }

  get sizeBytes(): number {
    return this.#content.length;
  }

  get content(): Buffer {
    return this.#content;
  }

  allocate(bytes: number): Uint8Array {
    return new Uint8Array(bytes);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    into.fill(0xa5);
    await this.#begin('read', [offset, into.length, into.byteOffset]);
    if (offset + into.length > this.sizeBytes) throw new Error('read beyond the end');
    into.set(this.#content.subarray(offset, offset + into.length));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    if (offset !== this.sizeBytes) throw new Error('written out of order');
    await this.#begin('write', [offset, from.length, from.byteOffset]);
    this.#content = Buffer.concat([this.#content, from]);
  }

  async sync(): Promise<void> {
    await this.#begin('sync', []);
    this.synced = this.sizeBytes;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #begin(operation: Operation, numbers: readonly number[]): Promise<void> {
    if (numbers.some((number) => number % this.blockBytes !== 0)) throw new Error(`${operation} is not aligned`);
    this.calls[operation] += 1;
    const call = this.calls[operation];
    const { fault } = this;
    await this.pause?.();
    if (fault?.operation === operation && fault.call === call) {
      throw fault.error;
    }
  }
}
