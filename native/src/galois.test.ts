import { describe, expect, it } from '@jest/globals';
import { atTheEnd } from './guarded-memory.fixture.ts';
import { loadNative } from './index.ts';

const loaded = loadNative();
const galois = loaded.kind === 'loaded' ? loaded.native.galois : undefined;

/** Bit by bit, as the field is defined. */
function product(left: number, right: number): number {
  let sum = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    if ((right >> bit) & 1) sum ^= left;
    left = (left << 1) ^ (left & 0x80 ? 0x11d : 0);
  }
  return sum;
}

describe('the kernels', () => {
  it('are there, portable ones last', () => {
    expect(loaded).toMatchObject({ kind: 'loaded' });
    expect(galois?.kernels.at(-1)).toBe('portable');
    expect(galois?.kernel).toBe(galois?.kernels[0]);
  });

  it('can be chosen by name, and only those that run here', () => {
    expect(galois?.withKernel('portable').kernel).toBe('portable');
    expect(() => galois?.withKernel('abacus')).toThrow(/'abacus' is none of .*portable/);
  });

  it('take windows beyond 4 GiB', () => {
    const far = 2 ** 32 + 5;
    const memory = new ArrayBuffer(far + 8192);
    const input = new Uint8Array(memory);
    const output = new Uint8Array(memory, 4096);
    input[far] = 7;
    galois?.multiply(galois.prepare(Uint8Array.of(2), 1, 1), [input], [output], far - 1, 99);
    expect([...output.subarray(far - 1, far + 2)]).toEqual([0, 14, 0]);
  });
});

describe.each(galois?.kernels ?? [])('the kernel %s', (name) => {
  const kernel = galois!.withKernel(name);

  it('touches nothing behind a window', () => {
    const coefficients = Uint8Array.of(2, 3, 142, 244, 1, 255);
    const tables = kernel.prepare(coefficients, 3, 2);
    for (let length = 0; length <= 150; length += 1) {
      const inputs = [atTheEnd(length), atTheEnd(length)];
      const outputs = [atTheEnd(length), atTheEnd(length), atTheEnd(length)];
      kernel.multiply(tables, inputs, outputs, 0, length);
      kernel.accumulate(tables, 1, inputs[1]!, outputs, 0, length);
      const differs = atTheEnd(3);
      kernel.compare(kernel.prepare(Uint8Array.of(2, 142, 1), 3, 1), [inputs[0]!], outputs, differs, 0, length);
      expect([...differs]).toEqual([0, 0, 0]);
    }
  });

  it('multiplies as the field is defined', () => {
    const all = Uint8Array.from({ length: 256 }, (_, value) => value);
    for (const coefficient of [0, 1, 2, 29, 128, 142, 255]) {
      const output = new Uint8Array(256);
      kernel.multiply(kernel.prepare(Uint8Array.of(coefficient), 1, 1), [all], [output], 0, 256);
      expect([...output]).toEqual(Array.from(all, (value) => product(coefficient, value)));
    }
  });

  it('refuses tables of another length, of no kernel, and of a kernel that is not there', () => {
    const tables = kernel.prepare(Uint8Array.of(1), 1, 1);
    const call = (changed: Uint8Array): (() => void) => {
      return () => kernel.multiply(changed, [new Uint8Array(1)], [new Uint8Array(1)], 0, 1);
    };
    expect(call(tables)).not.toThrow();
    expect(call(tables.slice(0, -1))).toThrow('multiply: tables must come from prepare()');
    for (const header of [[5], [255], [tables[0]!, 0], [tables[0]!, 1, 0], [tables[0]!, 2]]) {
      const changed = tables.slice();
      changed.set(header);
      expect(call(changed)).toThrow('multiply: tables must come from prepare()');
    }
  });
});
