/** A tree in memory that answers as one on a disk does, with attributes that cannot be read where a test wants them. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { ABSENT, type Attribute } from './snapshot/attribute.ts';
import { targetOf } from './snapshot/rooted-tree.ts';
import type { TreeReader } from './snapshot/tree-reader.ts';

export type TreeNode =
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly bytes: Uint8Array }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'unreadable'; readonly errno: string };

export class MemoryTree implements TreeReader {
  readonly nodes = new Map<string, TreeNode>([['/', { kind: 'folder' }]]);
  /** Every path whose content was read, for tests of what is left alone. */
  readonly read: string[] = [];
  readonly #names = new Map<string, Set<string>>();
  readonly #generation = new Map<string, number>();

  set(path: string, node: TreeNode): void {
    this.nodes.set(path, node);
    for (let at = path; at !== '/'; at = posix.dirname(at)) {
      const folder = posix.dirname(at);
      const names = this.#names.get(folder) ?? new Set();
      this.#names.set(folder, names.add(posix.basename(at)));
      if (!this.nodes.has(folder)) this.nodes.set(folder, { kind: 'folder' });
    }
  }

  file(path: string, content: string | Uint8Array): void {
    this.set(path, { kind: 'file', bytes: typeof content === 'string' ? Buffer.from(content) : content });
  }

  /** As sysfs does it, with a relative target. */
  link(path: string, to: string): void {
    this.set(path, { kind: 'link', target: posix.relative(posix.dirname(path), to) });
  }

  remove(path: string): void {
    for (const name of this.#names.get(path) ?? []) this.remove(posix.join(path, name));
    this.nodes.delete(path);
    this.#names.get(posix.dirname(path))?.delete(posix.basename(path));
  }

  /** The folder is another one from now on, as after a disk went and came. */
  renew(path: string): void {
    this.#generation.set(path, (this.#generation.get(path) ?? 0) + 1);
  }

  readText(path: string): Attribute {
    const bytes = this.readBytes(path);
    if (bytes.kind !== 'value') return bytes;
    return {
      kind: 'value',
      value: Buffer.from(bytes.value)
        .toString('utf8')
        .replace(/[\s\0]+$/, ''),
    };
  }

  readBytes(path: string): Attribute<Uint8Array> {
    this.read.push(path);
    const node = this.nodes.get(path);
    if (node === undefined) return ABSENT;
    if (node.kind === 'file') return { kind: 'value', value: node.bytes };
    if (node.kind === 'unreadable') return node;
    return { kind: 'unreadable', errno: node.kind === 'folder' ? 'EISDIR' : 'ELOOP' };
  }

  list(path: string): Attribute<readonly string[]> {
    const node = this.nodes.get(path);
    if (node === undefined || node.kind === 'file') return ABSENT;
    if (node.kind === 'unreadable') return node;
    if (node.kind === 'link') return this.list(targetOf(path, node.target));
    return { kind: 'value', value: [...(this.#names.get(path) ?? [])].sort() };
  }

  readLink(path: string): Attribute {
    const text = this.readLinkText(path);
    return text.kind === 'value' ? { kind: 'value', value: targetOf(path, text.value) } : text;
  }

  readLinkText(path: string): Attribute {
    const node = this.nodes.get(path);
    if (node === undefined) return ABSENT;
    return node.kind === 'link' ? { kind: 'value', value: node.target } : { kind: 'unreadable', errno: 'EINVAL' };
  }

  identityOf(path: string): string | null {
    if (!this.nodes.has(path)) return null;
    const names = [...(this.#names.get(path) ?? [])];
    const folders = names.filter((name) => this.nodes.get(posix.join(path, name))?.kind === 'folder');
    return `${path} ${this.#generation.get(path) ?? 0} ${folders.length}`;
  }

  clone(): MemoryTree {
    const tree = new MemoryTree();
    for (const [path, node] of this.nodes) tree.nodes.set(path, node);
    for (const [path, names] of this.#names) tree.#names.set(path, new Set(names));
    return tree;
  }

  /** Writes it below a folder, but for what cannot be read. */
  dump(root: string): void {
    for (const [path, node] of this.nodes) {
      const to = join(root, path);
      mkdirSync(node.kind === 'folder' ? to : posix.dirname(to), { recursive: true });
      if (node.kind === 'file') writeFileSync(to, node.bytes);
      if (node.kind === 'link') symlinkSync(node.target, to);
    }
  }
}
