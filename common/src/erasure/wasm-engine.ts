/**
 * The engine in WebAssembly SIMD: always there, and the fastest without native code. Buffers of its arena are worked on where they are; others
 * pass through tiles in its scratch, which costs a copy. Each thread has an engine of its own, with a scratch of its own, on the arena
 * that all share; matrices stay with the engine that prepared them.
 */
import { InvariantError } from '../base/errors.ts';
import {
  checkBuffers,
  checkCoefficients,
  checkColumn,
  checkDiffers,
  checkRange,
  checkRows,
} from './engine-arguments.ts';
import type { ErasureEngine, PreparedMatrix } from './engine.ts';
import { NIBBLE_TABLE_BYTES, rowGroups, type RowGroup } from './nibble-tables.ts';
import type { ArenaPlace, ArenaView, ShardArena } from './shard-arena.ts';
import {
  fastestKernelSet,
  loadKernels,
  MAX_KERNEL_ROWS,
  type Kernel,
  type Kernels,
  type KernelSet,
} from './wasm-kernels.ts';
import { WASM_SCRATCH_BYTES, WasmScratch, type CachedTables } from './wasm-scratch.ts';

const LOW_NIBBLES = 0x0f0f0f0f;

interface WasmRowGroup extends RowGroup, CachedTables {}

class WasmMatrix implements PreparedMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly owner: WasmEngine;
  readonly groups: readonly WasmRowGroup[];

  constructor(owner: WasmEngine, coefficients: Uint8Array, rows: number, columns: number) {
    this.owner = owner;
    this.rows = rows;
    this.columns = columns;
    this.groups = rowGroups(coefficients, rows, columns, MAX_KERNEL_ROWS).map((group) => ({
      ...group,
      epoch: 0,
      address: 0,
    }));
  }
}

export interface WasmEngineOptions {
  /** WASM_SCRATCH_BYTES of the arena that its owner allocated for this engine alone, for as long as it is used. */
  readonly scratch: ArenaPlace;
  /** For tests and measurements; else the fastest that the runtime has. */
  readonly kernels?: KernelSet;
}

export class WasmEngine implements ErasureEngine {
  readonly name = 'wasm';
  readonly detail: KernelSet;
  readonly #arena: ArenaView;
  readonly #scratch: WasmScratch;
  readonly #kernels: Kernels;

  /** @throws CoucheStorError `unsupported` where WebAssembly has no SIMD or no shared memory. */
  constructor(arena: ArenaView, { scratch, kernels }: WasmEngineOptions) {
    this.#arena = arena;
    this.#scratch = new WasmScratch(arena, scratch);
    this.#kernels = loadKernels(arena.memory, kernels ?? fastestKernelSet());
    this.detail = this.#kernels.set;
  }

  /**
   * An engine for the thread that owns the arena, with a scratch that is never given back.
   *
   * @throws CoucheStorError `resourceExhausted` when the arena has no room for the scratch, or as the constructor does.
   */
  static on(arena: ShardArena): WasmEngine {
    const { byteOffset: offset, length } = arena.allocate(WASM_SCRATCH_BYTES);
    return new WasmEngine(arena, { scratch: { offset, length } });
  }

  prepare(coefficients: Uint8Array, rows: number, columns: number): PreparedMatrix {
    checkCoefficients(coefficients, rows, columns);
    return new WasmMatrix(this, coefficients, rows, columns);
  }

  multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { groups, columns } = this.#own(matrix);
    checkBuffers(matrix, inputs, outputs, end);
    const isInPlace = this.#holdsAll(inputs) && this.#holdsAll(outputs);
    const tileBytes = this.#tileBytes(columns, groups.length, isInPlace, length);
    for (let start = offset; start < end; start += tileBytes) {
      const bytes = Math.min(tileBytes, end - start);
      for (let column = 0; column < columns; column += 1) this.#read(column, inputs[column]!, start, bytes);
      for (const group of groups) {
        const { firstRow, rows } = group;
        for (let row = 0; row < rows; row += 1) this.#place(columns + row, outputs[firstRow + row]!, start);
        this.#run(this.#kernels.multiply, group, 0, columns, bytes);
        for (let row = 0; row < rows; row += 1) {
          this.#write(columns + row, outputs[firstRow + row]!, start, bytes);
        }
      }
    }
  }

  accumulate(
    matrix: PreparedMatrix,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { groups } = this.#own(matrix);
    checkColumn(matrix, column, input, end);
    checkRows(matrix, outputs, end);
    const isInPlace = this.#arena.holds(input) && this.#holdsAll(outputs);
    const tileBytes = this.#tileBytes(1, groups.length, isInPlace, length);
    for (let start = offset; start < end; start += tileBytes) {
      const bytes = Math.min(tileBytes, end - start);
      this.#read(0, input, start, bytes);
      for (const group of groups) {
        const { firstRow, rows } = group;
        for (let row = 0; row < rows; row += 1) {
          this.#read(1 + row, outputs[firstRow + row]!, start, bytes);
        }
        this.#run(this.#kernels.accumulate, group, column, 1, bytes);
        for (let row = 0; row < rows; row += 1) {
          this.#write(1 + row, outputs[firstRow + row]!, start, bytes);
        }
      }
    }
  }

  compare(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    differs: Uint8Array,
    offset: number,
    length: number,
  ): void {
    const end = checkRange(offset, length);
    const { groups, rows: allRows, columns } = this.#own(matrix);
    checkBuffers(matrix, inputs, expected, end);
    checkDiffers(matrix, differs);
    differs.fill(0, 0, allRows);
    const isInPlace = this.#holdsAll(inputs) && this.#holdsAll(expected);
    const tileBytes = this.#tileBytes(columns, groups.length, isInPlace, length);
    for (let start = offset; start < end; start += tileBytes) {
      const bytes = Math.min(tileBytes, end - start);
      for (let column = 0; column < columns; column += 1) this.#read(column, inputs[column]!, start, bytes);
      for (const group of groups) {
        const { firstRow, rows } = group;
        for (let row = 0; row < rows; row += 1) {
          this.#read(columns + row, expected[firstRow + row]!, start, bytes);
        }
        const differing = this.#run(this.#kernels.compare, group, 0, columns, bytes);
        for (let row = 0; row < rows; row += 1) {
          if ((differing >> row) & 1) differs[firstRow + row] = 1;
        }
      }
    }
  }

  #own(matrix: PreparedMatrix): WasmMatrix {
    if (matrix instanceof WasmMatrix && matrix.owner === this) return matrix;
    throw new InvariantError('Invariant broken: a matrix is used by the engine that prepared it');
  }

  #holdsAll(buffers: readonly Uint8Array[]): boolean {
    for (const buffer of buffers) {
      if (!this.#arena.holds(buffer)) return false;
    }
    return true;
  }

  /** All at once where nothing is copied and each input is read once; else what stays in the cache from one use to the next. */
  #tileBytes(inputs: number, groups: number, isInPlace: boolean, length: number): number {
    const tileBytes = this.#scratch.divide(inputs + MAX_KERNEL_ROWS);
    return isInPlace && groups === 1 ? length : tileBytes;
  }

  /** Makes a buffer's bytes readable for the kernel, as its pointer `index`. */
  #read(index: number, buffer: Uint8Array, start: number, length: number): void {
    this.#place(index, buffer, start);
    if (!this.#arena.holds(buffer)) this.#scratch.copyIn(this.#scratch.slotAddress(index), buffer, start, length);
  }

  #place(index: number, buffer: Uint8Array, start: number): void {
    const isHere = this.#arena.holds(buffer);
    this.#scratch.setPointer(index, isHere ? buffer.byteOffset + start : this.#scratch.slotAddress(index));
  }

  /** Gives the buffer what the kernel wrote for it. */
  #write(index: number, buffer: Uint8Array, start: number, length: number): void {
    if (!this.#arena.holds(buffer)) this.#scratch.copyOut(this.#scratch.slotAddress(index), buffer, start, length);
  }

  #run(kernels: readonly Kernel[], group: WasmRowGroup, firstColumn: number, columns: number, length: number): number {
    const kernel = kernels[group.rows - 1]!;
    const tables = this.#scratch.load(group) + firstColumn * group.rows * NIBBLE_TABLE_BYTES;
    return kernel(tables, this.#scratch.pointersAddress, columns, length, LOW_NIBBLES);
  }
}
