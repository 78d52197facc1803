/** Coding at work: the engine of this machine, threads that use it, checksums and LZ4 blocks. */
export { chooseCrc32c } from './crc32c.ts';
export type { Crc32c } from './crc32c.ts';
export { chooseEngine, ENGINE_CHOICES } from './choose-engine.ts';
export type { EngineChoice, EngineSource, EngineWish } from './choose-engine.ts';
export type { EngineReport } from './coding-messages.ts';
export { CodingPool } from './coding-pool.ts';
export type { CodingPoolOptions, CodingPoolStatus } from './coding-pool.ts';
export { compressBlock, decompressBlock, MAX_CONTENT_BYTES } from './lz4-blocks.ts';
export { createNativeEngine } from './native-engine.ts';
export { PooledCodec } from './pooled-codec.ts';
export type { PooledCallOptions } from './pooled-codec.ts';
