/**
 * Products of matrices with rows of bytes over GF(2⁸)/0x11D. Every kernel gives the same bytes. All buffers belong to the
 * caller, who must not change them during a call; inputs and outputs must not overlap; nothing is kept, and nothing is
 * allocated but by `prepare`. Memory may be shared, and lie anywhere: only [offset, offset + length) of each buffer is touched.
 * Arguments that do not fit throw a TypeError that names them.
 */
import type { Addon } from './addon.ts';
import { chooseKernel, kernelsOf } from './kernels.ts';

export interface Galois {
  /** The kernel it runs: `avx512+gfni`, `avx2+gfni`, `avx2`, `ssse3`, `neon` or `portable`. */
  readonly kernel: string;
  /** All that run on this processor, fastest first. */
  readonly kernels: readonly string[];
  /** @throws RangeError when the kernel does not run here. */
  withKernel(name: string): Galois;

  /**
   * The tables of a matrix, for this kernel. They may be used for any number of calls, from any thread.
   * @param coefficients - rows × columns bytes, row by row; both sides from 1 to 255.
   */
  prepare(coefficients: Uint8Array, rows: number, columns: number): Uint8Array;

  /** outputs[r] = Σ matrix[r][c] · inputs[c]. */
  readonly multiply: Addon['multiply'];
  /** outputs[r] += matrix[r][column] · input. */
  readonly accumulate: Addon['accumulate'];
  /** differs[r] = 1 where expected[r] is not Σ matrix[r][c] · inputs[c], else 0; `expected` is only read. */
  readonly compare: Addon['compare'];
}

export function galoisOf(addon: Addon, name?: string): Galois {
  const kernels = kernelsOf(addon.galoisKernels);
  const kernel = chooseKernel(kernels, name);
  return Object.freeze<Galois>({
    kernel: kernel.name,
    kernels: kernels.map((one) => one.name),
    withKernel: (other) => galoisOf(addon, other),
    prepare: (coefficients, rows, columns) => addon.prepare(kernel.number, coefficients, rows, columns),
    multiply: addon.multiply,
    accumulate: addon.accumulate,
    compare: addon.compare,
  });
}
