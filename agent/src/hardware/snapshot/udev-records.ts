/**
 * What udev found out about block devices, from its files under /run/udev/data: signatures and serials for which this process would have to
 * open the device. udev replaces a file to change it, so a file with the same identity holds the same.
 */
import { posix } from 'node:path';

import type { UdevRecord } from './hardware-snapshot.ts';
import type { TreeReader } from './tree-reader.ts';

export const UDEV_DATA = '/run/udev/data';

interface Kept {
  readonly identity: string;
  readonly record: UdevRecord;
}

export class UdevRecords {
  readonly #tree: TreeReader;
  #kept = new Map<string, Kept>();
  #next = new Map<string, Kept>();

  constructor(tree: TreeReader) {
    this.#tree = tree;
  }

  beginPass(): void {
    this.#kept = this.#next;
    this.#next = new Map();
  }

  /** @param dev `major:minor`; what has no node has no record. */
  read(dev: string | null): UdevRecord {
    if (dev === null || !/^\d+:\d+$/.test(dev)) return { kind: 'unknown', path: UDEV_DATA, reason: 'no device number' };
    const path = posix.join(UDEV_DATA, `b${dev}`);
    const identity = this.#tree.identityOf(path);
    const kept = this.#kept.get(path);
    if (identity !== null && kept?.identity === identity) {
      this.#next.set(path, kept);
      return kept.record;
    }
    const text = this.#tree.readText(path);
    if (text.kind !== 'value') {
      return { kind: 'unknown', path, reason: text.kind === 'unreadable' ? text.errno : 'absent' };
    }
    const record = parseUdevRecord(path, text.value);
    if (identity !== null) this.#next.set(path, { identity, record });
    return record;
  }
}

/** Lines are `E:KEY=value`, `S:link below /dev`, and others that say nothing of the device. */
export function parseUdevRecord(path: string, text: string): UdevRecord {
  const properties = new Map<string, string>();
  const links: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('S:')) links.push(line.slice(2));
    if (!line.startsWith('E:')) continue;
    const equals = line.indexOf('=');
    if (equals > 2) properties.set(line.slice(2, equals), line.slice(equals + 1));
  }
  return { kind: 'known', path, properties, links: links.sort() };
}
