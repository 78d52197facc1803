/**
 * The tree of a recorded machine. What its kernel refused to read is no file of it; `meta.json` beside its `sys` says which attributes
 * these were and with what errno, and here they are refused again, since a disk that errs is not one that lacks something.
 */
import { valueOf, type Attribute } from './attribute.ts';
import { RootedTree } from './rooted-tree.ts';
import type { TreeReader } from './tree-reader.ts';

/** @param root `/` for this machine, or a folder with the tree of one. */
export function treeAt(root: string): TreeReader {
  const tree = new RootedTree(root);
  const errors = tree.isMachine ? new Map<string, string>() : readErrorsIn(valueOf(tree.readText('/meta.json')));
  return errors.size === 0 ? tree : new RecordedTree(tree, errors);
}

/** By path; none where the text is that of something else. */
export function readErrorsIn(meta: string | null): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const [path, errno] of Object.entries(recordOf(recordOf(parsed(meta)).sysfs_read_errors))) {
    // What the machine did not have is no error.
    if (typeof errno === 'string' && /^E[A-Z0-9]+$/.test(errno) && errno !== 'ENOENT') errors.set(path, errno);
  }
  return errors;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

class RecordedTree implements TreeReader {
  readonly #tree: TreeReader;
  readonly #errors: ReadonlyMap<string, string>;

  constructor(tree: TreeReader, errors: ReadonlyMap<string, string>) {
    this.#tree = tree;
    this.#errors = errors;
  }

  readText(path: string): Attribute {
    return this.#refused(path, this.#tree.readText(path));
  }

  readBytes(path: string): Attribute<Uint8Array> {
    return this.#refused(path, this.#tree.readBytes(path));
  }

  list(path: string): Attribute<readonly string[]> {
    return this.#refused(path, this.#tree.list(path));
  }

  readLink(path: string): Attribute {
    return this.#refused(path, this.#tree.readLink(path));
  }

  readLinkText(path: string): Attribute {
    return this.#refused(path, this.#tree.readLinkText(path));
  }

  identityOf(path: string): string | null {
    return this.#tree.identityOf(path);
  }

  #refused<T>(path: string, read: Attribute<T>): Attribute<T> {
    const errno = read.kind === 'absent' ? this.#errors.get(path) : undefined;
    return errno === undefined ? read : { kind: 'unreadable', errno };
  }
}
