/**
 * A window of a file in memory, beyond 4 GiB too. Another process may shorten the file at any time; so bytes are copied out and
 * in, never handed out as memory, and a copy that meets a page which is gone says so instead of ending the process. Bytes of
 * the last page behind the new end of a shortened file read as zeros: who must know compares a checksum.
 */
import type { Addon, MappingHandle } from './addon.ts';

export interface FileWindow {
  /** Bytes into the file; need not be a multiple of a page. */
  readonly offset: number;
  /** In bytes, at least 1; the file must reach that far when it is mapped. */
  readonly length: number;
  /** Whether `write` is allowed; the file must be open for reading and writing then. */
  readonly writable?: boolean;
}

/** What the kernel is told of the reads to come; `dontNeed` drops the pages from memory, not from the file. */
export type MappingAdvice = 'normal' | 'random' | 'sequential' | 'willNeed' | 'dontNeed';

const ADVICE_NUMBERS: Readonly<Record<MappingAdvice, number>> = {
  normal: 0,
  random: 1,
  sequential: 2,
  willNeed: 3,
  dontNeed: 4,
};

/** Every method but `unmap` throws a TypeError when the window lies outside the mapping, or after `unmap`. */
export class FileMapping {
  /** In bytes. */
  readonly length: number;
  readonly #addon: Addon;
  readonly #handle: MappingHandle;

  /**
   * @param file - a file descriptor, which may be closed afterwards.
   * @throws Error with the `code` of the operating system: `ERANGE` when the file is too short, `ENODEV` when it is no regular
   * file, `EACCES` when it is not open for what is asked.
   */
  constructor(addon: Addon, file: number, window: FileWindow) {
    this.#addon = addon;
    this.#handle = addon.map(file, window.offset, window.length, window.writable ?? false);
    this.length = window.length;
  }

  /**
   * Copies bytes of the file from `offset` into `target`. False when the file has become too short or cannot be read there; the
   * content of `target` is undefined then.
   */
  read(offset: number, target: Uint8Array, targetOffset = 0, length = target.length - targetOffset): boolean {
    return this.#addon.read(this.#handle, offset, target, targetOffset, length);
  }

  /** Copies bytes of `source` to `offset` in the file. False when the file has become too short or its disk is full. */
  write(offset: number, source: Uint8Array, sourceOffset = 0, length = source.length - sourceOffset): boolean {
    return this.#addon.write(this.#handle, offset, source, sourceOffset, length);
  }

  /** @throws Error with the `code` of the operating system. */
  advise(advice: MappingAdvice, offset = 0, length: number = this.length - offset): void {
    this.#addon.advise(this.#handle, ADVICE_NUMBERS[advice], offset, length);
  }

  /**
   * Waits until what was written is on the disk; this blocks the thread.
   * @throws Error with the `code` of the operating system.
   */
  sync(offset = 0, length: number = this.length - offset): void {
    this.#addon.sync(this.#handle, offset, length);
  }

  /** May be called again. Without it the pages stay mapped until the mapping is collected. */
  unmap(): void {
    this.#addon.unmap(this.#handle);
  }
}
