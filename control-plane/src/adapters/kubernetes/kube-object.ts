/**
 * The part of a Kubernetes object that clients of every kind rely on, as plain JSON: no classes, dates as text, so that what
 * was read can be written back without loss.
 */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  /** Identity: an object deleted and made again under the same name has another. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
}

/** Objects that were read are shared: never change one, make a new one. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** What a caller hands over to be created: the server fills in the rest. */
export type NewObject = Omit<KubeObject, 'metadata'> & {
  readonly metadata: Partial<ObjectMeta> & Pick<ObjectMeta, 'name'>;
};

/** Which object; with `uid`, which incarnation of it. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** `namespace/name`, or the name alone for cluster-scoped objects: the key of caches and work queues. */
export function keyOf(ref: { readonly name: string; readonly namespace?: string }): string {
  return ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;
}

/** The object without anything but its name and its version. */
export function identityOf({ metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion } };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a JSON value is an object of the API that can be cached: named, identified and versioned. */
export function isKubeObject(value: unknown): value is KubeObject {
  if (!isRecord(value) || !isRecord(value.metadata)) return false;
  const { name, uid, resourceVersion } = value.metadata;
  return typeof name === 'string' && typeof uid === 'string' && typeof resourceVersion === 'string';
}
