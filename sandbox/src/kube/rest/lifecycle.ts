/**
 * From the first request to delete an object until it is gone. Finalizers of any kind keep an object in the store with
 * a deletionTimestamp; the write that takes the last one away removes it.
 */
import type { Clock } from '@couchestor/common/base';
import { ApiError } from '../api-error.ts';
import { fieldOf, isObject, listOf } from '../patch/json.ts';
import { storageOf } from '../registry.ts';
import type { Store } from '../store/store.ts';
import { timestamp } from '../types.ts';
import type { KubeObject, ResourceType } from '../types.ts';
import type { DeleteOptions } from './options.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';
export const customResourceFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

export class Lifecycle {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Starts or finishes the deletion of an object as stored. Returns what is left of it, or `undefined` when it is gone.
   * Thrown when a precondition fails: 409.
   */
  delete(type: ResourceType, stored: KubeObject, options: Partial<DeleteOptions> = {}): KubeObject | undefined {
    checkPreconditions(type, stored, options);
    if (type.kind === 'Namespace' && immortalNamespaces.has(stored.metadata.name)) {
      throw ApiError.forbidden({ ...type, name: stored.metadata.name }, 'this namespace may not be deleted');
    }
    const object = structuredClone(stored);
    const { metadata } = object;
    const begins = metadata.deletionTimestamp === undefined;
    const finalizers = finalizersFor(object, options.propagationPolicy);
    if (begins && type.kind === 'CustomResourceDefinition') finalizers.add(customResourceFinalizer);
    const unchanged = !begins && [...finalizers].join() === (metadata.finalizers ?? []).join();
    if (finalizers.size > 0 || metadata.finalizers !== undefined) metadata.finalizers = [...finalizers];
    if (begins) {
      if (metadata.generation !== undefined) metadata.generation += 1;
      metadata.deletionTimestamp = timestamp(this.#clock.now());
      metadata.deletionGracePeriodSeconds = 0;
      if (type.kind === 'Namespace' && isObject(object.status)) object.status.phase = 'Terminating';
    }
    if (unchanged && !isFinished(object)) return stored;
    if (options.dryRun === true) return isFinished(object) ? undefined : object;
    return this.settle(type, object);
  }

  /** Stores an object, or removes it when nothing holds it back any more; returns what is in the store then. */
  settle(type: ResourceType, object: KubeObject): KubeObject | undefined {
    const storage = storageOf(type);
    if (!isFinished(object)) return this.#store.put(storage, object);
    const stored = this.#store.get(storage, object.metadata.namespace, object.metadata.name);
    if (stored !== undefined) this.#store.delete(storage, stored);
    return undefined;
  }

  /**
   * Changes a stored object in the name of the server itself; does nothing when the object is gone or another by now.
   */
  rewrite(type: ResourceType, { metadata }: KubeObject, change: (object: KubeObject) => void): void {
    const stored = this.#store.get(storageOf(type), metadata.namespace, metadata.name);
    if (stored?.metadata.uid !== metadata.uid) return;
    const object = structuredClone(stored);
    change(object);
    this.settle(type, object);
  }

  /** As {@link rewrite}: the object no longer waits for whoever put this finalizer there. */
  dropFinalizer(type: ResourceType, object: KubeObject, finalizer: string): void {
    this.rewrite(type, object, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((candidate) => candidate !== finalizer);
    });
  }
}

/** Whether an object is being deleted and nothing holds it back. */
function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && namespaceFinalizers(object).length === 0;
}

/** `spec.finalizers`, which only a Namespace has. */
export function namespaceFinalizers(object: KubeObject): string[] {
  const ofNamespace = object.kind === 'Namespace' && object.apiVersion === 'v1';
  return ofNamespace ? listOf(fieldOf(object.spec, 'finalizers')).map(String) : [];
}

function finalizersFor({ metadata }: KubeObject, policy: DeleteOptions['propagationPolicy']): Set<string> {
  const finalizers = new Set(metadata.finalizers);
  if (policy === undefined) return finalizers;
  finalizers.delete(orphanFinalizer);
  finalizers.delete(foregroundFinalizer);
  if (policy !== 'Background') finalizers.add(policy === 'Orphan' ? orphanFinalizer : foregroundFinalizer);
  return finalizers;
}

function checkPreconditions(type: ResourceType, { metadata }: KubeObject, options: Partial<DeleteOptions>): void {
  for (const [field, what] of [
    ['uid', 'UID'],
    ['resourceVersion', 'ResourceVersion'],
  ] as const) {
    const wanted = options[field] ?? '';
    if (wanted === '' || wanted === metadata[field]) continue;
    const why = `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${metadata[field]})`;
    throw ApiError.conflict({ ...type, name: metadata.name }, `${why}. The object might have been modified`);
  }
}
