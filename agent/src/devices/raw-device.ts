/**
 * What the operating system gives: calls that may do a part of what was asked, may be interrupted, and fail with the system's errors.
 * RawBlockDevice makes a BlockDevice of it; the file system and the mock are behind the same interface, so that faults meet the same
 * code.
 */
export interface RawDevice {
  /** @returns bytes read: fewer than asked when it pleases, 0 at the end. */
  read(offset: number, into: Uint8Array): Promise<number>;
  /** @returns bytes written: fewer than asked when it pleases. */
  write(offset: number, from: Uint8Array): Promise<number>;
  sync(): Promise<void>;
  /** Waits for calls under way. */
  close(): Promise<void>;
}
