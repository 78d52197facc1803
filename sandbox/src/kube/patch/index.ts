/**
 * The patches a client can send, each a pure function from the current object to the patched one. What the result may
 * be (a name that matches the URL, schemas, immutable fields) is the business of the write path that follows.
 */
import jsonPatch, { type Operation } from 'fast-json-patch';
import { ApiError } from '../api-error.ts';
import { apiVersionOf, type JsonObject, type KubeObject, type ResourceType } from '../types.ts';
import { fieldOf, isObject } from './json.ts';
import { strategicMerge } from './strategic.ts';

export { trackManagedFields } from './managed-fields.ts';
export { applyServerSide } from './server-side-apply.ts';

export interface PatchInput {
  contentType: string;
  /** The parsed body; it is not changed. */
  patch: unknown;
  /** It is not changed. */
  current: KubeObject;
  type: ResourceType;
}

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

/**
 * Applies a JSON, merge or (built-in types only) strategic merge patch; server-side apply is `applyServerSide`. Throws
 * 415 for a media type that the resource does not take, 400 for a malformed patch, 422 for one that does not apply.
 */
export function applyPatch(input: PatchInput): KubeObject {
  const mediaType = input.contentType.split(';')[0]?.trim().toLowerCase();
  const { current, patch, type } = input;
  if (mediaType === JSON_PATCH) return checked(applyJsonPatch(current, patch), type);
  if (mediaType === MERGE_PATCH) return checked(mergePatch(current, requireObject(patch)), type);
  if (mediaType === STRATEGIC_PATCH && type.builtIn) {
    return checked(strategicMerge(current, requireObject(patch), type), type);
  }
  throw unsupportedPatch(type);
}

/** The 415 that names the patches a type takes. */
export function unsupportedPatch(type: ResourceType): ApiError {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(type.builtIn ? [STRATEGIC_PATCH] : []), APPLY_PATCH].join(', ');
  return ApiError.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** RFC 6902. */
function applyJsonPatch(current: KubeObject, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw ApiError.badRequest('error decoding patch: it must be a list of operations');
  let document: unknown = structuredClone(current);
  for (const operation of structuredClone<unknown[]>(patch)) {
    if (!isOperation(operation) || !staysOnOwnFields(document, operation)) throw doesNotApply();
    try {
      document = jsonPatch.applyOperation(document, operation, true).newDocument;
    } catch {
      throw doesNotApply();
    }
  }
  return document;
}

/** The library checks the rest of an operation itself. */
function isOperation(operation: unknown): operation is Operation {
  return typeof fieldOf(operation, 'op') === 'string' && typeof fieldOf(operation, 'path') === 'string';
}

/** The library also follows inherited members, such as `/data/toString`: those do not exist in a JSON document. */
function staysOnOwnFields(document: unknown, operation: Operation): boolean {
  const pointers = [operation.path, fieldOf(operation, 'from')].filter((pointer) => typeof pointer === 'string');
  return pointers.every((pointer) => {
    const keys = pointer.split('/').slice(1, -1).map(jsonPatch.unescapePathComponent);
    let value = document;
    for (const key of keys) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
      value = Reflect.get(value, key);
    }
    return true;
  });
}

const doesNotApply = (): ApiError =>
  new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

/** RFC 7386; the result shares no changed part with either argument. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return structuredClone(patch);
  const fields = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) fields.delete(key);
    else fields.set(key, mergePatch(fields.get(key), value));
  }
  return Object.fromEntries(fields);
}

function requireObject(patch: unknown): JsonObject {
  if (isObject(patch)) return patch;
  throw ApiError.badRequest('error decoding patch: it must be an object');
}

/** A patch may not turn the object into something else. */
function checked(patched: unknown, type: ResourceType): KubeObject {
  if (isObject(patched) && isObject(patched.metadata)) {
    const isSameKind = patched.kind === type.kind && patched.apiVersion === apiVersionOf(type);
    if (isSameKind) return patched as KubeObject;
  }
  throw ApiError.badRequest('a patch may not change apiVersion or kind, nor remove metadata');
}
