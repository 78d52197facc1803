/**
 * The functions of the addon as they are. Each checks its arguments and throws a TypeError that names the wrong one; what they mean
 * is written where they are wrapped: galois.ts, crc32c.ts, file-mapping.ts.
 */

/** What `map` gives: memory that no JavaScript can touch. */
declare const mappingBrand: unique symbol;
export interface MappingHandle {
  readonly [mappingBrand]: true;
}

/** The interface below; `module.c` names it too. */
export const ADDON_VERSION = 1;

export interface Addon {
  readonly version: number;
  /** By number; absent where a kernel does not run on this processor. */
  readonly galoisKernels: readonly (string | undefined)[];
  readonly prepare: (kernel: number, coefficients: Uint8Array, rows: number, columns: number) => Uint8Array;
  readonly multiply: (
    tables: Uint8Array,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ) => void;
  readonly accumulate: (
    tables: Uint8Array,
    column: number,
    input: Uint8Array,
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ) => void;
  readonly compare: (
    tables: Uint8Array,
    inputs: readonly Uint8Array[],
    expected: readonly Uint8Array[],
    differs: Uint8Array,
    offset: number,
    length: number,
  ) => void;
  readonly crc32cKernels: readonly (string | undefined)[];
  readonly crc32c: (kernel: number, initial: number, bytes: Uint8Array, offset: number, length: number) => number;
  readonly map: (file: number, offset: number, length: number, writable: boolean) => MappingHandle;
  readonly unmap: (mapping: MappingHandle) => void;
  readonly read: (
    mapping: MappingHandle,
    offset: number,
    target: Uint8Array,
    targetOffset: number,
    length: number,
  ) => boolean;
  readonly write: (
    mapping: MappingHandle,
    offset: number,
    source: Uint8Array,
    sourceOffset: number,
    length: number,
  ) => boolean;
  readonly advise: (mapping: MappingHandle, advice: number, offset: number, length: number) => void;
  readonly sync: (mapping: MappingHandle, offset: number, length: number) => void;
}
