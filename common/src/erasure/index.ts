/** Reed-Solomon and locally repairable codes over GF(2⁸), without I/O: schemes, plans, the codec, and the engine that is always there. */
export { MAX_SHARDS } from './engine-arguments.ts';
export type { EngineName, ErasureEngine, PreparedMatrix } from './engine.ts';
export { TypeScriptEngine } from './typescript-engine.ts';
