/**
 * The tree of a machine, or of a recorded one, below a folder. A path never leaves the root: links are followed by hand and an absolute one
 * begins at the root again, as in a container that has the host's `/sys` under `/host`. Names that are links, pipes or folders where an
 * attribute should be are answered as unreadable, not followed, waited for or thrown.
 */
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { posix } from 'node:path';

import { ABSENT, type Attribute } from './attribute.ts';
import type { TreeReader } from './tree-reader.ts';

const READ_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;
/** mountinfo of a node with many containers is longer than any attribute: a namespace may have 100,000 mounts. */
const TEXT_BYTES = 64 * 1024 * 1024;
// A link in place of an attribute is refused, and a pipe does not wait for its other end.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MISSING = new Set(['ENOENT', 'ENOTDIR']);
const TRAILING_SPACE = /[\s\0]+$/;

export class RootedTree implements TreeReader {
  readonly #root: string;
  readonly #buffer = Buffer.allocUnsafe(READ_BYTES);
  /** Whether a folder lies below the root in truth; of the real root nothing can lie outside. */
  readonly #inside = new Map<string, boolean>();

  readonly #textBytes: number;

  /**
   * @param root `/` for this machine. It need not exist: then everything is absent.
   * @param textBytes A longer text is unreadable (EFBIG): half of a list of mounts would be taken for the whole.
   */
  constructor(root: string, textBytes = TEXT_BYTES) {
    this.#textBytes = textBytes;
    const path = posix.resolve(root);
    this.#root = path === '/' ? '' : unlessFailing(() => realpathSync(path), path);
  }

  /** Its root is that of the machine on which this runs. */
  get isMachine(): boolean {
    return this.#root === '';
  }

  readText(path: string): Attribute {
    return this.#attempt(path, (real) => {
      const bytes = this.#read(real, path, this.#textBytes + 1);
      if (bytes.length > this.#textBytes) throw Object.assign(new Error('too long'), { code: 'EFBIG' });
      return bytes.toString('utf8').replace(TRAILING_SPACE, '');
    });
  }

  readBytes(path: string): Attribute<Uint8Array> {
    return this.#attempt(path, (real) => new Uint8Array(this.#read(real, path, READ_BYTES)));
  }

  list(path: string): Attribute<readonly string[]> {
    return this.#attempt(path, (real) => readdirSync(real).sort(), false);
  }

  readLink(path: string): Attribute {
    const text = this.readLinkText(path);
    return text.kind === 'value' ? { kind: 'value', value: targetOf(path, text.value) } : text;
  }

  readLinkText(path: string): Attribute {
    // EINVAL is the answer for what is there and is no link.
    return this.#attempt(path, (real) => readlinkSync(real));
  }

  identityOf(path: string): string | null {
    const status = unlessFailing(() => statSync(this.#root + path, { throwIfNoEntry: false }), undefined);
    return status === undefined ? null : `${status.dev}:${status.ino}:${status.nlink}`;
  }

  #attempt<T>(path: string, read: (real: string) => T, parentOnly = true): Attribute<T> {
    if (!isPlain(path) || !this.#isInside(parentOnly ? posix.dirname(path) : path)) {
      return { kind: 'unreadable', errno: 'EXDEV' };
    }
    // What is missing is common, and a trace of its stack is what an error costs.
    const stackTraceLimit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return { kind: 'value', value: read(this.#root + path) };
    } catch (error) {
      const errno = (error as NodeJS.ErrnoException).code ?? 'EIO';
      return MISSING.has(errno) ? ABSENT : { kind: 'unreadable', errno };
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  /** The content as one piece, valid until the next read. */
  #read(real: string, path: string, limit: number): Buffer {
    // An attribute of sysfs that is shorter than a page comes whole, and asking for its end would double the cost. A file of /proc may
    // come in parts of any length.
    const wholeBelow = path.startsWith('/sys/') ? PAGE_BYTES : 1;
    const file = openSync(real, FLAGS);
    try {
      const pieces: Buffer[] = [];
      for (let total = 0; ;) {
        const bytes = readSync(file, this.#buffer, 0, Math.min(READ_BYTES, limit - total), null);
        total += bytes;
        const last = bytes === 0 || total >= limit;
        if (pieces.length === 0 && (last || bytes < wholeBelow)) return this.#buffer.subarray(0, bytes);
        pieces.push(Buffer.from(this.#buffer.subarray(0, bytes)));
        if (last) return Buffer.concat(pieces);
      }
    } finally {
      closeSync(file);
    }
  }

  /** A folder in one that is inside is inside, unless it is a link to somewhere else: one question for each folder, whatever its depth. */
  #isInside(folder: string): boolean {
    if (this.#root === '' || folder === '/') return true;
    const known = this.#inside.get(folder);
    if (known !== undefined) return known;
    if (!this.#isInside(posix.dirname(folder))) return false;
    const kind = linkKind(this.#root + folder);
    // What does not exist is told by the read itself, and may exist the next time.
    if (kind === 'missing') return true;
    const inside = kind === 'folder' || this.#leadsInside(folder);
    this.#inside.set(folder, inside);
    return inside;
  }

  #leadsInside(link: string): boolean {
    const real = unlessFailing(() => realpathSync.native(this.#root + link), null);
    return real === null || real === this.#root || real.startsWith(`${this.#root}/`);
  }
}

function linkKind(path: string): 'link' | 'folder' | 'missing' {
  const status = unlessFailing(() => lstatSync(path, { throwIfNoEntry: false }), undefined);
  if (status === undefined) return 'missing';
  return status.isSymbolicLink() ? 'link' : 'folder';
}

/** Where a link leads, as a path inside the tree: above its root there is nothing. */
export function targetOf(link: string, text: string): string {
  return posix.join('/', posix.resolve(posix.dirname(link), text));
}

const NOT_PLAIN = /\/\/|\/\.{1,2}(\/|$)|\0/;

/** Paths are made of names that were read, and a name is not a way up. */
function isPlain(path: string): boolean {
  return path.startsWith('/') && !NOT_PLAIN.test(path);
}

function unlessFailing<T, F>(read: () => T, failed: F): T | F {
  try {
    return read();
  } catch {
    return failed;
  }
}
