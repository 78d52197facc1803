import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '../base/errors.ts';
import { RELAXED_SIMD_KERNELS, SIMD_KERNELS } from './generated/wasm-kernels.ts';
import { fastestKernelSet, supportedKernelSets } from './wasm-kernels.ts';

const IMPORT_SECTION = 2;

/** The sections of a module by their ids: magic and version, then id, length as LEB128, contents. */
function sectionsOf(module: Uint8Array): Map<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  for (let at = 8; at < module.length;) {
    const id = module[at]!;
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (module[at]! & 0x7f) << shift;
      shift += 7;
    } while (module[at]! & 0x80);
    sections.set(id, module.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return sections;
}

describe.each([
  ['simd128', SIMD_KERNELS],
  ['simd128+relaxed', RELAXED_SIMD_KERNELS],
])('the compiled kernels with %s', (set, text) => {
  const module = Buffer.from(text, 'base64');
  const sections = sectionsOf(module);

  it('run here', () => {
    expect(supportedKernelSets()).toContain(set);
  });

  it('are small: types, import, functions, exports, code, and no memory, data, table, global or start', () => {
    expect([...sections.keys()].sort((a, b) => a - b)).toEqual([1, 2, 3, 7, 10]);
    expect(module.length).toBeLessThan(8192);
  });

  it('import a shared memory of any size and nothing else', () => {
    const name = (word: string): number[] => [word.length, ...Buffer.from(word)];
    const [one, memory, sharedWithMaximum, minimum, maximum] = [1, 2, 3, [1], [0x80, 0x80, 4]];
    expect([...sections.get(IMPORT_SECTION)!]).toEqual(
      [one, name('env'), name('memory'), memory, sharedWithMaximum, minimum, maximum].flat(),
    );
  });
});

describe('the kernels that are taken', () => {
  it('are those without relaxed SIMD where it is not known', () => {
    const relaxedBytes = Buffer.from(RELAXED_SIMD_KERNELS, 'base64');
    const olderRuntime = (module: Uint8Array): boolean => !relaxedBytes.equals(module);
    expect(supportedKernelSets(olderRuntime)).toEqual(['simd128']);
    expect(fastestKernelSet(['simd128'])).toBe('simd128');
  });

  it('are a typed refusal where there are none', () => {
    expect(() => fastestKernelSet(supportedKernelSets(() => false))).toThrow(
      new CoucheStorError('unsupported', 'This runtime has no WebAssembly with SIMD and shared memory.'),
    );
  });
});
