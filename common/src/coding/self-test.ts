/**
 * The self-test of an engine at start: less than a tenth of a second in which every operation runs over lengths and alignments that reach each path of a
 * kernel, and every byte is compared with the plain engine's. A machine whose vector unit lies is found here and not in a stripe.
 */
import { TypeScriptEngine, type ErasureEngine } from '../erasure/index.ts';

const SHAPES = [
  [1, 1],
  [1, 4],
  [2, 4],
  [3, 8],
  [4, 10],
  [7, 5],
] as const;
const LENGTHS = [0, 1, 31, 64, 129, 1027, 10_007];

/** Lehmer's generator. */
const NOISE = new Uint8Array(32_768);
for (let at = 0, state = 1; at < NOISE.length; at += 1) {
  state = (state * 48_271) % 0x7fffffff;
  NOISE[at] = state >> 8;
}

/** Whether the engine gives the bytes of the plain one. What it throws is the caller's to report. */
export function passesSelfTest(engine: ErasureEngine): boolean {
  const plain = new TypeScriptEngine();
  return SHAPES.every(([rows, columns], shape) =>
    LENGTHS.every((length, index) => agrees(engine, plain, { rows, columns, length, offset: (shape + index) % 5 })),
  );
}

interface Trial {
  readonly rows: number;
  readonly columns: number;
  readonly length: number;
  readonly offset: number;
}

function agrees(engine: ErasureEngine, plain: ErasureEngine, { rows, columns, length, offset }: Trial): boolean {
  const next = noise(rows * 1000 + columns * 100 + length + 1);
  const coefficients = next(rows * columns);
  const matrix = engine.prepare(coefficients, rows, columns);
  const model = plain.prepare(coefficients, rows, columns);
  const inputs = Array.from({ length: columns }, () => next(offset + length + 3));
  const outputs = Array.from({ length: rows }, () => next(offset + length + 3));
  const expected = outputs.map((output) => output.slice());
  const differs = new Uint8Array(rows).fill(9);
  const [input] = inputs as [Uint8Array];

  engine.multiply(matrix, inputs, outputs, offset, length);
  plain.multiply(model, inputs, expected, offset, length);
  if (!areSame(outputs, expected)) return false;

  engine.compare(matrix, inputs, outputs, differs, offset, length);
  if (differs.some((flag) => flag !== 0)) return false;
  if (length > 0) {
    const spoilt = outputs.map((output, row) => (row === rows - 1 ? flipped(output, offset + length - 1) : output));
    engine.compare(matrix, inputs, spoilt, differs, offset, length);
    if (differs.some((flag, row) => flag !== (row === rows - 1 ? 1 : 0))) return false;
  }

  engine.accumulate(matrix, 0, input, outputs, offset, length);
  plain.accumulate(model, 0, input, expected, offset, length);
  return areSame(outputs, expected);
}

/** Buffers of noise, one after the other, from a place of the trial's own. */
function noise(seed: number): (length: number) => Uint8Array {
  let at = seed;
  return (length) => {
    at = (at * 31 + 977) % (NOISE.length - length);
    return NOISE.slice(at, at + length);
  };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = copy[at]! ^ 1;
  return copy;
}

function areSame(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  return left.every((bytes, index) => Buffer.compare(bytes, right[index]!) === 0);
}
