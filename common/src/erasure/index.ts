export type { EngineName, ErasureEngine, PreparedMatrix } from './engine.ts';
