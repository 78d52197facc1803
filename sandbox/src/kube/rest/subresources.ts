/**
 * What subresources show and change: `status`, `finalize`, and `scale` as a view of the two numbers that a type names.
 */
import { ApiError } from '../api-error.ts';
import { isObject } from '../patch/json.ts';
import { mergePatch } from '../patch/index.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';

const fieldsOf = (path: string): string[] => path.split('.').filter(Boolean);

function readPath(object: JsonObject, path: string): unknown {
  return fieldsOf(path).reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), object);
}

/** `autoscaling/v1 Scale`. */
export function toScale(object: KubeObject, type: ResourceType): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { scale } = type.subresources;
  const replicas = (path: string | undefined): number => Number(readPath(object, path ?? '') ?? 0) || 0;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: replicas(scale?.specReplicasPath) },
    status: { replicas: replicas(scale?.statusReplicasPath) },
  };
}

/** The merge patch of the object that a new scale (or, with a media type, a merge patch of the scale) comes to. */
export function fromScale(input: {
  current: KubeObject;
  type: ResourceType;
  body: unknown;
  mediaType: string | undefined;
}): JsonObject {
  const { current, type, body, mediaType } = input;
  if (mediaType !== undefined && !/^application\/(strategic-)?merge-patch\+json$/.test(mediaType)) {
    throw ApiError.unsupportedMediaType('a scale is patched with application/merge-patch+json');
  }
  const scale = mediaType === undefined ? body : mergePatch(toScale(current, type), body);
  const replicas = isObject(scale) ? (readPath(scale, 'spec.replicas') ?? 0) : undefined;
  if (!Number.isSafeInteger(replicas) || Number(replicas) < 0) {
    throw ApiError.badRequest('spec.replicas must be a whole number, zero or more');
  }
  const resourceVersion = isObject(scale) ? readPath(scale, 'metadata.resourceVersion') : undefined;
  const fields = fieldsOf(type.subresources.scale?.specReplicasPath ?? '');
  const spec = fields.reduceRight<unknown>((value, field) => ({ [field]: value }), replicas) as JsonObject;
  return { ...spec, ...(typeof resourceVersion === 'string' ? { metadata: { resourceVersion } } : {}) };
}

export function setStatus(object: KubeObject, status: unknown): void {
  if (status === undefined) Reflect.deleteProperty(object, 'status');
  else object.status = status;
}

/** What a write through a subresource leaves of the change: status is changed through `/status` alone. */
export function withinSubresource(
  after: KubeObject,
  before: KubeObject,
  { type, subresource }: { type: ResourceType; subresource: string },
): KubeObject {
  if (subresource === '') {
    if (type.subresources.status) setStatus(after, before.status);
    return after;
  }
  const { managedFields } = after.metadata;
  const kept = structuredClone(before);
  if (managedFields === undefined) Reflect.deleteProperty(kept.metadata, 'managedFields');
  else kept.metadata.managedFields = managedFields;
  if (subresource === 'status') setStatus(kept, after.status);
  else if (isObject(after.spec)) kept.spec = { finalizers: after.spec.finalizers ?? [] };
  return kept;
}
