/** Reed-Solomon and locally repairable codes over GF(2⁸), without I/O: schemes, plans, the codec, and the engine that is always there. */
export { ErasureCodec } from './codec.ts';
export type { Reconstruction } from './codec.ts';
export { MAX_SHARDS } from './engine-arguments.ts';
export type { EngineName, ErasureEngine, PreparedMatrix } from './engine.ts';
export { lossTable, MAX_COUNTED_PATTERNS } from './loss-table.ts';
export type { LossRow } from './loss-table.ts';
export type { LocalGroup } from './lrc.ts';
export { LruMap } from './lru-map.ts';
export type { Matrix } from './matrix.ts';
export { planReconstruction } from './plan.ts';
export type { PlanRequest, ReconstructionPlan, Undecodable } from './plan.ts';
export { recover } from './recover.ts';
export type { Recovered, RecoverOptions } from './recover.ts';
export { createScheme, MATRIX_IDS, MAX_POLICY_SHARDS, recordOfScheme, schemeOfRecord } from './scheme.ts';
export type {
  ErasureScheme,
  LrcParameters,
  MatrixId,
  ReedSolomonParameters,
  SchemeParameters,
  SchemeRecord,
} from './scheme.ts';
export type { ByteRange, ShardBuffer } from './shard-buffers.ts';
export { TypeScriptEngine } from './typescript-engine.ts';
export { ArenaView, MAX_ARENA_BYTES, ShardArena } from './shard-arena.ts';
export type { ArenaPlace } from './shard-arena.ts';
export { WASM_SCRATCH_BYTES } from './wasm-scratch.ts';
export { WasmEngine } from './wasm-engine.ts';
export type { SharedMemory } from './web-assembly.ts';
