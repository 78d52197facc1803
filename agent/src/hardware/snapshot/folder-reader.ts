/**
 * Reads folders of sysfs by lists of known attributes, and keeps what does not change from one pass to the next: a pass over a hundred
 * disks every few seconds must not cost a core. What is kept belongs to one identity of a folder, so a disk that came back under the same
 * name is read anew; and in every pass one folder of `REREAD_PASSES` is read anew anyway.
 */
import { valueOf, type Attribute } from './attribute.ts';
import type { Folder } from './hardware-snapshot.ts';
import type { KnownAttributes } from './known-attributes.ts';
import type { TreeReader } from './tree-reader.ts';

/** Within so many passes everything has been read again, whatever was thought to be fixed. */
const REREAD_PASSES = 30;

interface Kept {
  readonly identity: string;
  readonly known: KnownAttributes;
  readonly names: ReadonlySet<string>;
  readonly fixed: ReadonlyMap<string, Attribute>;
  readonly binary: ReadonlyMap<string, Attribute<Uint8Array>>;
  readonly links: ReadonlyMap<string, Attribute>;
  /** The pass in which it is read anew. */
  readonly until: number;
  usedIn: number;
}

export class FolderReader {
  readonly #tree: TreeReader;
  readonly #kept = new Map<string, Kept>();
  #pass = 0;
  #spread = 0;

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  /** To be called around a pass: what the last one did not meet is forgotten. */
  beginPass(): void {
    for (const [path, kept] of this.#kept) if (kept.usedIn < this.#pass) this.#kept.delete(path);
    this.#pass += 1;
  }

  /** @param fresh the names in the folder, where the caller has just listed them: a new one makes it a folder that is read anew. */
  read(path: string, known: KnownAttributes, fresh?: readonly string[]): Folder {
    const kept = this.#keptOf(path, known, fresh) ?? this.#readWhole(path, known, fresh);
    const attributes = new Map(kept.fixed);
    for (const name of known.live) this.#readInto(attributes, { path, name, names: kept.names });
    const lists = new Map<string, Attribute<readonly string[]>>();
    for (const name of known.lists ?? []) lists.set(name, this.#tree.list(`${path}/${name}`));
    return { path, names: kept.names, attributes, binary: kept.binary, lists, links: kept.links };
  }

  #keptOf(path: string, known: KnownAttributes, fresh?: readonly string[]): Kept | null {
    const kept = this.#kept.get(path);
    if (kept === undefined) return null;
    if (fresh !== undefined && (fresh.length !== kept.names.size || !fresh.every((name) => kept.names.has(name))))
      return null;
    if (kept.known !== known || kept.until <= this.#pass || kept.identity !== this.#tree.identityOf(path)) return null;
    kept.usedIn = this.#pass;
    return kept;
  }

  #readWhole(path: string, known: KnownAttributes, fresh?: readonly string[]): Kept {
    // The identity first: what changes while it is read is read again in the next pass.
    const identity = this.#tree.identityOf(path);
    const names = new Set(fresh ?? valueOf(this.#tree.list(path)) ?? []);
    const fixed = new Map<string, Attribute>();
    for (const name of known.fixed) this.#readInto(fixed, { path, name, names });
    const binary = new Map<string, Attribute<Uint8Array>>();
    for (const name of known.binary ?? [])
      if (names.has(name)) binary.set(name, this.#tree.readBytes(`${path}/${name}`));
    const links = new Map<string, Attribute>();
    for (const name of known.links ?? []) if (names.has(name)) links.set(name, this.#tree.readLink(`${path}/${name}`));
    this.#spread = (this.#spread + 1) % REREAD_PASSES;
    const until = this.#pass + REREAD_PASSES - this.#spread;
    const kept: Kept = { identity: identity ?? '', known, names, fixed, binary, links, until, usedIn: this.#pass };
    if (identity === null) this.#kept.delete(path);
    else this.#kept.set(path, kept);
    return kept;
  }

  #readInto(into: Map<string, Attribute>, at: { path: string; name: string; names: ReadonlySet<string> }): void {
    const [top] = at.name.split('/', 1);
    if (top === undefined || !at.names.has(top)) return;
    const attribute = this.#tree.readText(`${at.path}/${at.name}`);
    if (attribute.kind !== 'absent') into.set(at.name, attribute);
  }
}
