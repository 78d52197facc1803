/**
 * From the first request to delete an object until it is gone. Finalizers of any kind, and the grace period of a pod
 * on a node, keep an object in the store with a deletionTimestamp; the write that takes the last reason away removes
 * it.
 */
import { ApiError } from '../api-error.ts';
import { isObject } from '../patch/json.ts';
import type { Clock } from '@couchestor/common/base';
import { storageOf } from '../registry.ts';
import type { Store } from '../store/store.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import type { DeleteOptions } from './options.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';
export const customResourceFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** RFC 3339 with seconds, as metav1.Time is written. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

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
    const finalizers = finalizersFor(object, options.propagationPolicy);
    if (type.kind === 'CustomResourceDefinition' && !finalizers.includes(customResourceFinalizer)) {
      if (metadata.deletionTimestamp === undefined) finalizers.push(customResourceFinalizer);
    }
    if (finalizers.length > 0 || metadata.finalizers !== undefined) metadata.finalizers = finalizers;
    const graceSeconds = Math.min(
      gracePeriodOf(object, type, options),
      metadata.deletionGracePeriodSeconds ?? Infinity,
    );
    if (metadata.deletionTimestamp === undefined) {
      if (metadata.generation !== undefined) metadata.generation += 1;
      metadata.deletionTimestamp = timestamp(this.#clock.now() + graceSeconds * 1000);
      metadata.deletionGracePeriodSeconds = graceSeconds;
      if (type.kind === 'Namespace') object.status = { ...(object.status as JsonObject), phase: 'Terminating' };
    } else if (graceSeconds < (metadata.deletionGracePeriodSeconds ?? 0)) {
      metadata.deletionGracePeriodSeconds = graceSeconds;
      metadata.deletionTimestamp = timestamp(this.#clock.now() + graceSeconds * 1000);
    } else if (sameFinalizers(stored, finalizers) && !isFinished(object)) {
      return stored;
    }
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
}

/** Whether an object is being deleted and nothing holds it back. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (finalizers ?? []).length > 0) return false;
  return (deletionGracePeriodSeconds ?? 0) === 0 && namespaceFinalizers(object).length === 0;
}

/** `spec.finalizers`, which only a Namespace has. */
export function namespaceFinalizers(object: KubeObject): string[] {
  const spec = object.kind === 'Namespace' && object.apiVersion === 'v1' ? object.spec : undefined;
  const finalizers = isObject(spec) ? spec.finalizers : undefined;
  return Array.isArray(finalizers) ? finalizers.map(String) : [];
}

/** A pod on a node is given its time, as a kubelet would need it; everything else goes at once. */
function gracePeriodOf(object: KubeObject, type: ResourceType, options: Partial<DeleteOptions>): number {
  const spec = object.spec;
  if (!type.builtIn || type.kind !== 'Pod' || !isObject(spec) || typeof spec.nodeName !== 'string') return 0;
  return options.gracePeriodSeconds ?? Number(spec.terminationGracePeriodSeconds ?? 30);
}

function finalizersFor(object: KubeObject, policy: DeleteOptions['propagationPolicy']): string[] {
  const current = object.metadata.finalizers ?? [];
  if (policy === undefined) return [...current];
  const others = current.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (policy === 'Orphan') others.push(orphanFinalizer);
  if (policy === 'Foreground') others.push(foregroundFinalizer);
  return others;
}

const sameFinalizers = (object: KubeObject, finalizers: readonly string[]): boolean =>
  (object.metadata.finalizers ?? []).join() === finalizers.join();

function checkPreconditions(type: ResourceType, { metadata }: KubeObject, options: Partial<DeleteOptions>): void {
  const failed = (what: string, wanted: string, found: string): ApiError =>
    ApiError.conflict(
      { ...type, name: metadata.name },
      `the ${what} in the precondition (${wanted}) does not match the ${what} in record (${found}). The object might have been modified, or deleted and then recreated`,
    );
  if (options.uid !== undefined && options.uid !== metadata.uid) throw failed('UID', options.uid, metadata.uid);
  const { resourceVersion } = options;
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw failed('ResourceVersion', resourceVersion, metadata.resourceVersion);
  }
}
