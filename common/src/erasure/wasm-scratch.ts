/**
 * The part of an arena that one WebAssembly engine has to itself: the addresses it hands to a kernel, the tables of the matrices that it
 * used last, and room for tiles of buffers that are not in the arena. All of it is bounded; the truth of a table is outside.
 *
 * ```
 * addresses of inputs and of a group's outputs | tables | tiles
 * ```
 */
import { assertInvariant } from '../base/errors.ts';
import { MAX_SHARDS } from './engine-arguments.ts';
import { NIBBLE_TABLE_BYTES } from './nibble-tables.ts';
import type { ArenaPlace, ArenaView } from './shard-arena.ts';
import { MAX_KERNEL_ROWS } from './wasm-kernels.ts';

const POINTER_BYTES = 4;
const LINE_BYTES = 64;
const POINTERS_BYTES = Math.ceil(((MAX_SHARDS + MAX_KERNEL_ROWS) * POINTER_BYTES) / LINE_BYTES) * LINE_BYTES;
/** Room for the group of the widest matrix several times over, and for a hundred groups of usual ones. */
const TABLES_BYTES = 4 * MAX_SHARDS * MAX_KERNEL_ROWS * NIBBLE_TABLE_BYTES;
const TILES_BYTES = 256 * 1024;
/** Longer tiles are not faster, and would drive the tables out of the cache. */
const MAX_TILE_BYTES = 16 * 1024;

export const WASM_SCRATCH_BYTES = POINTERS_BYTES + TABLES_BYTES + TILES_BYTES;

/** A group's tables as the scratch remembers them. Made with `epoch` 0, which is never current: not there yet. */
export interface CachedTables {
  readonly tables: Uint8Array;
  epoch: number;
  address: number;
}

const { copy } = Buffer.prototype as { copy: (this: Uint8Array, ...rest: Parameters<Buffer['copy']>) => number };

export class WasmScratch {
  /** Of the list that setPointer() writes. */
  readonly pointersAddress: number;
  /** All bytes of the arena. A Buffer, whose copy() to and from shared memory is many times faster than set(). */
  readonly #bytes: Buffer;
  readonly #pointers: DataView;
  readonly #tablesAddress: number;
  readonly #tilesAddress: number;
  #tablesUsed = 0;
  #epoch = 1;
  #slotBytes = 0;

  /** @param place - WASM_SCRATCH_BYTES of the arena, beginning at a multiple of 64, that nobody else uses. */
  constructor(arena: ArenaView, place: ArenaPlace) {
    assertInvariant(
      place.length >= WASM_SCRATCH_BYTES && place.offset % LINE_BYTES === 0,
      'the scratch of an engine is large enough and aligned',
    );
    const { buffer, byteOffset } = arena.at(place);
    this.#bytes = Buffer.from(buffer);
    this.#pointers = new DataView(buffer, byteOffset, POINTERS_BYTES);
    this.pointersAddress = byteOffset;
    this.#tablesAddress = byteOffset + POINTERS_BYTES;
    this.#tilesAddress = this.#tablesAddress + TABLES_BYTES;
  }

  setPointer(index: number, address: number): void {
    this.#pointers.setUint32(index * POINTER_BYTES, address, true);
  }

  /** The address of the tables, copied in if they were not there. When the room is used up, all are forgotten. */
  load(group: CachedTables): number {
    if (group.epoch === this.#epoch) return group.address;
    const { tables } = group;
    if (this.#tablesUsed + tables.length > TABLES_BYTES) {
      this.#epoch += 1;
      this.#tablesUsed = 0;
    }
    group.address = this.#tablesAddress + this.#tablesUsed;
    group.epoch = this.#epoch;
    this.#bytes.set(tables, group.address);
    this.#tablesUsed += tables.length;
    return group.address;
  }

  /**
   * Divides the room for tiles into so many slots.
   *
   * @returns the bytes of a tile; each slot has a line more, for the reason that ShardArena spreads its buffers.
   */
  divide(slots: number): number {
    const lines = Math.floor(TILES_BYTES / slots / LINE_BYTES);
    this.#slotBytes = Math.min(MAX_TILE_BYTES + LINE_BYTES, lines * LINE_BYTES);
    return this.#slotBytes - LINE_BYTES;
  }

  slotAddress(slot: number): number {
    return this.#tilesAddress + slot * this.#slotBytes;
  }

  /** Copies a tile in. A copy of a whole buffer is split, because Node does it by set(). */
  copyIn(address: number, source: Uint8Array, start: number, length: number): void {
    const isWhole = length === source.length;
    const end = start + length - (isWhole ? 1 : 0);
    copy.call(source, this.#bytes, address, start, end);
    if (isWhole) this.#bytes[address + length - 1] = source[length - 1]!;
  }

  copyOut(address: number, target: Uint8Array, start: number, length: number): void {
    this.#bytes.copy(target, start, address, address + length);
  }
}
