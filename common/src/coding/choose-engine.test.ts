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
import { passesSelfTest } from './self-test.ts';

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
    expect(passesSelfTest(WasmEngine.on(new ShardArena(1 << 20)))).toBe(true);
  });

  it.each([
    [
      'a byte at the end',
      (outputs: readonly Uint8Array[], offset: number, length: number) => {
        const last = outputs.at(-1)!;
        if (length === 10_007) last[offset + length - 1] = last[offset + length - 1]! ^ 1;
      },
    ],
    [
      'a byte behind the range',
      (outputs: readonly Uint8Array[], offset: number, length: number) => {
        outputs[0]![offset + length] = 0;
      },
    ],
    [
      'a byte before the range',
      (outputs: readonly Uint8Array[], offset: number) => {
        if (offset > 0) outputs[0]![offset - 1] = 0;
      },
    ],
  ] as const)('finds %s that is wrong', (_what, spoil) => {
    expect(passesSelfTest(new Spoilt(spoil))).toBe(false);
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
