/**
 * What every ErasureEngine promises, as tests: called by the test of each engine, which adds the kinds of memory that the
 * engine treats specially.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvariantError } from '../base/errors.ts';
import { caseOf, checkCase, expectSame, randomMatrix, type Memory } from './engine-case.fixture.ts';
import type { ErasureEngine, PreparedMatrix } from './engine.ts';
import { ByteStream, naiveRow } from './naive-engine.fixture.ts';

export interface EngineContractOptions {
  /** Beside plain and shared memory. */
  readonly memories?: readonly Memory[];
  /** Called after each case, for memories that have to be given back. */
  readonly release?: () => void;
}

const MEMORIES: readonly Memory[] = [
  { name: 'plain memory', allocate: (bytes) => new Uint8Array(bytes) },
  { name: 'a Buffer of the pool', allocate: (bytes) => Buffer.from(new Uint8Array(bytes)) },
  { name: 'shared memory', allocate: (bytes) => new Uint8Array(new SharedArrayBuffer(bytes)) },
];

const LENGTHS = [
  0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 255, 256, 257, 1000, 4095, 4096,
  4097,
];
const LONG_LENGTHS = [16_384, 65_535, 65_536 + 64 + 13, 262_144 + 1];
const SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((rows) => [rows, 5] as const),
  ...[1, 2, 3, 4, 6, 8, 9, 10, 12, 13, 16, 17].map((columns) => [4, columns] as const),
];
const WIDE_SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  [1, 255],
  [255, 1],
  [127, 128],
  [20, 12],
];
/** More rows than a kernel takes at a time, and longer than the tiles in which they are worked through then. */
const BLOCKS_AND_TILES: readonly (readonly [rows: number, columns: number, length: number])[] = [
  [9, 5, 65_536 + 77],
  [5, 3, 90_001],
  [17, 4, 65_536 + 77],
];

/** Calls describe() and it(): what the engine that `make` gives promises. It is made once. */
export function describeEngine(title: string, make: () => ErasureEngine, options: EngineContractOptions = {}): void {
  const memories = [...MEMORIES, ...(options.memories ?? [])];
  const isolated = (body: (engine: ErasureEngine) => void) => (): void => {
    try {
      body(shared());
    } finally {
      options.release?.();
    }
  };
  let engine: ErasureEngine | undefined;
  const shared = (): ErasureEngine => (engine ??= make());

  describe(`${title} as an erasure engine`, () => {
    describe.each(memories)('in $name', (memory) => {
      it('equals the oracle at every length, whatever the alignment, and leaves all other bytes alone', () => {
        for (const [index, length] of LENGTHS.entries()) {
          isolated((one) => checkCase(caseOf(one, memory, [3, 4], [index % 5, length])))();
        }
      });

      it('equals the oracle on long buffers', () => {
        for (const [index, length] of LONG_LENGTHS.entries()) {
          isolated((one) => checkCase(caseOf(one, memory, [2, 2], [[0, 1, 64, 4099][index]!, length])))();
        }
      });

      it('equals the oracle for every shape of matrix', () => {
        for (const shape of SHAPES) isolated((one) => checkCase(caseOf(one, memory, shape, [1, 197])))();
        for (const shape of WIDE_SHAPES) isolated((one) => checkCase(caseOf(one, memory, shape, [0, 65])))();
      });

      it.each(BLOCKS_AND_TILES)('equals the oracle for %i rows of %i columns on %i bytes', (rows, columns, length) => {
        isolated((one) => checkCase(caseOf(one, memory, [rows, columns], [3, length])))();
      });
    });

    it('equals the oracle for drawn matrices, lengths and offsets', () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...memories),
          fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 12 })),
          fc.tuple(fc.nat(5000), fc.nat(300_000)),
          (memory, shape, window) => isolated((one) => checkCase(caseOf(one, memory, shape, window)))(),
        ),
        { numRuns: 3 },
      );
    });

    describeAlgebra(isolated);
    describeAliasing(isolated);
    describeRefusals(isolated);
  });
}

type Isolated = (body: (engine: ErasureEngine) => void) => () => void;

function describeAlgebra(isolated: Isolated): void {
  const LENGTH = 331;

  it(
    'multiplies any byte by any byte',
    isolated((engine) => {
      const input = Uint8Array.from({ length: 256 }, (_, value) => value);
      const coefficients = Uint8Array.from({ length: 255 }, (_, row) => row + 1);
      const outputs = Array.from({ length: 255 }, () => new Uint8Array(256));
      engine.multiply(engine.prepare(coefficients, 255, 1), [input], outputs, 0, 256);
      outputs.forEach((output, row) =>
        expectSame(output, naiveRow({ coefficients, rows: 255, columns: 1 }, row, [input]), `times ${row + 1}`),
      );
      const zeros = [new Uint8Array(256).fill(1)];
      engine.multiply(engine.prepare(new Uint8Array(1), 1, 1), [input], zeros, 0, 256);
      expect(zeros).toEqual([new Uint8Array(256)]);
    }),
  );

  it(
    'is linear',
    isolated((engine) => {
      const stream = new ByteStream(5);
      const { coefficients } = randomMatrix(3, 4, stream);
      const prepared = engine.prepare(coefficients, 3, 4);
      const apply = (inputs: Uint8Array[]): Uint8Array[] => {
        const outputs = [0, 1, 2].map(() => new Uint8Array(LENGTH));
        engine.multiply(prepared, inputs, outputs, 0, LENGTH);
        return outputs;
      };
      const add = (left: Uint8Array[], right: Uint8Array[]): Uint8Array[] =>
        left.map((bytes, index) => bytes.map((byte, at) => byte ^ (right[index]?.[at] ?? 0)));
      const left = [0, 1, 2, 3].map(() => stream.bytes(LENGTH));
      const right = [0, 1, 2, 3].map(() => stream.bytes(LENGTH));
      expect(apply(add(left, right))).toEqual(add(apply(left), apply(right)));
    }),
  );

  it(
    'adds up to the product, one input after the other in any order',
    isolated((engine) => {
      const stream = new ByteStream(6);
      const matrix = randomMatrix(5, 7, stream);
      const prepared = engine.prepare(matrix.coefficients, 5, 7);
      const inputs = Array.from({ length: 7 }, () => stream.bytes(LENGTH));
      const outputs = Array.from({ length: 5 }, () => new Uint8Array(LENGTH));
      for (const column of [3, 0, 6, 1, 5, 2, 4]) {
        engine.accumulate(prepared, column, inputs[column]!, outputs, 0, LENGTH);
      }
      outputs.forEach((output, row) => expectSame(output, naiveRow(matrix, row, inputs), `row ${row}`));
    }),
  );

  it(
    'finds one changed bit anywhere, and only in its row',
    isolated((engine) => {
      const stream = new ByteStream(7);
      const prepared = engine.prepare(randomMatrix(3, 4, stream).coefficients, 3, 4);
      const inputs = Array.from({ length: 4 }, () => stream.bytes(LENGTH));
      const expected = Array.from({ length: 3 }, () => new Uint8Array(LENGTH));
      engine.multiply(prepared, inputs, expected, 0, LENGTH);
      const differs = new Uint8Array(5).fill(9);
      for (let at = 0; at < LENGTH; at += 1) {
        const row = expected[at % 3] as Uint8Array;
        row[at] = row[at]! ^ (1 << (at % 8));
        engine.compare(prepared, inputs, expected, differs, 0, LENGTH);
        expect([at, ...differs]).toEqual([at, Number(at % 3 === 0), Number(at % 3 === 1), Number(at % 3 === 2), 9, 9]);
        row[at] = row[at]! ^ (1 << (at % 8));
      }
    }),
  );

  it(
    'keeps nothing of the coefficients it was given, and serves matrices in turn',
    isolated((engine) => {
      const stream = new ByteStream(8);
      const matrices = Array.from({ length: 40 }, (_, index) => randomMatrix(1 + (index % 6), 3, stream));
      const prepared = matrices.map(({ coefficients, rows }) => {
        const lent = coefficients.slice();
        const matrix = engine.prepare(lent, rows, 3);
        lent.fill(0);
        return matrix;
      });
      expect(prepared.map(({ rows, columns }) => [rows, columns])).toEqual(matrices.map(({ rows }) => [rows, 3]));
      const inputs = [0, 1, 2].map(() => stream.bytes(100));
      for (const index of [39, 0, 7, 38, 0, 21]) {
        const matrix = matrices[index]!;
        const outputs = Array.from({ length: matrix.rows }, () => new Uint8Array(100));
        engine.multiply(prepared[index]!, inputs, outputs, 0, 100);
        outputs.forEach((output, row) => expectSame(output, naiveRow(matrix, row, inputs), `matrix ${index}`));
      }
    }),
  );
}

/** Only outputs have to be disjoint from everything else; what is only read may overlap. */
function describeAliasing(isolated: Isolated): void {
  const ROW = Uint8Array.of(3, 5);

  it(
    'takes one buffer for several inputs, and inputs that overlap',
    isolated((engine) => {
      const bytes = new ByteStream(9).bytes(300);
      for (const second of [bytes, bytes.subarray(1)]) {
        const output = new Uint8Array(300);
        engine.multiply(engine.prepare(ROW, 1, 2), [bytes, second], [output], 0, 299);
        const inputs = [bytes.subarray(0, 299), second.subarray(0, 299)];
        expectSame(output.subarray(0, 299), naiveRow({ coefficients: ROW, rows: 1, columns: 2 }, 0, inputs), 'output');
        expect(output[299]).toBe(0);
      }
    }),
  );

  it(
    'works between neighbours in one piece of memory',
    isolated((engine) => {
      for (const memory of [new ArrayBuffer(1000), new SharedArrayBuffer(1000)]) {
        const part = (index: number): Uint8Array => new Uint8Array(memory, index * 201, 201);
        const stream = new ByteStream(10);
        for (const index of [0, 1, 2, 3]) stream.fill(part(index));
        const inputs = [part(1).slice(), part(3).slice()];
        engine.multiply(engine.prepare(ROW, 1, 2), [part(1), part(3)], [part(2)], 0, 201);
        expectSame(part(2), naiveRow({ coefficients: ROW, rows: 1, columns: 2 }, 0, inputs), 'between');
        expectSame(part(1), inputs[0] as Uint8Array, 'left neighbour');
        expectSame(part(3), inputs[1] as Uint8Array, 'right neighbour');
      }
    }),
  );

  it(
    'compares an input with itself',
    isolated((engine) => {
      const bytes = new ByteStream(11).bytes(77);
      const differs = new Uint8Array(2);
      engine.compare(engine.prepare(Uint8Array.of(1, 2), 2, 1), [bytes], [bytes, bytes], differs, 0, 77);
      expect([...differs]).toEqual([0, 1]);
    }),
  );
}

function describeRefusals(isolated: Isolated): void {
  const refusals: Record<string, (engine: ErasureEngine, outputs: Uint8Array[]) => void> = {
    'too few inputs': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(1), outputs, 0, 8),
    'too many inputs': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(3), outputs, 0, 8),
    'too few outputs': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs.slice(1), 0, 8),
    'too many outputs': (engine, [output = new Uint8Array(8)]) =>
      engine.multiply(twoByTwo(engine), inputs(2), [output, output, output], 0, 8),
    'a range past the end of a buffer': (engine, outputs) =>
      engine.multiply(twoByTwo(engine), inputs(2), outputs, 1, 8),
    'one short input': (engine, outputs) =>
      engine.multiply(twoByTwo(engine), [new Uint8Array(8), new Uint8Array(7)], outputs, 0, 8),
    'one short output': (engine, [output = new Uint8Array(8)]) =>
      engine.multiply(twoByTwo(engine), inputs(2), [output, new Uint8Array(7)], 0, 8),
    'a negative offset': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs, -1, 8),
    'a negative length': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs, 4, -1),
    'half a byte': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs, 0, 7.5),
    'a length that is no number': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs, 0, NaN),
    'an offset of 2^32': (engine, outputs) => engine.multiply(twoByTwo(engine), inputs(2), outputs, 2 ** 32, 0),
    'a matrix of its own making': (engine, outputs) =>
      engine.multiply({ rows: 2, columns: 2 }, inputs(2), outputs, 0, 8),
    'a column that is not there': (engine, outputs) =>
      engine.accumulate(twoByTwo(engine), 2, new Uint8Array(8), outputs, 0, 8),
    'a negative column': (engine, outputs) => engine.accumulate(twoByTwo(engine), -1, new Uint8Array(8), outputs, 0, 8),
    'a short input to add': (engine, outputs) =>
      engine.accumulate(twoByTwo(engine), 0, new Uint8Array(7), outputs, 0, 8),
    'too few outputs to add to': (engine, outputs) =>
      engine.accumulate(twoByTwo(engine), 0, new Uint8Array(8), outputs.slice(1), 0, 8),
    'too few buffers to compare with': (engine, outputs) =>
      engine.compare(twoByTwo(engine), inputs(2), outputs.slice(1), new Uint8Array(2), 0, 8),
    'no room for what differs': (engine, outputs) =>
      engine.compare(twoByTwo(engine), inputs(2), outputs, new Uint8Array(1), 0, 8),
    'a matrix without rows': (engine) => engine.prepare(new Uint8Array(0), 0, 2),
    'a matrix without columns': (engine) => engine.prepare(new Uint8Array(0), 2, 0),
    'a matrix of 256 columns': (engine) => engine.prepare(new Uint8Array(256), 1, 256),
    'a coefficient too few': (engine) => engine.prepare(new Uint8Array(3), 2, 2),
  };
  const inputs = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(8).fill(5));
  const twoByTwo = (engine: ErasureEngine): PreparedMatrix => engine.prepare(Uint8Array.of(1, 2, 3, 4), 2, 2);

  it.each(Object.keys(refusals))('refuses %s, and has written nothing', (name) => {
    isolated((engine) => {
      const outputs = [new Uint8Array(8).fill(0xee), new Uint8Array(8).fill(0xee)];
      expect(() => refusals[name]?.(engine, outputs)).toThrow(InvariantError);
      expect(outputs).toEqual([new Uint8Array(8).fill(0xee), new Uint8Array(8).fill(0xee)]);
    })();
  });

  it(
    'takes an empty range at the very end',
    isolated((engine) => {
      const outputs = inputs(2);
      engine.multiply(twoByTwo(engine), inputs(2), outputs, 8, 0);
      engine.accumulate(twoByTwo(engine), 1, new Uint8Array(8), outputs, 8, 0);
      expect(outputs).toEqual(inputs(2));
      const differs = new Uint8Array(2).fill(1);
      engine.compare(twoByTwo(engine), inputs(2), outputs, differs, 8, 0);
      expect([...differs]).toEqual([0, 0]);
    }),
  );
}
