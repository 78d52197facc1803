/** Reed-Solomon and locally repairable codes over GF(2⁸), without I/O: schemes, plans, the codec, and the engine that is always there. */
export { MAX_SHARDS } from './engine-arguments.ts';
export type { EngineName, ErasureEngine, PreparedMatrix } from './engine.ts';
export { TypeScriptEngine } from './typescript-engine.ts';
export { ArenaView, MAX_ARENA_BYTES, ShardArena } from './shard-arena.ts';
export type { ArenaPlace } from './shard-arena.ts';
export { WASM_SCRATCH_BYTES } from './wasm-scratch.ts';
export { WasmEngine } from './wasm-engine.ts';
export type { SharedMemory } from './web-assembly.ts';
