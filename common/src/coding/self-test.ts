/**
 * The self-test of an engine at start: every operation runs over numbers of rows, lengths and alignments that reach the kernels for few
 * and many rows, their tails and their second tiles, on plain memory and on the memory of the work to come; every byte is compared
 * with the plain engine's. It finds an engine that is broken on this machine before a stripe does, at the cost of some milliseconds.
 */
import { TypeScriptEngine, type ErasureEngine } from '../erasure/index.ts';

/** Of the memory that an engine works on in place: room for the longest trial there. */
export const SELF_TEST_BYTES = 320 * 1024;

const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17];
const LENGTHS = [0, 1, 31, 64, 129, 1027];
/** Several blocks of rows over several tiles, in each memory. */
const LONG = [
  { rows: 9, columns: 3, length: 20_011, offset: 3 },
  { rows: 9, columns: 3, length: 140_003, offset: 1 },
  { rows: 3, columns: 17, length: 9_001, offset: 2 },
];
const LINE_BYTES = 64;

/** Lehmer's generator. */
const NOISE = new Uint8Array(262_144);
for (let at = 0, state = 1; at < NOISE.length; at += 1) {
  state = (state * 48_271) % 0x7fffffff;
  NOISE[at] = state >> 8;
}

interface Trial {
  readonly rows: number;
  readonly columns: number;
  readonly length: number;
  readonly offset: number;
}

function* trials(): Generator<Trial> {
  for (const rows of ROWS) {
    for (const [index, length] of LENGTHS.entries()) {
      yield { rows, columns: 1 + ((rows * 3 + index) % 10), length, offset: (rows + index) % 5 };
    }
  }
  yield* LONG;
}

/**
 * Whether the engine gives the bytes of the plain one. What it throws is the caller's to report.
 *
 * @param inPlace - memory that the engine does not copy, at least SELF_TEST_BYTES; trials that do not fit are left out there.
 */
export function passesSelfTest(engine: ErasureEngine, inPlace: Uint8Array = new Uint8Array()): boolean {
  const plain = new TypeScriptEngine();
  for (const trial of trials()) {
    if (!agrees(engine, plain, trial, (bytes) => new Uint8Array(bytes))) return false;
    const needed = (trial.rows + trial.columns) * placeBytes(trial);
    if (needed <= inPlace.length && !agrees(engine, plain, trial, allocatorIn(inPlace))) return false;
  }
  return true;
}

const placeBytes = ({ offset, length }: Trial): number => offset + length + 3 + 2 * LINE_BYTES;

/** One buffer behind the other. */
function allocatorIn(memory: Uint8Array): (bytes: number) => Uint8Array {
  let at = 0;
  return (bytes) => {
    const buffer = memory.subarray(at, at + bytes);
    at += Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
    return buffer;
  };
}

function agrees(
  engine: ErasureEngine,
  plain: ErasureEngine,
  { rows, columns, length, offset }: Trial,
  allocate: (bytes: number) => Uint8Array,
): boolean {
  const fill = noise(rows * 1000 + columns * 100 + length);
  const coefficients = fill(new Uint8Array(rows * columns));
  const matrix = engine.prepare(coefficients, rows, columns);
  const model = plain.prepare(coefficients, rows, columns);
  const inputs = Array.from({ length: columns }, () => fill(allocate(offset + length + 3)));
  const outputs = Array.from({ length: rows }, () => fill(allocate(offset + length + 3)));
  const expected = outputs.map((output) => output.slice());

  engine.multiply(matrix, inputs, outputs, offset, length);
  plain.multiply(model, inputs, expected, offset, length);
  if (!areSame(outputs, expected)) return false;

  if (
    !comparesRightly(outputs, { offset, length }, (differs) =>
      engine.compare(matrix, inputs, outputs, differs, offset, length),
    )
  )
    return false;

  const column = length % columns;
  engine.accumulate(matrix, column, inputs[column]!, outputs, offset, length);
  plain.accumulate(model, column, inputs[column]!, expected, offset, length);
  return areSame(outputs, expected);
}

/** Spoils each row in turn, at its beginning, middle or end, and wants that row told and no other. */
function comparesRightly(
  outputs: readonly Uint8Array[],
  { offset, length }: Pick<Trial, 'offset' | 'length'>,
  compare: (differs: Uint8Array) => void,
): boolean {
  const differs = new Uint8Array(outputs.length).fill(9);
  compare(differs);
  if (differs.some((flag) => flag !== 0)) return false;
  if (length === 0) return true;
  const places = [0, length >> 1, length - 1];
  return outputs.every((output, row) => {
    const at = offset + places[row % places.length]!;
    output[at] = output[at]! ^ 0x10;
    compare(differs);
    output[at] = output[at] ^ 0x10;
    return differs.every((flag, other) => flag === (other === row ? 1 : 0));
  });
}

/** Fills one buffer after the other with noise, from a place of the trial's own. */
function noise(seed: number): (buffer: Uint8Array) => Uint8Array {
  let at = seed;
  return (buffer) => {
    at = (at * 31 + 977) % (NOISE.length - buffer.length);
    buffer.set(NOISE.subarray(at, at + buffer.length));
    return buffer;
  };
}

function areSame(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  return left.every((bytes, index) => Buffer.compare(bytes, right[index]!) === 0);
}
