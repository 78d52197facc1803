/** Erasure coding, checksums and mapped files in C: what the addon gives where it was built, or why it is absent. */
export type { Crc32c, Crc32cChoice } from './crc32c.ts';
export type { FileMapping, FileWindow, MappingAdvice } from './file-mapping.ts';
export type { Galois } from './galois.ts';
export { loadNative, type LoadedNative, type Native } from './load-native.ts';
