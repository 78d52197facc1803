import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { InvariantError } from '../base/errors.ts';
import { ErasureCodec } from './codec.ts';
import { describeEngine } from './engine-contract.fixture.ts';
import { describeFrozenCorpus } from './frozen-corpus.fixture.ts';
import { ByteStream, naiveRow } from './naive-engine.fixture.ts';
import { MAX_ARENA_BYTES, ShardArena, type ArenaPlace } from './shard-arena.ts';
import { schemeNamed } from './schemes.fixture.ts';
import { TypeScriptEngine } from './typescript-engine.ts';
import { WasmEngine } from './wasm-engine.ts';
import { supportedKernelSets, type KernelSet } from './wasm-kernels.ts';
import { WASM_SCRATCH_BYTES } from './wasm-scratch.ts';
import type { ThreadTask } from './wasm-thread.fixture.ts';

/** All that is used of it lies above the first 2 GiB, where an address is negative as a signed number; what is below is never touched. */
const arena = new ShardArena(MAX_ARENA_BYTES);
arena.allocate(2 ** 31);
const lent: Uint8Array[] = [];
let turn = 0;

function allocate(bytes: number): Uint8Array {
  const buffer = arena.allocate(bytes);
  lent.push(buffer);
  return buffer;
}

const placeOf = ({ byteOffset: offset, length }: Uint8Array): ArenaPlace => ({ offset, length });
const engineWith = (kernels: KernelSet): WasmEngine =>
  new WasmEngine(arena, { scratch: placeOf(arena.allocate(WASM_SCRATCH_BYTES)), kernels });

const options = {
  memories: [
    { name: 'its arena', allocate },
    {
      name: 'its arena and elsewhere, by turns',
      allocate: (bytes: number) => ((turn += 1) % 3 === 0 ? new Uint8Array(bytes) : allocate(bytes)),
    },
  ],
  release: () => lent.splice(0).forEach((buffer) => arena.release(buffer)),
};

for (const kernels of supportedKernelSets()) {
  const engine = engineWith(kernels);
  describeEngine(`WasmEngine with ${kernels}`, () => engine, options);
  describeFrozenCorpus(`WasmEngine with ${kernels}`, () => engine);
}

describe('WasmEngine', () => {
  const own = new ShardArena(4 * 1024 * 1024);
  const engine = WasmEngine.on(own);
  const stream = new ByteStream(21);

  it('takes the fastest kernels that the runtime has, and says which', () => {
    expect(engine.detail).toBe(supportedKernelSets()[0]);
    expect(engine.detail).toBe('simd128+relaxed');
  });

  it('gives the parity of ISA-L for its matrices', () => {
    const file = join(import.meta.dirname, '../../../test/fixtures/erasure/isal-reed-solomon.jsonl');
    const answers = readFileSync(file, 'utf8').trim().split('\n');
    for (const answer of answers) {
      const { k, m, len, coef, parityHex } = JSON.parse(answer) as KnownAnswer;
      const known = new ByteStream(12345);
      const inputs = Array.from({ length: k }, () => known.bytes(len));
      const outputs = Array.from({ length: m }, () => new Uint8Array(len));
      engine.multiply(engine.prepare(Uint8Array.from(coef), m, k), inputs, outputs, 0, len);
      expect(outputs.map((output) => Buffer.from(output).toString('hex'))).toEqual(parityHex);
    }
    expect(answers.length).toBeGreaterThan(10);
  });

  it.each(['4+2', '10+4', '3+9', 'LRC 12+2+2'])('encodes, verifies and repairs stripes of %s in its arena', (name) => {
    const scheme = schemeNamed(name);
    const codec = new ErasureCodec(scheme, engine);
    const shards = Array.from({ length: scheme.totalShards }, () => own.allocate(5000));
    const [data, parity] = [shards.slice(0, scheme.dataShards), shards.slice(scheme.dataShards)];
    data.forEach((shard) => stream.fill(shard));
    codec.encode(data, parity);
    const plain = parity.map(() => new Uint8Array(5000));
    new ErasureCodec(scheme, new TypeScriptEngine()).encode(data, plain);
    expect(parity.map((shard, row) => Buffer.compare(shard, plain[row]!))).toEqual(parity.map(() => 0));
    expect(codec.verify(data, parity)).toEqual([]);

    const output = own.allocate(5000);
    for (let lost = 0; lost < scheme.totalShards; lost += 1) {
      const others = shards.map((shard, index) => (index === lost ? undefined : shard));
      codec.reconstruct(others, [{ shard: lost, bytes: output }]);
      expect(Buffer.compare(output, shards[lost]!)).toBe(0);
    }
    parity[1]![4999]! ^= 1;
    expect(codec.verify(data, parity)).toEqual([scheme.dataShards + 1]);
    [...shards, output].forEach((buffer) => own.release(buffer));
  });

  it('writes nothing in its arena but its scratch and what it was told to write', () => {
    const all = new ShardArena(2 * WASM_SCRATCH_BYTES);
    const spare = all.allocate(4096);
    const scratch = all.allocate(WASM_SCRATCH_BYTES);
    const output = all.allocate(40_000);
    const small = new WasmEngine(all, { scratch: placeOf(scratch) });
    const everything = all.at({ offset: 0, length: all.bytes }).fill(0xa5);
    const matrix = small.prepare(stream.bytes(255 * 5), 5, 255);
    const inputs = Array.from({ length: 255 }, (_, index) => (index % 2 === 0 ? new Uint8Array(40_000) : spare));
    const outputs = [output, ...[1, 2, 3, 4].map(() => new Uint8Array(40_000))];
    small.multiply(matrix, inputs, outputs, 3, 4093);
    small.compare(matrix, inputs, outputs, new Uint8Array(5), 0, 4096);
    small.accumulate(matrix, 17, inputs[0]!, outputs, 1, 39_998);
    scratch.fill(0xa5);
    output.fill(0xa5);
    expect(everything.findIndex((byte) => byte !== 0xa5)).toBe(-1);
  });

  it('serves more tables than its scratch holds', () => {
    const wide = Array.from({ length: 12 }, () => stream.bytes(255 * 9));
    const matrices = wide.map((coefficients) => engine.prepare(coefficients, 9, 255));
    const inputs = Array.from({ length: 255 }, () => stream.bytes(40));
    for (const index of [0, 11, 3, 3, 0, 7]) {
      const outputs = Array.from({ length: 9 }, () => new Uint8Array(40));
      engine.multiply(matrices[index]!, inputs, outputs, 0, 40);
      const rows = outputs.map((_, row) =>
        naiveRow({ coefficients: wide[index]!, rows: 9, columns: 255 }, row, inputs),
      );
      expect(outputs).toEqual(rows);
    }
  });

  it('refuses a matrix that another engine prepared', () => {
    const other = WasmEngine.on(own);
    const matrix = other.prepare(Uint8Array.of(1), 1, 1);
    expect(() => engine.multiply(matrix, [new Uint8Array(1)], [new Uint8Array(1)], 0, 1)).toThrow(InvariantError);
  });

  it.each([
    ['too small', { offset: 0, length: WASM_SCRATCH_BYTES - 1 }],
    ['not aligned', { offset: 32, length: WASM_SCRATCH_BYTES }],
    ['not in the arena', { offset: 4 * 1024 * 1024, length: WASM_SCRATCH_BYTES }],
  ])('refuses a scratch that is %s', (_, scratch) => {
    expect(() => new WasmEngine(own, { scratch })).toThrow(InvariantError);
  });

  it('says so when an arena has no room for its scratch', () => {
    expect(() => WasmEngine.on(new ShardArena(1))).toThrow('The shard arena has no');
  });

  it('works in two threads on one arena, beside the owner', async () => {
    const length = 20_011;
    const inputs = Array.from({ length: 4 }, () => stream.fill(own.allocate(length)));
    const repetitions = 40;
    const threads = [5, 6].map((seed) => {
      const outputs = [0, 1, 2].map(() => own.allocate(length));
      const coefficients = new ByteStream(seed).bytes(12);
      const scratch = placeOf(own.allocate(WASM_SCRATCH_BYTES));
      const places = { inputs: inputs.map(placeOf), outputs: outputs.map(placeOf) };
      return {
        outputs,
        task: { memory: own.memory, scratch, coefficients, ...places, repetitions } satisfies ThreadTask,
      };
    });
    const answers = threads.map(({ task }) => answerOf(task));
    const matrix = { coefficients: stream.bytes(12), rows: 3, columns: 4 };
    const outputs = [0, 1, 2].map(() => own.allocate(length));
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      engine.multiply(engine.prepare(matrix.coefficients, 3, 4), inputs, outputs, 0, length);
    }
    expect(await Promise.all(answers)).toEqual([0, 0]);
    for (const { outputs: theirs, coefficients } of [
      { outputs, coefficients: matrix.coefficients },
      ...threads.map((thread) => ({ outputs: thread.outputs, coefficients: thread.task.coefficients })),
    ]) {
      theirs.forEach((output, row) => {
        const wanted = naiveRow({ ...matrix, coefficients }, row, inputs);
        expect(Buffer.compare(output, wanted)).toBe(0);
      });
    }
  });
});

interface KnownAnswer {
  readonly k: number;
  readonly m: number;
  readonly len: number;
  readonly coef: readonly number[];
  readonly parityHex: readonly string[];
}

function answerOf(task: ThreadTask): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./wasm-thread.fixture.ts', import.meta.url), { workerData: task });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
