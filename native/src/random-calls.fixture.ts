/**
 * Calls every function of the addon with arguments of all kinds, in a process of its own, which must live: started by the test
 * of the arguments, and by sanitize.mjs with an addon that watches memory. Arguments: the addon, the number of calls, a seed.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atTheEnd } from './guarded-memory.fixture.ts';

type AnyFunction = (...args: unknown[]) => unknown;
type Maker = () => unknown;

const [file = '', calls = '10000', seed = '1'] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(file) as Record<string, AnyFunction>;

let state = Number(seed) >>> 0;
function below(bound: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * bound);
}
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;

const folder = mkdtempSync(join(tmpdir(), 'couchestor-calls-'));
const descriptor = openSync(join(folder, 'file'), 'w+');
ftruncateSync(descriptor, 100_000);

function detached(): Uint8Array {
  const bytes = new Uint8Array(100);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

/** An array whose elements take the memory of `victim` away while they are read. */
function treacherous(length: number, victim: Uint8Array): unknown[] {
  const array: unknown[] = Array.from({ length }, () => victim);
  const steal = (): Uint8Array => {
    if (victim.buffer instanceof ArrayBuffer && !victim.buffer.detached) victim.buffer.transfer(0);
    return new Uint8Array(64);
  };
  Object.defineProperty(array, below(length + 1), { get: pick([steal, () => thrown('a getter')]) });
  return array;
}

function thrown(what: string): never {
  throw new Error(what);
}

function resizable(): Uint8Array {
  const buffer = new ArrayBuffer(200, { maxByteLength: 400 });
  const bytes = pick([() => new Uint8Array(buffer), () => new Uint8Array(buffer, 50, 100)])();
  buffer.resize(pick([0, 60, 200, 400]));
  return bytes;
}

const numbers = [
  0,
  1,
  2,
  3,
  4,
  5,
  63,
  64,
  65,
  100,
  255,
  256,
  4095,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e300,
];
const wrongNumbers = [-1, -0, 0.5, NaN, Infinity, -Infinity, 10n, '1', null, undefined, true, {}, []];

const bytes: Maker = () =>
  pick<Maker>([
    () => new Uint8Array(pick([0, 1, 8, 63, 64, 65, 300, 5000])),
    () => new Uint8Array(new SharedArrayBuffer(300), below(200)),
    () => atTheEnd(below(100)),
    () => Buffer.from('some bytes of the pool'),
    resizable,
    detached,
    () => new Uint8Array(new ArrayBuffer(64), 64),
  ])();
const notBytes: Maker = () =>
  pick<Maker>([
    () => new Uint8ClampedArray(64),
    () => new Float64Array(64),
    () => new DataView(new ArrayBuffer(64)),
    () => new ArrayBuffer(64),
    () => new Proxy(new Uint8Array(64), {}),
    () => ({ length: 64 }),
    () => 'bytes',
    () => null,
    () => undefined,
    () => Symbol('bytes'),
  ])();
const tables: Maker = () =>
  pick<Maker>([
    () => addon.prepare?.(below(5), new Uint8Array(6).fill(below(256)), 2, 3),
    () => addon.prepare?.(below(5), new Uint8Array(1), 1, 1),
    () => Uint8Array.from({ length: pick([8, 16, 40, 8 + 48, 8 + 192]) }, () => below(6)),
    () => Uint8Array.from({ length: 8 + 48 }, (_, at) => [below(3), 2, 3][at] ?? below(256)),
    bytes,
  ])();
const arrays: Maker = () =>
  pick<Maker>([
    () => Array.from({ length: pick([0, 1, 2, 3]) }, () => new Uint8Array(100)),
    () => Array.from({ length: pick([2, 3]) }, bytes),
    () => Array.from({ length: pick([2, 3, 255, 256]) }, () => pick([bytes, notBytes])()),
    () => treacherous(pick([1, 2, 3]), new Uint8Array(100)),
    () => new Array<unknown>(pick([3, 2 ** 32 - 1])),
    () => new Proxy([new Uint8Array(8)], {}),
    notBytes,
  ])();
const mappings: unknown[] = [];
const mapping: Maker = () => (below(20) === 0 ? notBytes() : mappings[below(20)]);
const number: Maker = () => pick([...numbers, ...numbers, ...wrongNumbers]);
const small: Maker = () => below(12) * 8;
const flag: Maker = () => pick([true, false, true, false, 1, undefined]);

/** What an argument is when it is not the right one: a likely kind first, then any. */
const WRONG = {
  prepare: [() => below(7), bytes, small, small],
  multiply: [tables, arrays, arrays, small, small],
  accumulate: [tables, small, bytes, arrays, small, small],
  compare: [tables, arrays, arrays, bytes, small, small],
  crc32c: [() => below(4), number, bytes, small, small],
  map: [() => pick([descriptor, 99_999, -1]), small, number, flag],
  unmap: [mapping],
  read: [mapping, small, bytes, small, small],
  write: [mapping, small, bytes, small, small],
  advise: [mapping, () => below(7), small, small],
  sync: [mapping, small, small],
} satisfies Record<string, readonly Maker[]>;

const kernelCount = (addon.galoisKernels as unknown as string[]).length;
const fitting = (count: number): Uint8Array[] => Array.from({ length: count }, () => new Uint8Array(300));

/** Arguments of a call that does what it should, unless its mapping is gone. */
function rightArguments(name: keyof typeof WRONG): unknown[] {
  const [rows, columns, offset, length] = [1 + below(9), 1 + below(4), below(100), below(200)];
  const kernel = below(kernelCount);
  const isPresent = kernel in (addon.galoisKernels ?? []);
  const prepared = (): unknown => addon.prepare?.(isPresent ? kernel : kernelCount - 1, coefficients, rows, columns);
  const coefficients = new Uint8Array(rows * columns).fill(below(256));
  switch (name) {
    case 'prepare':
      return [kernel, coefficients, rows, columns];
    case 'multiply':
      return [prepared(), fitting(columns), fitting(rows), offset, length];
    case 'accumulate':
      return [prepared(), below(columns), new Uint8Array(300), fitting(rows), offset, length];
    case 'compare':
      return [prepared(), fitting(columns), fitting(rows), new Uint8Array(rows), offset, length];
    case 'crc32c':
      return [
        (addon.crc32cKernels as unknown as string[]).length - 1,
        below(2 ** 32),
        new Uint8Array(300),
        offset,
        length,
      ];
    case 'map':
      return [descriptor, offset, 1 + below(90_000), below(2) === 0];
    case 'read':
    case 'write':
      return [mapping(), below(50_000), new Uint8Array(300), offset, length];
    case 'advise':
      return [mapping(), below(5), offset, length];
    default:
      return [mapping(), offset, length];
  }
}

function argumentsOf(name: keyof typeof WRONG): unknown[] {
  const args = rightArguments(name);
  for (const [index, likely] of WRONG[name].entries()) {
    const make = below(2) === 0 ? likely : pick([number, bytes, notBytes, arrays, flag]);
    if (below(8) === 0) args[index] = make();
  }
  return below(40) === 0 ? args.slice(0, below(args.length + 1)) : args;
}

const outcomes: Record<string, number> = {};
function count(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

const names = Object.keys(WRONG) as (keyof typeof WRONG)[];
for (let call = 0; call < Number(calls); call += 1) {
  const name = pick(names);
  if (below(97) === 0) ftruncateSync(descriptor, pick([0, 100, 5000, 100_000, 100_000]));
  try {
    const result = addon[name]?.(...argumentsOf(name));
    count(`${name} done`);
    if (name === 'map') mappings[below(20)] = result;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    count(error instanceof TypeError ? `${name} TypeError` : `${name} ${code ?? error.message}`);
  }
}
closeSync(descriptor);
rmSync(folder, { recursive: true });
process.stdout.write(JSON.stringify(outcomes));
