/** What the erasure codec uses of WebAssembly, typed: the libraries that TypeScript has for Node leave it out. */

/** A shared WebAssembly.Memory. It can be posted to a worker, which then works on the same bytes. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

interface WebAssemblyApi {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: SharedMemory } }) => { readonly exports: unknown };
  /** Whether this runtime has every feature that the module uses. */
  validate(bytes: Uint8Array): boolean;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

export const PAGE_BYTES = 65_536;
