/**
 * A file system in memory that remembers what of it would survive a power loss. Bytes survive when their file was synced, names when
 * the folder that holds them was, and of everything else any part may: each name on its own, of a file what it had before, all of it, a
 * piece, or zeros in its length. Real ones keep more order than that; whoever gets along here gets along with them.
 */

/** Unsynced bytes reach a disk in these units. */
const SECTOR_BYTES = 512;

export class FileNode {
  readonly kind = 'file';
  content: Buffer;
  synced: Buffer;

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.content = content;
    this.synced = content;
  }

  write(offset: number, from: Uint8Array): void {
    const end = Math.max(this.content.length, offset + from.length);
    const content = Buffer.alloc(end);
    this.content.copy(content);
    content.set(from, offset);
    this.content = content;
  }

  sync(): void {
    this.synced = this.content;
  }

  get isSynced(): boolean {
    return this.synced === this.content;
  }

  /** Everything that may be found in it after a power loss. */
  outcomes(): Buffer[] {
    const { content, synced } = this;
    if (this.isSynced) return [content];
    const grown = Math.max(0, content.length - synced.length);
    const half = synced.length + Math.floor(grown / 2 / SECTOR_BYTES) * SECTOR_BYTES;
    const zeros = Buffer.concat([synced, Buffer.alloc(grown)]);
    return [synced, content, content.subarray(0, half), zeros];
  }
}

export class FolderNode {
  readonly kind = 'folder';
  readonly entries = new Map<string, DiskNode>();
  readonly synced = new Map<string, DiskNode>();
}

export type DiskNode = FileNode | FolderNode;

interface NameSet {
  readonly folder: FolderNode;
  readonly name: string;
  /** Undefined: nothing has the name any more. */
  readonly node: DiskNode | undefined;
}

/** What survives together. */
interface Change {
  readonly sets: readonly NameSet[];
  /** Survives if this one does: a rename never loses both names. */
  readonly needs?: Change;
}

export class PowerLossDisk {
  readonly root: FolderNode;
  #unsynced: Change[] = [];

  constructor(root = new FolderNode()) {
    this.root = root;
  }

  set(folder: FolderNode, name: string, node: DiskNode | undefined): void {
    this.#apply({ sets: [{ folder, name, node }] });
  }

  /** Within a folder it is one change; else the new name may survive before the old one has gone. */
  rename(from: Omit<NameSet, 'node'>, to: NameSet): void {
    const gone = { ...from, node: undefined };
    if (from.folder === to.folder) {
      this.#apply({ sets: [gone, to] });
      return;
    }
    const there = { sets: [to] };
    this.#apply(there);
    this.#apply({ sets: [gone], needs: there });
  }

  syncFolder(folder: FolderNode): void {
    const wanted = new Set<Change>();
    for (const change of this.#unsynced) {
      if (!change.sets.some((set) => set.folder === folder)) continue;
      wanted.add(change);
      if (change.needs !== undefined) wanted.add(change.needs);
    }
    for (const change of this.#unsynced) if (wanted.has(change)) keep(change);
    this.#unsynced = this.#unsynced.filter((change) => !wanted.has(change));
  }

  /** What a name of a file leads to, for whoever damages it. */
  file(path: string): FileNode {
    let node: DiskNode | undefined = this.root;
    for (const name of path.split('/')) node = node?.kind === 'folder' ? node.entries.get(name) : undefined;
    if (node?.kind !== 'file') throw new Error(`${path} is no file`);
    return node;
  }

  /** All of it, as happens by itself after a while. */
  sync(): void {
    for (const change of this.#unsynced.splice(0)) keep(change);
    for (const file of this.#files()) file.sync();
  }

  /**
   * Disks as they may be found after a power loss now: all of them if there are at most so many, else the one that lost everything, the
   * one that lost nothing, and others by chance.
   */
  *outcomes(most: number, random: () => number): Generator<PowerLossDisk> {
    const files = [...this.#files()].filter((file) => !file.isSynced);
    const choices = [...this.#unsynced.map(() => 2), ...files.map((file) => file.outcomes().length)];
    const total = choices.reduce((product, count) => product * count, 1);
    for (let at = 0; at < Math.min(total, most); at += 1) {
      yield this.#outcome(files, total <= most ? digitsOf(at, choices) : chosen(at, choices, random));
    }
  }

  /** @param choice - for each unsynced change whether it survives, then for each file which of its outcomes. */
  #outcome(files: readonly FileNode[], choice: readonly number[]): PowerLossDisk {
    const survives = new Set(this.#unsynced.filter((_, index) => choice[index] === 1));
    const lost = new Set(this.#unsynced.filter((change) => !survives.has(change)));
    const found = files.map(
      (file, index) => [file, file.outcomes()[choice[this.#unsynced.length + index] ?? 0]] as const,
    );
    const contents = new Map(found);
    const changes = this.#unsynced.filter(
      (change) => survives.has(change) && (change.needs === undefined || !lost.has(change.needs)),
    );
    const copies = new Map<DiskNode, DiskNode>();
    const copy = (node: DiskNode): DiskNode => {
      const known = copies.get(node);
      if (known !== undefined) return known;
      if (node.kind === 'file') {
        const file = new FileNode(contents.get(node) ?? node.content);
        copies.set(node, file);
        return file;
      }
      const folder = new FolderNode();
      copies.set(node, folder);
      const names = new Map(node.synced);
      for (const { sets } of changes) for (const set of sets) if (set.folder === node) give(names, set);
      for (const [name, child] of names) {
        const there = copy(child);
        folder.entries.set(name, there);
        folder.synced.set(name, there);
      }
      return folder;
    };
    return new PowerLossDisk(copy(this.root) as FolderNode);
  }

  #apply(change: Change): void {
    for (const set of change.sets) give(set.folder.entries, set);
    this.#unsynced.push(change);
  }

  /** Every file that has a name, or had one that may come back. */
  #files(): Set<FileNode> {
    const seen = new Set<DiskNode>();
    const visit = (node: DiskNode | undefined): void => {
      if (node === undefined || seen.has(node)) return;
      seen.add(node);
      if (node.kind === 'file') return;
      for (const child of [...node.entries.values(), ...node.synced.values()]) visit(child);
    };
    visit(this.root);
    for (const { sets } of this.#unsynced) for (const { node } of sets) visit(node);
    return new Set([...seen].filter((node) => node.kind === 'file'));
  }
}

function keep({ sets }: Change): void {
  for (const set of sets) give(set.folder.synced, set);
}

function give(names: Map<string, DiskNode>, { name, node }: NameSet): void {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
}

/** The number in a system where each digit has a base of its own. */
function digitsOf(number: number, bases: readonly number[]): number[] {
  let rest = number;
  return bases.map((base) => {
    const digit = rest % base;
    rest = Math.floor(rest / base);
    return digit;
  });
}

function chosen(at: number, bases: readonly number[], random: () => number): number[] {
  if (at < 2) return bases.map(() => at);
  return bases.map((base) => Math.floor(random() * base));
}
