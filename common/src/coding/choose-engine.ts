/**
 * Which engine a process codes with: the first of native, WebAssembly and plain TypeScript that can be had and gives the bytes of the
 * plain one in a self-test, or the one that was asked for. Every engine that was passed over is told with its reason.
 */
import { CoucheStorError, isError } from '../base/index.ts';
import { TypeScriptEngine, type EngineName, type ErasureEngine } from '../erasure/index.ts';
import { passesSelfTest } from './self-test.ts';

export const ENGINE_CHOICES = ['auto', 'native', 'wasm', 'typescript'] as const;

export type EngineWish = (typeof ENGINE_CHOICES)[number];

/** How to get one engine; it throws where the engine cannot be had. */
export interface EngineSource {
  readonly name: EngineName;
  readonly create: () => ErasureEngine;
}

export interface EngineChoice {
  readonly engine: ErasureEngine;
  readonly rejected: readonly { readonly name: EngineName; readonly reason: string }[];
}

/**
 * @param sources - the fastest first.
 * @param inPlace - SELF_TEST_BYTES of the memory that the engine will work on; without, it is tested on plain memory alone.
 * @throws CoucheStorError `unsupported` when the engine that was asked for cannot be had or gives wrong bytes. With `auto`
 * there is always one.
 */
export function chooseEngine(
  wish: EngineWish,
  sources: readonly EngineSource[],
  inPlace: Uint8Array = new Uint8Array(),
): EngineChoice {
  const rejected: { name: EngineName; reason: string }[] = [];
  for (const { name, create } of [...sources, plainSource]) {
    if (wish !== 'auto' && wish !== name) continue;
    const result = tryEngine(create, inPlace);
    if ('engine' in result) return { engine: result.engine, rejected };
    rejected.push({ name, reason: result.reason });
  }
  const reason = rejected[0]?.reason.replace(/\.$/, '') ?? 'it is not part of this process';
  throw new CoucheStorError('unsupported', `The erasure engine '${wish}' cannot be used: ${reason}. Choose 'auto'.`, {
    fields: { erasureEngine: wish },
  });
}

const plainSource: EngineSource = { name: 'typescript', create: () => new TypeScriptEngine() };

function tryEngine(create: () => ErasureEngine, inPlace: Uint8Array): { engine: ErasureEngine } | { reason: string } {
  try {
    const engine = create();
    return passesSelfTest(engine, inPlace) ? { engine } : { reason: 'it gave wrong bytes in its self-test' };
  } catch (error) {
    return { reason: isError(error) ? error.message : String(error) };
  }
}
