/**
 * What is known of one resource: the newest version seen of every object, by key. Lists and events become changes; what is old
 * or known already becomes nothing. An object never gives way to an older version of itself, and one that was deleted and made
 * again (another uid) is a deletion followed by an addition. Synchronous and without opinion on whether a list may be
 * believed: that is the guard's part.
 */
import { keyOf, type KubeObject } from './kube-object.ts';
import { orderOf } from './resource-version.ts';
import type { ObjectEvent } from './watch-events.ts';

export interface Entry<T> {
  readonly key: string;
  /** As `keep` left it. */
  readonly raw: KubeObject;
  /** What `decode` made of the whole. */
  readonly value: T;
}

export type Change<T> =
  | { readonly type: 'added'; readonly entry: Entry<T> }
  | { readonly type: 'updated'; readonly entry: Entry<T>; readonly previous: Entry<T> }
  /** `entry` is the last that was known of it. */
  | { readonly type: 'deleted'; readonly entry: Entry<T> };

export interface EventEffect<T> {
  readonly changes: readonly Change<T>[];
  /** False when the event was older than what is known: the stream broke the order that the API promises. */
  readonly inOrder: boolean;
}

export interface ListLoss {
  /** Uids known now that the list does not have, those of objects under another uid included. */
  readonly missing: ReadonlySet<string>;
  /** Whether it shows an object in an older version than the known one. */
  readonly outdated: boolean;
}

interface Tombstone {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** Deleted objects remembered, so that a late event does not bring one back. A list wipes them. */
const MAX_TOMBSTONES = 10_000;

export class ObjectCache<T> {
  readonly #decode: (raw: KubeObject) => T;
  readonly #keep: (raw: KubeObject) => KubeObject;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #tombstones = new Map<string, Tombstone>();
  /** Of the last list taken. */
  #listedRevision: string | undefined;

  /**
   * `decode` is total: an object that a younger parser refuses still exists, and is shown as what it is. `keep` says what of
   * an object stays in memory beside that; its identity and version have to.
   */
  constructor(decode: (raw: KubeObject) => T, keep: (raw: KubeObject) => KubeObject = (raw) => raw) {
    this.#decode = decode;
    this.#keep = keep;
  }

  get count(): number {
    return this.#entries.size;
  }

  get(key: string): Entry<T> | undefined {
    return this.#entries.get(key);
  }

  entries(): Entry<T>[] {
    return [...this.#entries.values()];
  }

  applyEvent({ type, object }: ObjectEvent): EventEffect<T> {
    // The list has said all that happened before it, deletions included.
    const { resourceVersion } = object.metadata;
    if (this.#listedRevision !== undefined && orderOf(resourceVersion, this.#listedRevision) === 'older') {
      return { changes: [], inOrder: false };
    }
    return type === 'DELETED' ? this.#remove(object) : this.#put(object);
  }

  /** What taking a list would take away. */
  lossBy(items: readonly KubeObject[]): ListLoss {
    const known = new Map([...this.#entries.values()].map(({ raw: { metadata } }) => [metadata.uid, metadata]));
    let outdated = false;
    for (const { metadata } of items) {
      const version = known.get(metadata.uid)?.resourceVersion;
      outdated ||= version !== undefined && orderOf(metadata.resourceVersion, version) === 'older';
      known.delete(metadata.uid);
    }
    return { missing: new Set(known.keys()), outdated };
  }

  /**
   * Makes the cache what the list says, deletions first. Items older than what is known are not taken, unless the list is of
   * another history, in which versions do not compare with those before.
   */
  applyList(items: readonly KubeObject[], list: { revision: string; historyChanged: boolean }): Change<T>[] {
    const listed = new Set(items.map((item) => keyOf(item.metadata)));
    const changes: Change<T>[] = [];
    this.#tombstones.clear();
    this.#listedRevision = list.revision;
    for (const [key, entry] of this.#entries) {
      if (listed.has(key)) continue;
      this.#entries.delete(key);
      this.#bury(key, { uid: entry.raw.metadata.uid, resourceVersion: list.revision });
      changes.push({ type: 'deleted', entry });
    }
    for (const item of items) changes.push(...this.#put(item, list.historyChanged).changes);
    return changes;
  }

  #put(raw: KubeObject, historyChanged = false): EventEffect<T> {
    const { uid, resourceVersion } = raw.metadata;
    const key = keyOf(raw.metadata);
    const known = this.#entries.get(key);
    if (known === undefined) {
      const buried = this.#tombstones.get(key);
      // A uid is never used twice, so whatever is said of a buried one is late.
      if (buried?.uid === uid) return { changes: [], inOrder: false };
      if (buried !== undefined && orderOf(resourceVersion, buried.resourceVersion) === 'older') {
        return { changes: [], inOrder: false };
      }
    } else {
      const order = orderOf(resourceVersion, known.raw.metadata.resourceVersion);
      if (order === 'older' && !historyChanged) return { changes: [], inOrder: false };
      if (order === 'equal' && known.raw.metadata.uid === uid) return { changes: [], inOrder: true };
    }
    // Half of an object's memory, and of use to nobody but the server.
    Reflect.deleteProperty(raw.metadata, 'managedFields');
    const entry = { key, raw: this.#keep(raw), value: this.#decode(raw) };
    this.#entries.set(key, entry);
    this.#tombstones.delete(key);
    if (known === undefined) return { changes: [{ type: 'added', entry }], inOrder: true };
    if (known.raw.metadata.uid === uid) {
      return { changes: [{ type: 'updated', entry, previous: known }], inOrder: true };
    }
    const changes: Change<T>[] = [
      { type: 'deleted', entry: known },
      { type: 'added', entry },
    ];
    return { changes, inOrder: true };
  }

  #remove(raw: KubeObject): EventEffect<T> {
    const { uid, resourceVersion } = raw.metadata;
    const key = keyOf(raw.metadata);
    const known = this.#entries.get(key);
    if (known === undefined) {
      const buried = this.#tombstones.get(key);
      const older = buried !== undefined && orderOf(resourceVersion, buried.resourceVersion) === 'older';
      if (!older) this.#bury(key, { uid, resourceVersion });
      return { changes: [], inOrder: buried?.uid === uid };
    }
    const order = orderOf(resourceVersion, known.raw.metadata.resourceVersion);
    if (known.raw.metadata.uid !== uid) {
      if (order !== 'newer') return { changes: [], inOrder: false };
      // A later incarnation is gone already, so this one has been for longer.
      this.#entries.delete(key);
      this.#bury(key, { uid, resourceVersion });
      return { changes: [{ type: 'deleted', entry: known }], inOrder: false };
    }
    if (order === 'older') return { changes: [], inOrder: false };
    this.#entries.delete(key);
    this.#bury(key, { uid, resourceVersion });
    return {
      changes: [{ type: 'deleted', entry: { key, raw: this.#keep(raw), value: this.#decode(raw) } }],
      inOrder: true,
    };
  }

  #bury(key: string, tombstone: Tombstone): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, tombstone);
    for (const oldest of this.#tombstones.keys()) {
      if (this.#tombstones.size <= MAX_TOMBSTONES) break;
      this.#tombstones.delete(oldest);
    }
  }
}
