/**
 * The etcd of the sandbox: objects by key under one monotonic revision, and a bounded log of events from which any
 * recent revision can be rebuilt and any watch replayed. Every write takes exactly one revision and leaves exactly one
 * event, so the log is indexed by revision. All operations are synchronous: between reading and writing nothing else
 * can run, which is the whole of the concurrency control; the optimistic kind that clients see is checked above, on
 * `metadata.resourceVersion`.
 */
import type { GroupResource, KubeObject } from '../types.ts';
import type { Persistence } from './persistence.ts';

export interface StoreEvent {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly bucket: string;
  readonly key: string;
  /** For a deletion: the last state, carrying the revision of the deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

export interface StoreOptions {
  persistence?: Persistence | undefined;
  /** How many events are kept for watches and for lists of the past. */
  historyLimit?: number | undefined;
}

type Objects = Map<string, KubeObject>;

const defaultHistoryLimit = 10_000;

/** Where the objects of a resource live. */
export const bucketOf = ({ group, resource }: GroupResource): string => `${group}/${resource}`;

/** Keys sort as etcd sorts them, namespace first. */
export const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

export class Store {
  #revision = 1;
  #buckets = new Map<string, Objects>();
  /** Sorted keys per bucket, dropped when a key comes or goes. */
  #sortedKeys = new Map<string, string[]>();
  #log: StoreEvent[] = [];
  #compactedRevision = 1;
  #listeners = new Set<(event: StoreEvent) => void>();
  readonly #persistence: Persistence | undefined;
  readonly #historyLimit: number;

  constructor({ persistence, historyLimit = defaultHistoryLimit }: StoreOptions = {}) {
    this.#persistence = persistence;
    this.#historyLimit = historyLimit;
    const loaded = persistence?.load();
    for (const { bucket, key, object } of loaded?.objects ?? []) this.#bucket(bucket).set(key, object);
    this.#revision = this.#compactedRevision = Math.max(1, loaded?.revision ?? 1);
  }

  /** The revision of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** Watches may start here or later; lists may go back to here. */
  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  get(resource: GroupResource, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#buckets.get(bucketOf(resource))?.get(keyOf(namespace, name));
  }

  /** All objects, or those of one namespace, in key order. */
  list(resource: GroupResource, namespace?: string): KubeObject[] {
    const bucket = bucketOf(resource);
    const objects = this.#bucket(bucket);
    const keys = this.#sortedKeys.get(bucket) ?? [...objects.keys()].sort();
    this.#sortedKeys.set(bucket, keys);
    return collect(keys, objects, namespace);
  }

  /** As {@link list}, as of an earlier revision between {@link compactedRevision} and {@link revision}. */
  listAt(resource: GroupResource, namespace: string | undefined, revision: number): KubeObject[] {
    const bucket = bucketOf(resource);
    const objects = new Map(this.#bucket(bucket));
    for (let undone = this.#revision; undone > revision; undone--) {
      const event = this.eventAt(undone);
      if (event?.bucket !== bucket) continue;
      if (event.previous === undefined) objects.delete(event.key);
      else objects.set(event.key, event.previous);
    }
    return collect([...objects.keys()].sort(), objects, namespace);
  }

  /** Creates or replaces; the object is the store's from here on and gets its resourceVersion. */
  put(resource: GroupResource, object: KubeObject): KubeObject {
    return this.#commit('MODIFIED', bucketOf(resource), object);
  }

  /** Removes an object that exists; returns its last state with the revision of the removal. */
  delete(resource: GroupResource, object: KubeObject): KubeObject {
    return this.#commit('DELETED', bucketOf(resource), { ...object, metadata: { ...object.metadata } });
  }

  /** The event of a revision, unless compacted or still to come. */
  eventAt(revision: number): StoreEvent | undefined {
    return this.#log[revision - this.#compactedRevision - 1];
  }

  /** Calls back in the same tick as every write; returns the way out. */
  subscribe(listener: (event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets history up to and including `revision`. */
  compact(revision: number = this.#revision): void {
    const bounded = Math.min(revision, this.#revision);
    if (bounded <= this.#compactedRevision) return;
    this.#log = this.#log.slice(bounded - this.#compactedRevision);
    this.#compactedRevision = bounded;
  }

  /** A new, empty store in the place of the old one: nothing is announced, revisions start again. */
  clear(): void {
    this.#persistence?.clear();
    this.#buckets.clear();
    this.#sortedKeys.clear();
    this.#log = [];
    this.#revision = this.#compactedRevision = 1;
  }

  close(): void {
    this.#persistence?.close();
  }

  #commit(change: 'MODIFIED' | 'DELETED', bucket: string, object: KubeObject): KubeObject {
    const revision = this.#revision + 1;
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const objects = this.#bucket(bucket);
    const previous = objects.get(key);
    const type = previous === undefined ? 'ADDED' : change;
    object.metadata.resourceVersion = String(revision);
    this.#persistence?.write({ revision, bucket, key, object: type === 'DELETED' ? undefined : object });
    this.#revision = revision;
    if (type === 'DELETED') objects.delete(key);
    else objects.set(key, object);
    if (type !== 'MODIFIED') this.#sortedKeys.delete(bucket);
    const event: StoreEvent = { revision, type, bucket, key, object, previous };
    this.#log.push(event);
    // Trimmed in batches, so that the cost per write stays constant.
    if (this.#log.length >= this.#historyLimit * 2) this.compact(revision - this.#historyLimit);
    for (const listener of this.#listeners) listener(event);
    return object;
  }

  #bucket(bucket: string): Objects {
    const objects = this.#buckets.get(bucket) ?? new Map<string, KubeObject>();
    this.#buckets.set(bucket, objects);
    return objects;
  }
}

function collect(keys: readonly string[], objects: Objects, namespace: string | undefined): KubeObject[] {
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  return keys.filter((key) => key.startsWith(prefix)).flatMap((key) => objects.get(key) ?? []);
}
