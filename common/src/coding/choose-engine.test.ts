import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '../base/index.ts';
import {
  ShardArena,
  TypeScriptEngine,
  WasmEngine,
  type EngineName,
  type ErasureEngine,
  type PreparedMatrix,
} from '../erasure/index.ts';
import { chooseEngine, type EngineSource } from './choose-engine.ts';
import { passesSelfTest, SELF_TEST_BYTES } from './self-test.ts';

/** An engine under another name that does what `spoil` adds to the right answer. */
class Spoilt extends TypeScriptEngine {
  readonly #spoil: (outputs: readonly Uint8Array[], offset: number, length: number) => void;

  constructor(spoil: (outputs: readonly Uint8Array[], offset: number, length: number) => void) {
    super();
    this.#spoil = spoil;
  }

  override multiply(
    matrix: PreparedMatrix,
    inputs: readonly Uint8Array[],
    outputs: readonly Uint8Array[],
    offset: number,
    length: number,
  ): void {
    super.multiply(matrix, inputs, outputs, offset, length);
    this.#spoil(outputs, offset, length);
  }
}

const source = (name: EngineName, create: () => ErasureEngine): EngineSource => ({ name, create });
const good = (name: EngineName): EngineSource => source(name, () => Object.assign(new TypeScriptEngine(), { name }));
const absent = (name: EngineName): EngineSource =>
  source(name, () => {
    throw new CoucheStorError('unsupported', 'no compiler was there.');
  });

describe('the engine of a process', () => {
  it('is the first that can be had', () => {
    expect(chooseEngine('auto', [good('native'), good('wasm')])).toMatchObject({
      engine: { name: 'native' },
      rejected: [],
    });
  });

  it('is the next where one is missing, with the reason', () => {
    expect(chooseEngine('auto', [absent('native'), good('wasm')])).toMatchObject({
      engine: { name: 'wasm' },
      rejected: [{ name: 'native', reason: 'no compiler was there.' }],
    });
  });

  it('is the next where one gives wrong bytes', () => {
    const liar = source('native', () => new Spoilt(([first]) => first!.fill(1)));
    expect(chooseEngine('auto', [liar, good('wasm')])).toMatchObject({
      engine: { name: 'wasm' },
      rejected: [{ name: 'native', reason: 'it gave wrong bytes in its self-test' }],
    });
  });

  it('is plain TypeScript where there is nothing else', () => {
    const { engine, rejected } = chooseEngine('auto', [absent('native'), absent('wasm')]);
    expect(engine).toBeInstanceOf(TypeScriptEngine);
    expect(rejected.map(({ name }) => name)).toEqual(['native', 'wasm']);
  });

  it('is the one that was asked for, and no other', () => {
    const sources = [good('native'), good('wasm')];
    expect(chooseEngine('wasm', sources).engine.name).toBe('wasm');
    expect(chooseEngine('typescript', sources).engine).toBeInstanceOf(TypeScriptEngine);
    const refused = (): unknown => chooseEngine('native', [absent('native'), good('wasm')]);
    expect(refused).toThrow("The erasure engine 'native' cannot be used: no compiler was there. Choose 'auto'.");
  });
});

describe('the self-test', () => {
  it('passes the engines that are always there', () => {
    expect(passesSelfTest(new TypeScriptEngine())).toBe(true);
    const arena = new ShardArena(2 << 20);
    expect(passesSelfTest(WasmEngine.on(arena), arena.allocate(SELF_TEST_BYTES))).toBe(true);
  });

  type Multiply = Parameters<ErasureEngine['multiply']>;
  const flip = (bytes: Uint8Array, at: number): void => {
    bytes[at] = bytes[at]! ^ 1;
  };
  const wrong: [string, (...call: Multiply) => void][] = [
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 17].map((rows): [string, (...call: Multiply) => void] => [
      `products of ${rows} rows`,
      ({ rows: has }, _inputs, outputs, offset, length) => {
        if (has === rows && length > 0) flip(outputs.at(-1)!, offset + length - 1);
      },
    ]),
    [
      'products of more than ten columns',
      ({ columns }, _inputs, outputs, offset) => columns > 10 && flip(outputs[0]!, offset),
    ],
    [
      'a second tile',
      (_matrix, _inputs, outputs, offset, length) => length > 16_500 && flip(outputs[0]!, offset + 16_400),
    ],
    [
      'a long row',
      (_matrix, _inputs, outputs, offset, length) => length > 132_000 && flip(outputs[0]!, offset + 131_999),
    ],
    ['a byte behind the range', (_matrix, _inputs, outputs, offset, length) => flip(outputs[0]!, offset + length)],
    ['a byte before the range', (_matrix, _inputs, outputs, offset) => offset > 0 && flip(outputs[0]!, offset - 1)],
    [
      'memory in place',
      (_matrix, inputs, outputs, offset, length) => {
        if (inputs[0]!.buffer instanceof SharedArrayBuffer && length > 0) flip(outputs[0]!, offset);
      },
    ],
  ];

  it.each(wrong)('finds %s that are wrong', (_what, spoil) => {
    class Wrong extends TypeScriptEngine {
      override multiply(...call: Multiply): void {
        super.multiply(...call);
        spoil(...call);
      }
    }
    expect(passesSelfTest(new Wrong(), new Uint8Array(new SharedArrayBuffer(SELF_TEST_BYTES)))).toBe(false);
  });

  it('finds an accumulation of another column', () => {
    class First extends TypeScriptEngine {
      override accumulate(...[matrix, , ...rest]: Parameters<ErasureEngine['accumulate']>): void {
        super.accumulate(matrix, 0, ...rest);
      }
    }
    expect(passesSelfTest(new First())).toBe(false);
  });

  it('finds a comparison of one row, or of one byte, alone', () => {
    type Compare = Parameters<ErasureEngine['compare']>;
    class LastRow extends TypeScriptEngine {
      override compare(...call: Compare): void {
        super.compare(...call);
        call[3].fill(0, 0, call[0].rows - 1);
      }
    }
    class LastByte extends TypeScriptEngine {
      override compare(...[matrix, inputs, expected, differs, offset, length]: Compare): void {
        if (length === 0) differs.fill(0);
        else super.compare(matrix, inputs, expected, differs, offset + length - 1, 1);
      }
    }
    expect(passesSelfTest(new LastRow())).toBe(false);
    expect(passesSelfTest(new LastByte())).toBe(false);
  });

  it('finds a comparison that sees nothing, or everything', () => {
    class Blind extends TypeScriptEngine {
      override compare(...[, , , differs]: Parameters<ErasureEngine['compare']>): void {
        differs.fill(0);
      }
    }
    class Afraid extends TypeScriptEngine {
      override compare(...[, , , differs]: Parameters<ErasureEngine['compare']>): void {
        differs.fill(1);
      }
    }
    expect(passesSelfTest(new Blind())).toBe(false);
    expect(passesSelfTest(new Afraid())).toBe(false);
  });
});
