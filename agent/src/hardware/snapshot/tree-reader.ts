/**
 * The port through which everything of `/sys`, `/proc` and `/run/udev` is read. Paths are absolute inside the tree (`/sys/block`), and
 * nothing outside of its root can be reached. Reads are synchronous: the kernel answers them from memory, and a pass over a
 * machine is thousands of them.
 */
import type { Attribute } from './attribute.ts';

export interface TreeReader {
  /** The text of a file, without white space at its end. */
  readText(path: string): Attribute;
  /** At most the first 64 KiB of a file, unchanged. */
  readBytes(path: string): Attribute<Uint8Array>;
  /** The names in a folder, sorted. */
  list(path: string): Attribute<readonly string[]>;
  /** Where a symbolic link leads, as a path inside the tree. The target need not exist. */
  readLink(path: string): Attribute;
  /** Text that a link holds which leads nowhere in the tree, such as `mnt:[4026531841]`. */
  readLinkText(path: string): Attribute;
  /**
   * Tells a folder from another one that came after it under the same path, and from itself after folders in it came or went. Null where
   * nothing can be said.
   */
  identityOf(path: string): string | null;
}
