/**
 * One case of the contract of engines: fenced buffers in some memory, on which an engine does all it can. Every answer is compared
 * with the naive oracle, and every byte around it with what was there before.
 */
import type { ErasureEngine, PreparedMatrix } from './engine.ts';
import { LruMap } from './lru-map.ts';
import { ByteStream, naiveRow, type NaiveMatrix } from './naive-engine.fixture.ts';

export interface Memory {
  readonly name: string;
  /** Any buffer of exactly so many bytes, with any content. */
  allocate(bytes: number): Uint8Array;
}

/** Bytes that no call may touch, on both sides of every buffer. */
const FENCE = 0xc3;
const FENCE_BYTES = 67;

/** A case in one kind of memory: fenced buffers in which a window [offset, offset + length) is worked on. */
export interface Case {
  readonly engine: ErasureEngine;
  readonly memory: Memory;
  readonly matrix: NaiveMatrix;
  readonly offset: number;
  readonly length: number;
  readonly stream: ByteStream;
}

interface Fenced {
  /** What the engine gets. */
  readonly view: Uint8Array;
  readonly whole: Uint8Array;
}

/** Its `index` gives each buffer another alignment. */
function fenced({ memory, offset, length, stream }: Case, index: number): Fenced {
  const shift = FENCE_BYTES + ((index * 7 + length) % 64);
  const whole = memory.allocate(shift + offset + length + FENCE_BYTES);
  whole.fill(FENCE);
  stream.fill(whole.subarray(shift + offset, shift + offset + length));
  return { whole, view: whole.subarray(shift, whole.length - (index % 2 === 0 ? FENCE_BYTES : 0)) };
}

function windowOf({ offset, length }: Case, { view }: Fenced): Uint8Array {
  return view.subarray(offset, offset + length);
}

/** Equal, told in few words: the whole of long buffers says nothing to anyone. */
export function expectSame(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const at = expected.findIndex((byte, index) => byte !== actual[index]);
  throw new Error(`${what}: byte ${at} of ${expected.length} is ${actual[at] ?? 'missing'}, not ${expected[at] ?? ''}`);
}

export function randomMatrix(rows: number, columns: number, stream: ByteStream): NaiveMatrix {
  const coefficients = stream.bytes(rows * columns);
  // The coefficients with kernels of their own, and the highest.
  for (const [at, value] of [0, 1, 2, 255].entries()) {
    if (coefficients.length > at * 3 + 1) coefficients[at * 3 + 1] = value;
  }
  return { rows, columns, coefficients };
}

export function caseOf(
  engine: ErasureEngine,
  memory: Memory,
  shape: readonly [number, number],
  window: [number, number],
): Case {
  const [offset, length] = window;
  const stream = new ByteStream(length * 31 + shape[0] * 7 + shape[1]);
  return { engine, memory, matrix: randomMatrix(...shape, stream), offset, length, stream };
}

function prepare({ engine, matrix }: Case): PreparedMatrix {
  return engine.prepare(matrix.coefficients, matrix.rows, matrix.columns);
}

const buffersOf = (fences: readonly Fenced[]): Uint8Array[] => fences.map(({ view }) => view);
const several = (count: number, make: (index: number) => Fenced): Fenced[] =>
  Array.from({ length: count }, (_, index) => make(index));

function columnOf({ coefficients, rows, columns }: NaiveMatrix, column: number): NaiveMatrix {
  return { rows, columns: 1, coefficients: coefficients.filter((_, index) => index % columns === column) };
}

/** Matrix and inputs follow from shape and length, whatever the memory; the oracle takes most of the time. */
const knownSums = new LruMap<string, readonly Uint8Array[]>(64);

function sumsOf({ matrix, length }: Case, inputs: readonly Uint8Array[]): readonly Uint8Array[] {
  const { rows, columns } = matrix;
  return knownSums.getOrMake(`${rows} x ${columns} x ${length}`, () =>
    Array.from({ length: rows }, (_, row) => naiveRow(matrix, row, inputs)),
  );
}

/** Multiplies, accumulates and compares once, and checks every byte of every buffer. */
export function checkCase(one: Case): void {
  const { engine, matrix, offset, length } = one;
  const prepared = prepare(one);
  const inputs = several(matrix.columns, (index) => fenced(one, index));
  const outputs = several(matrix.rows, (index) => fenced(one, index + 3));
  const inputsBefore = inputs.map(({ whole }) => whole.slice());
  const plain = inputs.map((input) => windowOf(one, input));
  const sums = sumsOf(one, plain);
  const expected = outputs.map(({ whole }) => whole.slice());
  const windowStart = outputs.map(({ whole, view }) => view.byteOffset - whole.byteOffset + offset);

  engine.multiply(prepared, buffersOf(inputs), buffersOf(outputs), offset, length);
  outputs.forEach((output, row) => {
    (expected[row] as Uint8Array).set(sums[row]!, windowStart[row]);
    expectSame(output.whole, expected[row] as Uint8Array, `multiply, row ${row}`);
  });

  const differs = new Uint8Array(matrix.rows).fill(7);
  engine.compare(prepared, buffersOf(inputs), buffersOf(outputs), differs, offset, length);
  expectSame(differs, new Uint8Array(matrix.rows), 'compare with what was multiplied');

  // Adding one input once more takes it away.
  const column = length % matrix.columns;
  engine.accumulate(prepared, column, inputs[column]!.view, buffersOf(outputs), offset, length);
  outputs.forEach((output, row) => {
    const without = naiveRow(columnOf(matrix, column), row, [plain[column]!]);
    const sum = sums[row]!;
    for (let at = 0; at < length; at += 1) without[at] = without[at]! ^ sum[at]!;
    (expected[row] as Uint8Array).set(without, windowStart[row]);
    expectSame(output.whole, expected[row] as Uint8Array, `accumulate, row ${row}`);
  });

  const changed = sums.map((sum, row) => Number(Buffer.compare(sum, windowOf(one, outputs[row]!)) !== 0));
  engine.compare(prepared, buffersOf(inputs), buffersOf(outputs), differs, offset, length);
  expectSame(differs, Uint8Array.from(changed), 'compare with what was taken away');
  inputs.forEach(({ whole }, index) => expectSame(whole, inputsBefore[index] as Uint8Array, `input ${index}`));
}
