export type { Crc32c, Crc32cChoice } from './crc32c.ts';
export type { FileMapping, FileWindow, MappingAdvice } from './file-mapping.ts';
export type { Galois } from './galois.ts';
export { loadNative, type LoadedNative, type Native } from './load-native.ts';
