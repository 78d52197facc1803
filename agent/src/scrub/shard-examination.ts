/**
 * One shard, looked at slice by slice, past the page cache where the file system can, so that it is the disk that answers. What
 * looks bad is looked at a second time from the start, because it may have been replaced or deleted meanwhile; only then is it bad. What
 * cannot be read is not: that says nothing about the shard.
 */
import { CoucheStorError } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import type { BlockDevice } from '../devices/index.ts';
import type { PoolFiles } from '../pools/index.ts';
import {
  BLOCK_BYTES,
  examineShard,
  pathOfShard,
  type MissingReason,
  type ShardReader,
  type WindowPool,
} from '../shards/index.ts';
import type { StoredShard } from '../store/index.ts';

export type ShardResult =
  /** `secondLook`: it was bad at the first one, so it has been replaced, or the disk gives other bytes each time. */
  | { readonly kind: 'ok'; readonly secondLook: boolean }
  | { readonly kind: 'corrupt'; readonly blocks: readonly number[] }
  /** The file is no shard of this name, or not all of one. */
  | { readonly kind: 'missing'; readonly reason: MissingReason; readonly detail: string }
  | { readonly kind: 'unreadable'; readonly error: CoucheStorError }
  /** Deleted since it was listed. */
  | { readonly kind: 'vanished' };

export interface ExaminationParts {
  readonly files: PoolFiles;
  readonly windows: WindowPool;
  readonly crc32c: Crc32c;
  /** Of payload that a step reads. */
  readonly sliceBytes: number;
}

/** What is read of nearly every shard to open it. */
export const OPENING_BYTES = 2 * BLOCK_BYTES;

export class ShardExamination {
  readonly shard: StoredShard;
  readonly #parts: ExaminationParts;
  #device: BlockDevice | undefined;
  #reader: ShardReader | undefined;
  #offset = 0;
  #corrupt: number[] = [];
  #isSecondLook = false;

  constructor(parts: ExaminationParts, shard: StoredShard) {
    this.#parts = parts;
    this.shard = shard;
  }

  /** What the next step reads, if it is as long as it was when it was listed; at the second look it may be of any length. */
  get nextBytes(): number {
    const { sliceBytes } = this.#parts;
    if (this.#reader === undefined) {
      return Math.min(this.#isSecondLook ? Infinity : this.shard.sizeBytes, OPENING_BYTES + sliceBytes);
    }
    return Math.min(this.#reader.payloadBytes - this.#offset, sliceBytes);
  }

  /**
   * Undefined: there is more to read.
   * @throws CoucheStorError that will pass, such as too many open files; the step may be asked for again.
   */
  async step(): Promise<ShardResult | undefined> {
    const opened = this.#reader ?? (await this.#open());
    if ('kind' in opened) return this.#end(opened);
    this.#reader = opened;
    const length = Math.min(opened.payloadBytes - this.#offset, this.#parts.sliceBytes);
    const read = await opened.verify(this.#offset, length);
    if (read.kind === 'corrupt') this.#corrupt.push(...read.blocks);
    if (read.kind === 'unreadable') this.#corrupt.push(...read.corrupt);
    this.#offset += length;
    const isUnreadable = read.kind === 'unreadable' && this.#corrupt.length === 0;
    if (isUnreadable) return this.#end({ kind: 'unreadable', error: read.error });
    if (read.kind !== 'unreadable' && this.#offset < opened.payloadBytes) return undefined;
    if (this.#corrupt.length > 0) return this.#end({ kind: 'corrupt', blocks: this.#corrupt });
    return this.#end({ kind: 'ok', secondLook: this.#isSecondLook });
  }

  /** May be called at any time between steps. */
  async close(): Promise<void> {
    const device = this.#device;
    this.#device = undefined;
    this.#reader = undefined;
    try {
      await device?.close();
    } catch (thrown) {
      // What was read was read.
      if (!(thrown instanceof CoucheStorError)) throw thrown;
    }
  }

  async #open(): Promise<ShardReader | ShardResult> {
    const { files, windows, crc32c } = this.#parts;
    const { name } = this.shard;
    await this.close();
    try {
      this.#device = await files.openDirect(pathOfShard(name));
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError) || thrown.retryable) throw thrown;
      return { kind: 'unreadable', error: thrown };
    }
    if (this.#device === undefined) return { kind: 'vanished' };
    const examined = await examineShard({ device: this.#device, windows, crc32c }, name);
    return examined.kind === 'open' ? examined.reader : examined;
  }

  async #end(result: ShardResult): Promise<ShardResult | undefined> {
    await this.close();
    if (this.#isSecondLook || !isWorthASecondLook(result)) return result;
    this.#isSecondLook = true;
    this.#offset = 0;
    this.#corrupt = [];
    return undefined;
  }
}

/** What a disk has refused is not asked of it again. */
function isWorthASecondLook(result: ShardResult): boolean {
  if (result.kind === 'unreadable') return result.error.fields.fault === 'endedEarly';
  return result.kind === 'corrupt' || result.kind === 'missing';
}
