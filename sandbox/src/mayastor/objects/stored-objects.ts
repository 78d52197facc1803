/**
 * Objects written past the API, into its store: ten thousand volumes at once, and statuses, which a kind with a status
 * subresource does not take with the rest. Nothing here is checked, so the objects have to be what the API would have made.
 */
import { isDeepStrictEqual } from 'node:util';
import type { GroupResource, JsonObject, KubeObject, ObjectMeta, Store } from '../../kube/index.ts';
import { timestamp } from '../../kube/types.ts';

/** The name of an object, and its namespace unless it has none. */
export type ObjectKey = Pick<ObjectMeta, 'name' | 'namespace'>;

/** `generation` is for kinds that count it. */
export interface NewObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectKey & Partial<Pick<ObjectMeta, 'uid' | 'generation' | 'labels' | 'annotations'>>;
}

export class StoredObjects {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get(resource: GroupResource, { namespace, name }: ObjectKey): KubeObject | undefined {
    return this.#store.get(resource, namespace, name);
  }

  /** Stores a complete object, unless there is one of that name. A uid that it brings along stays. */
  create(resource: GroupResource, object: NewObject): void {
    if (this.get(resource, object.metadata) !== undefined) return;
    const server = { uid: crypto.randomUUID(), resourceVersion: '', creationTimestamp: timestamp(this.#now()) };
    this.#store.put(resource, { ...object, metadata: { ...server, ...object.metadata } });
  }

  /** Does nothing when the object is gone or already says so. */
  setStatus(resource: GroupResource, key: ObjectKey, status: unknown): void {
    const stored = this.get(resource, key);
    if (stored === undefined || isDeepStrictEqual(stored.status, status)) return;
    this.#store.put(resource, { ...stored, metadata: { ...stored.metadata }, status });
  }

  delete(resource: GroupResource, key: ObjectKey): void {
    const stored = this.get(resource, key);
    if (stored !== undefined) this.#store.delete(resource, stored);
  }
}
