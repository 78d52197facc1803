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
  /** Null where they were not wanted. */
  readonly names: ReadonlySet<string> | null;
  readonly fixed: ReadonlyMap<string, Attribute>;
  readonly binary: ReadonlyMap<string, Attribute<Uint8Array>>;
  readonly links: ReadonlyMap<string, Attribute>;
  /** The pass in which it is read anew. */
  readonly until: number;
  usedIn: number;
  last: Folder | null;
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

  /** @param relist whether to list again what `known.lists` names; else what was there is taken to be there still. */
  read(path: string, known: KnownAttributes, relist = true): Folder {
    const kept = this.#keptOf(path, known) ?? this.#readWhole(path, known);
    const { last } = kept;
    const live = new Map<string, Attribute>();
    for (const name of known.live) this.#readInto(live, kept, { path, name });
    const lists = new Map<string, Attribute<readonly string[]>>();
    for (const name of known.lists ?? []) {
      const listed = relist ? undefined : last?.lists.get(name);
      lists.set(name, listed ?? this.#tree.list(`${path}/${name}`));
    }
    // What has not changed is the same object, so that whoever keeps what follows from it can tell at a glance.
    if (last !== null && known.live.every((name) => isSame(live.get(name), last.attributes.get(name)))) {
      if (known.lists?.every((name) => isSame(lists.get(name), last.lists.get(name))) !== false) return last;
    }
    const attributes = new Map([...kept.fixed, ...live]);
    kept.last = { path, names: kept.names ?? NO_NAMES, attributes, binary: kept.binary, lists, links: kept.links };
    return kept.last;
  }

  /** What the last pass found, if it was there. */
  lastOf(path: string): Folder | null {
    return this.#kept.get(path)?.last ?? null;
  }

  forget(path: string): void {
    this.#kept.delete(path);
  }

  #keptOf(path: string, known: KnownAttributes): Kept | null {
    const kept = this.#kept.get(path);
    if (kept === undefined) return null;
    if (kept.known !== known || kept.until <= this.#pass || kept.identity !== this.#tree.identityOf(path)) return null;
    kept.usedIn = this.#pass;
    return kept;
  }

  #readWhole(path: string, known: KnownAttributes): Kept {
    // The identity first: what changes while it is read is read again in the next pass.
    const identity = this.#tree.identityOf(path);
    const names = known.names === undefined ? null : new Set(valueOf(this.#tree.list(path)) ?? []);
    const fixed = new Map<string, Attribute>();
    for (const name of known.fixed) this.#readInto(fixed, { names }, { path, name });
    const binary = new Map<string, Attribute<Uint8Array>>();
    for (const name of known.binary ?? []) {
      const bytes = this.#tree.readBytes(`${path}/${name}`);
      if (bytes.kind !== 'absent') binary.set(name, bytes);
    }
    const links = new Map<string, Attribute>();
    for (const name of known.links ?? []) {
      const link = this.#tree.readLink(`${path}/${name}`);
      if (link.kind !== 'absent') links.set(name, link);
    }
    this.#spread = (this.#spread + 1) % REREAD_PASSES;
    const until = this.#pass + REREAD_PASSES - this.#spread;
    const kept = {
      identity: identity ?? '',
      known,
      names,
      fixed,
      binary,
      links,
      until,
      usedIn: this.#pass,
      last: null,
    };
    if (identity === null) this.#kept.delete(path);
    else this.#kept.set(path, kept);
    return kept;
  }

  #readInto(into: Map<string, Attribute>, { names }: Pick<Kept, 'names'>, at: { path: string; name: string }): void {
    const [top] = at.name.split('/', 1);
    // What is not there need not be tried.
    if (names !== null && top !== undefined && !names.has(top)) return;
    const attribute = this.#tree.readText(`${at.path}/${at.name}`);
    if (attribute.kind !== 'absent') into.set(at.name, attribute);
  }
}

const NO_NAMES: ReadonlySet<string> = new Set();

function isSame(one: Attribute<unknown> | undefined, other: Attribute<unknown> | undefined): boolean {
  if (one?.kind !== other?.kind) return false;
  if (one?.kind === 'unreadable') return other?.kind === 'unreadable' && one.errno === other.errno;
  if (one?.kind !== 'value' || other?.kind !== 'value') return true;
  if (!Array.isArray(one.value) || !Array.isArray(other.value)) return one.value === other.value;
  const names: readonly unknown[] = other.value;
  return one.value.length === names.length && one.value.every((name, at) => name === names[at]);
}
