/**
 * Owner references: deletes what has lost all its owners, holds back owners that are deleted in the foreground, and
 * lets go of dependents that are to be orphaned. An owner is one uid: an object of the same name that came later is
 * another. As on a real cluster, an owner is looked for in the namespace of its dependent, and nothing happens while
 * its kind is unknown.
 */
import { storageOf } from '../registry.ts';
import type { StoreEvent } from '../store/store.ts';
import type { KubeObject, OwnerReference, ResourceType } from '../types.ts';
import { bucketOf, keyOf } from '../store/store.ts';
import { foregroundFinalizer, orphanFinalizer } from '../rest/lifecycle.ts';
import { coalesce } from './controller.ts';
import type { ControllerParts } from './controller.ts';

/** Where an object is: its bucket, a space, its key. */
type Place = string;

const has = ({ metadata }: KubeObject, finalizer: string): boolean => metadata.finalizers?.includes(finalizer) === true;
const isDeletingDependents = (object: KubeObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && has(object, foregroundFinalizer);

export class GarbageCollector {
  readonly #parts: ControllerParts;
  readonly #schedule = coalesce(() => this.#run());
  readonly #places = new Map<string, Place>();
  readonly #dependents = new Map<string, Set<Place>>();
  readonly #queue = new Set<Place>();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  observe({ type, bucket, key, object, previous }: StoreEvent): void {
    this.#observe(`${bucket} ${key}`, type === 'DELETED' ? undefined : object, previous);
  }

  stop(): void {
    this.#schedule.stop();
  }

  /** Looks at everything, as after a start. */
  sync(): void {
    const { store, registry } = this.#parts;
    this.#places.clear();
    this.#dependents.clear();
    this.#queue.clear();
    for (const type of registry.stored()) {
      const storage = storageOf(type);
      for (const object of store.list(storage)) {
        const { namespace, name } = object.metadata;
        this.#observe(`${bucketOf(storage)} ${keyOf(namespace, name)}`, object, undefined);
      }
    }
  }

  #observe(place: Place, object: KubeObject | undefined, previous: KubeObject | undefined): void {
    for (const { uid } of previous?.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid);
      dependents?.delete(place);
      if (dependents?.size === 0) this.#dependents.delete(uid);
      // The owner may have waited for this one.
      if (this.#places.has(uid)) this.#enqueue(this.#places.get(uid) ?? '');
    }
    for (const { uid } of object?.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, dependents.add(place));
    }
    if (object !== undefined) this.#places.set(object.metadata.uid, place);
    if (object === undefined && previous !== undefined) {
      this.#places.delete(previous.metadata.uid);
      for (const dependent of this.#dependents.get(previous.metadata.uid) ?? []) this.#enqueue(dependent);
    } else if (object?.metadata.ownerReferences !== undefined || object?.metadata.deletionTimestamp !== undefined) {
      this.#enqueue(place);
    }
  }

  #enqueue(place: Place): void {
    this.#queue.add(place);
    this.#schedule();
  }

  #run(): void {
    const places = [...this.#queue];
    this.#queue.clear();
    for (const place of places) {
      const found = this.#at(place);
      if (found === undefined) continue;
      if (found.object.metadata.deletionTimestamp === undefined) this.#checkOwners(found.type, found.object);
      else this.#finishDeletion(found.type, found.object);
    }
  }

  #at(place: Place): { type: ResourceType; object: KubeObject } | undefined {
    const bucket = place.slice(0, place.indexOf(' '));
    const key = place.slice(bucket.length + 1);
    const [namespace = '', name = ''] = key.split('/');
    const type = this.#parts.registry.ofBucket(bucket);
    const object = type && this.#parts.store.get(storageOf(type), namespace, name);
    return object && { type, object };
  }

  #dependentsOf({ metadata }: KubeObject): { type: ResourceType; object: KubeObject }[] {
    return [...(this.#dependents.get(metadata.uid) ?? [])].flatMap((place) => this.#at(place) ?? []);
  }

  /** An object on its way out that waits for its dependents, or for their being let go. */
  #finishDeletion(type: ResourceType, object: KubeObject): void {
    const { lifecycle } = this.#parts;
    const { uid } = object.metadata;
    const dependents = this.#dependentsOf(object);
    if (has(object, orphanFinalizer)) {
      for (const dependent of dependents) {
        lifecycle.rewrite(dependent.type, dependent.object, (changed) => dropOwners(changed, new Set([uid])));
      }
      lifecycle.rewrite(type, object, (changed) => dropFinalizer(changed, orphanFinalizer));
    }
    if (!has(object, foregroundFinalizer)) return;
    const blocking = dependents.filter(({ object: dependent }) =>
      dependent.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
    if (blocking.length === 0)
      lifecycle.rewrite(type, object, (changed) => dropFinalizer(changed, foregroundFinalizer));
    for (const dependent of blocking) {
      if (dependent.object.metadata.deletionTimestamp === undefined)
        this.#checkOwners(dependent.type, dependent.object);
    }
  }

  #checkOwners(type: ResourceType, object: KubeObject): void {
    const { lifecycle } = this.#parts;
    const owners = object.metadata.ownerReferences ?? [];
    const states = owners.map((owner) => ({ owner, state: this.#stateOf(owner, object) }));
    if (owners.length === 0 || states.some(({ state }) => state === 'unknown')) return;
    const gone = states.filter(({ state }) => state !== 'solid').map(({ owner }) => owner.uid);
    if (gone.length === 0) return;
    const { uid } = object.metadata;
    if (gone.length < owners.length) {
      lifecycle.rewrite(type, object, (changed) => dropOwners(changed, new Set(gone)));
      return;
    }
    const dependents = this.#dependentsOf(object);
    if (states.some(({ state }) => state === 'waiting') && dependents.length > 0) {
      // In a circle of owners each would wait for the next for ever.
      if (dependents.some((dependent) => isDeletingDependents(dependent.object))) {
        lifecycle.rewrite(type, object, ({ metadata }) => {
          for (const owner of metadata.ownerReferences ?? []) owner.blockOwnerDeletion = false;
        });
      }
      lifecycle.delete(type, this.#current(type, object) ?? object, { uid, propagationPolicy: 'Foreground' });
      return;
    }
    const propagationPolicy = has(object, orphanFinalizer)
      ? 'Orphan'
      : has(object, foregroundFinalizer)
        ? 'Foreground'
        : 'Background';
    lifecycle.delete(type, object, { uid, propagationPolicy });
  }

  #current(type: ResourceType, { metadata }: KubeObject): KubeObject | undefined {
    return this.#parts.store.get(storageOf(type), metadata.namespace, metadata.name);
  }

  #stateOf(owner: OwnerReference, dependent: KubeObject): 'solid' | 'waiting' | 'dangling' | 'unknown' {
    const { store, registry } = this.#parts;
    const type = registry.findKind(owner.apiVersion, owner.kind);
    const { namespace } = dependent.metadata;
    if (type === undefined || (type.namespaced && namespace === undefined)) return 'unknown';
    const found = store.get(storageOf(type), type.namespaced ? namespace : undefined, owner.name);
    if (found?.metadata.uid !== owner.uid) return 'dangling';
    return isDeletingDependents(found) ? 'waiting' : 'solid';
  }
}

function dropOwners({ metadata }: KubeObject, uids: ReadonlySet<string>): void {
  const kept = (metadata.ownerReferences ?? []).filter((owner) => !uids.has(owner.uid));
  if (kept.length > 0) metadata.ownerReferences = kept;
  else Reflect.deleteProperty(metadata, 'ownerReferences');
}

function dropFinalizer({ metadata }: KubeObject, finalizer: string): void {
  metadata.finalizers = (metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
}
