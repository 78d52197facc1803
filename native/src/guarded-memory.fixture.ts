/** Buffers behind which nothing is mapped: a native function that reaches one byte too far ends the process. */

/** The part of the global that is used here; its types are those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => {
    readonly buffer: SharedArrayBuffer;
  };
};

const PAGE_BYTES = 65_536;

/** The last bytes of a memory of one page, filled with a pattern. */
export function atTheEnd(bytes: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const buffer = new Uint8Array(memory.buffer, PAGE_BYTES - bytes);
  for (let at = 0; at < bytes; at += 1) buffer[at] = at * 167 + bytes;
  return buffer;
}
