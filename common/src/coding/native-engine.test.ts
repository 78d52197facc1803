import { describe, expect, it } from '@jest/globals';
import { loadNative } from '@couchestor/native';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvariantError } from '../base/index.ts';
import { describeEngine } from '../erasure/engine-contract.fixture.ts';
import { describeFrozenCorpus } from '../erasure/frozen-corpus.fixture.ts';
import { createNativeEngine, NativeEngine } from './native-engine.ts';

const loaded = loadNative();

describe('the native engine', () => {
  it('is there, so that its tests are', () => {
    expect(loaded).toMatchObject({ kind: 'loaded' });
  });

  it('runs on the fastest kernel of the processor', () => {
    const engine = createNativeEngine();
    expect(engine.name).toBe('native');
    expect(loaded.kind === 'loaded' && loaded.native.galois.kernels[0]).toBe(engine.detail);
  });

  it('says why it is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-'));
    try {
      expect(() => createNativeEngine(loadNative(folder))).toThrow(/couchestor\.node is not there/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes no matrix that another kernel prepared', () => {
    if (loaded.kind === 'absent') throw new Error(loaded.reason);
    const { galois } = loaded.native;
    const [first, last] = [galois.kernels[0]!, galois.kernels.at(-1)!].map(
      (name) => new NativeEngine(galois.withKernel(name)),
    ) as [NativeEngine, NativeEngine];
    const matrix = last.prepare(Uint8Array.of(7), 1, 1);
    const buffers = [new Uint8Array(4)];
    expect(() => first.multiply(matrix, buffers, [new Uint8Array(4)], 0, 4)).toThrow(InvariantError);
  });
});

if (loaded.kind === 'loaded') {
  const { galois } = loaded.native;
  for (const kernel of galois.kernels) {
    const engine = new NativeEngine(galois.withKernel(kernel));
    describeEngine(`NativeEngine on ${kernel}`, () => engine);
    describeFrozenCorpus(`NativeEngine on ${kernel}`, () => engine);
  }
}
