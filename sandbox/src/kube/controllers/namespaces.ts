/**
 * Gives every namespace its default ServiceAccount, and empties a namespace that is being deleted before letting it
 * go.
 */
import { storageOf } from '../registry.ts';
import { namespaceFinalizers } from '../rest/lifecycle.ts';
import { bucketOf } from '../store/store.ts';
import type { StoreEvent } from '../store/store.ts';
import { timestamp } from '../types.ts';
import type { KubeObject } from '../types.ts';
import { Controller } from './controller.ts';

const namespaces = { group: '', resource: 'namespaces' };
const serviceAccounts = { group: '', resource: 'serviceaccounts' };
const watched: ReadonlySet<string> = new Set([namespaces, serviceAccounts].map(bucketOf));

export class Namespaces extends Controller {
  #terminating: ReadonlySet<string> = new Set();

  override sync(): void {
    const all = this.parts.store.list(namespaces);
    const terminating = all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    this.#terminating = new Set(terminating.map(({ metadata }) => metadata.name));
    for (const namespace of all) {
      if (this.#terminating.has(namespace.metadata.name)) this.#empty(namespace);
      else this.#ensureServiceAccount(namespace.metadata.name);
    }
  }

  protected override concerns({ bucket, object }: StoreEvent): boolean {
    return watched.has(bucket) || this.#terminating.has(object.metadata.namespace ?? '');
  }

  #ensureServiceAccount(namespace: string): void {
    const { store, clock } = this.parts;
    if (store.get(serviceAccounts, namespace, 'default') !== undefined) return;
    const created = { uid: crypto.randomUUID(), resourceVersion: '', creationTimestamp: timestamp(clock.now()) };
    const metadata = { name: 'default', namespace, ...created };
    store.put(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  }

  #empty(namespace: KubeObject): void {
    const { store, registry, lifecycle } = this.parts;
    const { name } = namespace.metadata;
    let left = 0;
    for (const type of registry.stored().filter(({ namespaced }) => namespaced)) {
      for (const object of store.list(storageOf(type), name)) {
        const remains = object.metadata.deletionTimestamp !== undefined || lifecycle.delete(type, object) !== undefined;
        if (remains) left += 1;
      }
    }
    const type = registry.find('', 'v1', 'namespaces');
    if (left > 0 || type === undefined || namespaceFinalizers(namespace).length === 0) return;
    lifecycle.rewrite(type, namespace, (object) => {
      object.spec = { finalizers: namespaceFinalizers(object).filter((finalizer) => finalizer !== 'kubernetes') };
    });
  }
}
