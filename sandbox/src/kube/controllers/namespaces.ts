/**
 * Gives every namespace its default ServiceAccount, and empties a namespace that is being deleted before letting it
 * go.
 */
import { namespaceFinalizers, timestamp } from '../rest/lifecycle.ts';
import type { Clock } from '@couchestor/common/base';
import { storageOf } from '../registry.ts';
import { bucketOf } from '../store/store.ts';
import type { StoreEvent } from '../store/store.ts';
import type { KubeObject } from '../types.ts';
import { coalesce } from './controller.ts';
import type { ControllerParts } from './controller.ts';

const namespaces = { group: '', resource: 'namespaces' };
const serviceAccounts = { group: '', resource: 'serviceaccounts' };
const watched: ReadonlySet<string> = new Set([bucketOf(namespaces), bucketOf(serviceAccounts)]);

export class Namespaces {
  readonly #parts: ControllerParts & { clock: Clock };
  readonly #schedule = coalesce(() => this.sync());
  #terminating = new Set<string>();

  constructor(parts: ControllerParts & { clock: Clock }) {
    this.#parts = parts;
  }

  observe(event: StoreEvent): void {
    const namespace = event.object.metadata.namespace ?? '';
    if (watched.has(event.bucket) || this.#terminating.has(namespace)) this.#schedule();
  }

  stop(): void {
    this.#schedule.stop();
  }

  sync(): void {
    const { store } = this.#parts;
    const all = store.list(namespaces);
    const terminating = all.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    this.#terminating = new Set(terminating.map(({ metadata }) => metadata.name));
    for (const namespace of terminating) this.#empty(namespace);
    for (const { metadata } of all) {
      if (!this.#terminating.has(metadata.name)) this.#ensureServiceAccount(metadata.name);
    }
  }

  #ensureServiceAccount(namespace: string): void {
    const { store, clock } = this.#parts;
    if (store.get(serviceAccounts, namespace, 'default') !== undefined) return;
    store.put(serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'default',
        namespace,
        uid: crypto.randomUUID(),
        resourceVersion: '',
        creationTimestamp: timestamp(clock.now()),
      },
    });
  }

  #empty(namespace: KubeObject): void {
    const { store, registry, lifecycle } = this.#parts;
    const { name } = namespace.metadata;
    let left = 0;
    for (const type of registry.stored()) {
      if (!type.namespaced) continue;
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
