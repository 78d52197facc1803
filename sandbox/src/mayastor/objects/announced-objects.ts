/** Objects that a storage system creates once: one that a user deletes is not brought back, however often the storage is looked at. */
import type { GroupResource } from '../../kube/index.ts';
import type { NewObject, StoredObjects } from './stored-objects.ts';

export class AnnouncedObjects {
  readonly #stored: StoredObjects;
  readonly #resource: GroupResource;
  readonly #announced = new Set<string>();

  constructor(stored: StoredObjects, resource: GroupResource) {
    this.#stored = stored;
    this.#resource = resource;
  }

  /** Creates the object the first time it is named, and keeps its status up to date from then on. */
  show(object: NewObject, status: unknown): void {
    const { name, namespace = '' } = object.metadata;
    if (!this.#announced.has(name)) this.#stored.create(this.#resource, object);
    this.#announced.add(name);
    this.#stored.setStatus(this.#resource, { namespace, name }, status);
  }

  /** The objects of names that are no longer among `names` go. */
  keepOnly(names: ReadonlySet<string>, namespace: string): void {
    for (const name of this.#announced) {
      if (names.has(name)) continue;
      this.#announced.delete(name);
      this.#stored.delete(this.#resource, { namespace, name });
    }
  }
}
