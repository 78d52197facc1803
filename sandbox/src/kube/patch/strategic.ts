/**
 * Strategic merge patch: a merge patch that knows, from the schemas of built-in types, which lists are merged by a key
 * and which as sets, and that can carry the directives of `kubectl apply` and `kubectl edit` (`$patch`, `$retainKeys`,
 * `$deleteFromPrimitiveList/…`, `$setElementOrder/…`). Items that no directive orders stand last.
 */
import { ApiError } from '../api-error.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { canonical, fieldOf, isObject, listOf } from './json.ts';
import { rootSchema, schemaAt } from './shape.ts';

/** Applies `patch` to an object of a built-in type; neither is changed. Thrown: 400 for a malformed patch. */
export function strategicMerge(current: KubeObject, patch: JsonObject, type: ResourceType): JsonObject {
  return mergeObject(structuredClone(current), structuredClone(patch), rootSchema(type));
}

function mergeObject(original: JsonObject, patch: JsonObject, schema: unknown): JsonObject {
  const { $patch, $retainKeys, ...changes } = patch;
  if ($patch === 'delete') return {};
  if ($patch !== undefined && $patch !== 'replace') throw unknownDirective($patch);
  const result = new Map(Object.entries($patch === 'replace' ? {} : original));
  for (const key of result.keys()) {
    if ($retainKeys !== undefined && !listOf($retainKeys).includes(key)) result.delete(key);
  }
  const directives = Object.entries(changes).filter(([key]) => key.startsWith('$'));
  for (const [key, value] of Object.entries(changes)) {
    if (key.startsWith('$')) continue;
    const before = result.get(key);
    const inside = schemaAt(schema, key);
    if (value === null || fieldOf(value, '$patch') === 'delete') result.delete(key);
    else if (isObject(value)) result.set(key, mergeObject(isObject(before) ? before : {}, value, inside));
    else if (Array.isArray(value)) result.set(key, mergeList(listOf(before), value, inside));
    else result.set(key, value);
  }
  for (const [directive, value] of directives) {
    const [name, field = ''] = directive.split('/');
    const list = result.get(field);
    if (!Array.isArray(value)) throw unknownDirective(directive);
    if (!Array.isArray(list)) continue;
    if (name === '$setElementOrder') result.set(field, inOrder(list, listOf(value), schemaAt(schema, field)));
    else if (name === '$deleteFromPrimitiveList') {
      const unwanted = new Set(listOf(value).map(canonical));
      result.set(
        field,
        list.filter((item) => !unwanted.has(canonical(item))),
      );
    } else throw unknownDirective(directive);
  }
  return Object.fromEntries(result);
}

function mergeList(original: readonly unknown[], patch: readonly unknown[], schema: unknown): readonly unknown[] {
  const items = patch.filter((item) => fieldOf(item, '$patch') === undefined);
  if (!isMerged(schema) || patch.some((item) => fieldOf(item, '$patch') === 'replace')) return items;
  const merged = new Map(original.map((item) => [keyOf(item, schema), item]));
  for (const item of patch) {
    const key = keyOf(item, schema);
    const before = merged.get(key);
    const $patch = fieldOf(item, '$patch');
    if ($patch === 'delete') merged.delete(key);
    else
      merged.set(
        key,
        isObject(item) ? mergeObject(isObject(before) ? before : {}, item, fieldOf(schema, 'items')) : item,
      );
  }
  return [...merged.values()];
}

function inOrder(list: readonly unknown[], order: readonly unknown[], schema: unknown): readonly unknown[] {
  if (!isMerged(schema)) return list;
  const wanted = order.map((item) => keyOf(item, schema));
  const rank = (item: unknown): number => wanted.indexOf(keyOf(item, schema)) + 1 || wanted.length + 1;
  return list.toSorted((one, other) => rank(one) - rank(other));
}

const mergeKeyOf = (schema: unknown): unknown => fieldOf(schema, 'x-kubernetes-patch-merge-key');

const isMerged = (schema: unknown): boolean =>
  mergeKeyOf(schema) !== undefined || fieldOf(schema, 'x-kubernetes-list-type') === 'set';

/** What tells list items apart: the value of the merge key, or the item itself. */
function keyOf(item: unknown, schema: unknown): string {
  const mergeKey = mergeKeyOf(schema);
  if (typeof mergeKey !== 'string') return canonical(item);
  const value = fieldOf(item, mergeKey);
  if (value !== undefined) return canonical(value);
  throw ApiError.badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`);
}

const unknownDirective = (directive: unknown): ApiError =>
  ApiError.badRequest(`unknown patch directive: ${JSON.stringify(directive)}`);
