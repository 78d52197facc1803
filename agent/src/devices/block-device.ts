/**
 * What shards and journals are written to. A device does what it was asked wholly or says why not: short transfers and interrupted
 * calls are repeated below this interface, and no call is ever half done and reported as done. Writes begin at or below the end, so
 * a device has no holes; whoever writes one after the other from the start can use every kind.
 */

/** `sequential`: only at `sizeBytes`, as zones want it. */
export type WriteOrder = 'anywhere' | 'sequential';

/**
 * Every call may be refused with a CoucheStorError whose fields are `device`, `operation`, `fault` (see device-errors.ts) and `remedy`.
 * One write past the end at a time: the next one begins where that one ended.
 */
export interface BlockDevice {
  /** What people know it by: a path, or what the kind says of itself. */
  readonly name: string;
  /** Bytes that can be read. Grows when a write past the end has succeeded. */
  readonly sizeBytes: number;
  /** Offsets and lengths are multiples of it. */
  readonly blockBytes: number;
  readonly writeOrder: WriteOrder;

  /** A buffer that this kind of device accepts, filled with zeros. To be made once and used often. */
  allocate(bytes: number): Uint8Array;

  /** Fills the whole buffer from `offset`. Its content is undefined when the call fails. */
  read(offset: number, into: Uint8Array): Promise<void>;

  /** The buffer must not change until the call ends. When it fails, what its range holds is undefined, and `sizeBytes` is as before. */
  write(offset: number, from: Uint8Array): Promise<void>;

  /**
   * Every write that ended before the call survives a power loss once this ends. If it fails nobody can know which ones do, and a
   * second attempt would report success for bytes that are lost: the device is poisoned, and every later call but close is refused.
   */
  sync(): Promise<void>;

  /** Waits for calls under way. May be called again. */
  close(): Promise<void>;
}
