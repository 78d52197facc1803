/**
 * Owner references: deletes what has lost all its owners, holds back owners that are deleted in the foreground, and
 * lets go of dependents that are to be orphaned. An owner is one uid: an object of the same name that came later is
 * another. As on a real cluster, an owner is looked for in the namespace of its dependent, and nothing happens while
 * its kind is unknown. Every run looks at all objects, which at the size of a sandbox is cheaper than remembering.
 */
import { storageOf } from '../registry.ts';
import { foregroundFinalizer, orphanFinalizer } from '../rest/lifecycle.ts';
import type { StoreEvent } from '../store/store.ts';
import type { KubeObject, OwnerReference, ResourceType } from '../types.ts';
import { Controller } from './controller.ts';

interface Item {
  type: ResourceType;
  object: KubeObject;
}

const has = ({ metadata }: KubeObject, finalizer: string): boolean => metadata.finalizers?.includes(finalizer) === true;
const isLeaving = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;
const isDeletingDependents = (object: KubeObject): boolean => isLeaving(object) && has(object, foregroundFinalizer);

export class GarbageCollector extends Controller {
  #dependents = new Map<string, Item[]>();

  override sync(): void {
    const { store, registry } = this.parts;
    const items = registry.stored().flatMap((type) => store.list(storageOf(type)).map((object) => ({ type, object })));
    this.#dependents = new Map();
    for (const item of items) {
      for (const { uid } of item.object.metadata.ownerReferences ?? []) {
        const known = this.#dependents.get(uid);
        if (known === undefined) this.#dependents.set(uid, [item]);
        else known.push(item);
      }
    }
    for (const item of items) {
      if (!isLeaving(item.object)) this.#checkOwners(item);
      else this.#finishDeletion(item);
    }
  }

  protected override concerns({ type, object, previous }: StoreEvent): boolean {
    const owned = (object.metadata.ownerReferences ?? previous?.metadata.ownerReferences) !== undefined;
    return type === 'DELETED' || owned || isLeaving(object);
  }

  #dependentsOf(uid: string): readonly Item[] {
    return this.#dependents.get(uid) ?? [];
  }

  /** An object on its way out that waits for its dependents, or for their being let go. */
  #finishDeletion({ type, object }: Item): void {
    const { lifecycle } = this.parts;
    const { uid } = object.metadata;
    const dependents = this.#dependentsOf(uid);
    if (has(object, orphanFinalizer)) {
      for (const dependent of dependents) this.#dropOwners(dependent, new Set([uid]));
      lifecycle.dropFinalizer(type, object, orphanFinalizer);
    }
    const blocks = (owner: OwnerReference): boolean => owner.uid === uid && owner.blockOwnerDeletion === true;
    if (!has(object, foregroundFinalizer)) return;
    if (dependents.some((dependent) => dependent.object.metadata.ownerReferences?.some(blocks))) return;
    lifecycle.dropFinalizer(type, object, foregroundFinalizer);
  }

  #checkOwners(item: Item): void {
    const { type, object } = item;
    const { lifecycle, store } = this.parts;
    const { uid, namespace, name, ownerReferences: owners = [] } = object.metadata;
    if (owners.length === 0) return;
    const states = owners.map((owner) => this.#stateOf(owner, object));
    const gone = owners.filter((_owner, index) => states[index] !== 'solid');
    if (gone.length === 0 || states.includes('unknown')) return;
    if (gone.length < owners.length) {
      this.#dropOwners(item, new Set(gone.map((owner) => owner.uid)));
      return;
    }
    const dependents = this.#dependentsOf(uid);
    const foreground = states.includes('waiting') && dependents.length > 0;
    // In a circle of owners each would wait for the next for ever.
    if (foreground && dependents.some((dependent) => isDeletingDependents(dependent.object))) {
      lifecycle.rewrite(type, object, ({ metadata }) => {
        for (const owner of metadata.ownerReferences ?? []) owner.blockOwnerDeletion = false;
      });
    }
    const current = store.get(storageOf(type), namespace, name);
    if (current?.metadata.uid === uid) {
      lifecycle.delete(type, current, foreground ? { propagationPolicy: 'Foreground' } : {});
    }
  }

  #dropOwners({ type, object }: Item, uids: ReadonlySet<string>): void {
    this.parts.lifecycle.rewrite(type, object, ({ metadata }) => {
      const kept = (metadata.ownerReferences ?? []).filter((owner) => !uids.has(owner.uid));
      if (kept.length > 0) metadata.ownerReferences = kept;
      else Reflect.deleteProperty(metadata, 'ownerReferences');
    });
  }

  #stateOf(owner: OwnerReference, dependent: KubeObject): 'solid' | 'waiting' | 'dangling' | 'unknown' {
    const { store, registry } = this.parts;
    const type = registry.findKind(owner.apiVersion, owner.kind);
    const { namespace } = dependent.metadata;
    if (type === undefined || (type.namespaced && namespace === undefined)) return 'unknown';
    const found = store.get(storageOf(type), type.namespaced ? namespace : undefined, owner.name);
    if (found?.metadata.uid !== owner.uid) return 'dangling';
    return isDeletingDependents(found) ? 'waiting' : 'solid';
  }
}
