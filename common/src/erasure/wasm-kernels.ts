/** The compiled kernels of common/assembly, at work on a memory. Each takes one to four rows of a matrix. */
import { assertInvariant, CoucheStorError } from '../base/errors.ts';
import { RELAXED_SIMD_KERNELS, SIMD_KERNELS } from './generated/wasm-kernels.ts';
import { webAssembly, type SharedMemory } from './web-assembly.ts';

export const MAX_KERNEL_ROWS = 4;

/** Described in common/assembly/kernels.ts; what it returns means something for compare alone. */
export type Kernel = (tables: number, pointers: number, columns: number, length: number, nibbles: number) => number;

/** The instructions that a compiled module is made of. */
export type KernelSet = 'simd128' | 'simd128+relaxed';

/** In each list, the kernel for one row more than its index. */
export interface Kernels {
  readonly set: KernelSet;
  readonly multiply: readonly Kernel[];
  readonly accumulate: readonly Kernel[];
  readonly compare: readonly Kernel[];
}

const SOURCES: ReadonlyMap<KernelSet, string> = new Map([
  ['simd128+relaxed', RELAXED_SIMD_KERNELS],
  ['simd128', SIMD_KERNELS],
]);

/** Once a thread: every engine of it uses the machine code of one module. */
const compiled = new Map<KernelSet, object>();

/**
 * The sets that this runtime has, fastest first.
 *
 * @param validates - whether a module has only what the runtime knows; WebAssembly itself, but for tests of other runtimes.
 */
export function supportedKernelSets(validates = (module: Uint8Array) => webAssembly.validate(module)): KernelSet[] {
  return [...SOURCES].filter(([, text]) => validates(Buffer.from(text, 'base64'))).map(([set]) => set);
}

/** @throws CoucheStorError `unsupported` where WebAssembly has no SIMD or no shared memory. */
export function fastestKernelSet(supported = supportedKernelSets()): KernelSet {
  const [set] = supported;
  if (set !== undefined) return set;
  throw new CoucheStorError('unsupported', 'This runtime has no WebAssembly with SIMD and shared memory.');
}

function moduleOf(set: KernelSet): object {
  const known = compiled.get(set);
  if (known !== undefined) return known;
  const module = new webAssembly.Module(Buffer.from(SOURCES.get(set) ?? '', 'base64'));
  compiled.set(set, module);
  return module;
}

/** The set must be one that the runtime has. */
export function loadKernels(memory: SharedMemory, set: KernelSet): Kernels {
  const { exports } = new webAssembly.Instance(moduleOf(set), { env: { memory } });
  const kernels = exports as Record<string, Kernel | undefined>;
  const list = (work: string): Kernel[] =>
    Array.from({ length: MAX_KERNEL_ROWS }, (_, index) => {
      const kernel = kernels[`${work}${index + 1}`];
      assertInvariant(kernel !== undefined, `the compiled kernels include ${work}`);
      return kernel;
    });
  return { set, multiply: list('multiply'), accumulate: list('accumulate'), compare: list('compare') };
}
