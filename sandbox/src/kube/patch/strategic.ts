/**
 * Strategic merge patch: a merge patch that knows, for built-in types, which lists are merged by a key and which as
 * sets, and that can carry directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`).
 */
import { ApiError } from '../api-error.ts';
import { patchStrategyOf } from '../openapi/builtin-schemas.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { canonical, fieldOf, isObject } from './json.ts';

/** Where in the object the patch is, as field names from the root. */
interface Place {
  type: ResourceType;
  path: readonly string[];
}

const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER_OF = '$setElementOrder/';

/** Applies `patch` to an object of a built-in type; neither is changed. Thrown: 400 or 500 for a malformed patch. */
export function strategicMerge(current: KubeObject, patch: JsonObject, type: ResourceType): JsonObject {
  const { apiVersion, kind } = current;
  return { apiVersion, kind, ...mergeObject(structuredClone(current), structuredClone(patch), { type, path: [] }) };
}

function mergeObject(original: JsonObject, { $patch, $retainKeys, ...patch }: JsonObject, place: Place): JsonObject {
  if ($patch === 'delete') return {};
  if ($patch !== undefined && $patch !== 'replace') throw unknownDirective($patch, { $patch, ...patch });
  const result = new Map(Object.entries($patch === 'replace' ? {} : original));
  const fields = Object.keys(patch).filter((key) => !key.startsWith(DELETE_FROM) && !key.startsWith(ORDER_OF));
  if ($retainKeys !== undefined) {
    const retained = texts($retainKeys);
    if (retained === undefined || fields.some((field) => !retained.includes(field))) throw badFormat('retainKeys');
    for (const key of result.keys()) if (!retained.includes(key)) result.delete(key);
  }
  for (const field of fields) {
    const value = patch[field];
    const before = result.get(field);
    const inside = { ...place, path: [...place.path, field] };
    if (value === null) result.delete(field);
    else if (isObject(value)) result.set(field, mergeObject(isObject(before) ? before : {}, value, inside));
    else if (Array.isArray(value)) result.set(field, mergeList(Array.isArray(before) ? before : [], value, inside));
    else result.set(field, value);
    if (isObject(value) && value.$patch === 'delete') result.delete(field);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) continue;
    const field = key.slice(key.indexOf('/') + 1);
    const list = result.get(field);
    if (!Array.isArray(value)) throw badFormat(key.startsWith(ORDER_OF) ? 'setElementOrder list' : 'primitive list');
    if (!Array.isArray(list)) continue;
    const inside = { ...place, path: [...place.path, field] };
    if (key.startsWith(DELETE_FROM)) {
      const unwanted = new Set(value.map(canonical));
      result.set(
        field,
        list.filter((item) => !unwanted.has(canonical(item))),
      );
    } else result.set(field, reorder(list, { order: value, patched: patch[field], before: original[field] }, inside));
  }
  return Object.fromEntries(result);
}

function mergeList(original: unknown[], patch: unknown[], place: Place): unknown[] {
  const { strategy, mergeKey } = strategyAt(place);
  if (strategy === 'replace' || (mergeKey === undefined && strategy === 'merge')) return patch.map(withoutDirectives);
  const directives = patch.filter((item) => fieldOf(item, '$patch') !== undefined);
  const items = patch.filter((item) => !directives.includes(item));
  let kept = original;
  for (const directive of directives) {
    const $patch = fieldOf(directive, '$patch');
    if ($patch === 'replace') return items.map(withoutDirectives);
    if ($patch !== 'delete') throw unknownDirective($patch, directive);
    const key = keyOf(directive, mergeKey);
    kept = kept.filter((item) => keyOf(item, mergeKey) !== key);
  }
  const merged = new Map(kept.map((item) => [keyOf(item, mergeKey), item]));
  for (const item of items) {
    const key = keyOf(item, mergeKey);
    const before = merged.get(key);
    merged.set(key, isObject(item) ? mergeObject(isObject(before) ? before : {}, item, place) : item);
  }
  return arrange([...merged.values()], { order: items, before: original, mergeKey });
}

interface Arrangement {
  /** Items the patch names, in the order it wants. */
  order: readonly unknown[];
  /** The list before the patch. */
  before: readonly unknown[];
  mergeKey: string | undefined;
}

/** Items that the patch names stand in its order; the others are put between them as they stood before. */
function arrange(list: readonly unknown[], { order, before, mergeKey }: Arrangement): unknown[] {
  const wanted = order.map((item) => keyOf(item, mergeKey));
  const previous = before.map((item) => keyOf(item, mergeKey));
  const entries = list.map((item) => ({ item, key: keyOf(item, mergeKey) }));
  const named = entries.filter(({ key }) => wanted.includes(key));
  named.sort((one, other) => wanted.indexOf(one.key) - wanted.indexOf(other.key));
  const rest = entries.filter(({ key }) => !wanted.includes(key));
  rest.sort((one, other) => previous.indexOf(one.key) - previous.indexOf(other.key));
  const result: unknown[] = [];
  for (const { item, key } of named) {
    const position = previous.indexOf(key);
    while (rest[0] !== undefined && position >= 0 && previous.indexOf(rest[0].key) < position) {
      result.push(rest.shift()?.item);
    }
    result.push(item);
  }
  return [...result, ...rest.map(({ item }) => item)];
}

function reorder(
  list: unknown[],
  change: { order: unknown[]; patched: unknown; before: unknown },
  place: Place,
): unknown[] {
  const { strategy, mergeKey } = strategyAt(place);
  if (strategy === 'replace') return list;
  const { order, patched, before } = change;
  const wanted = order.map((item) => keyOf(item, mergeKey));
  const positions = (Array.isArray(patched) ? patched : [])
    .filter((item) => fieldOf(item, '$patch') === undefined)
    .map((item) => wanted.indexOf(keyOf(item, mergeKey)));
  if (positions.some((position, index) => position < 0 || position < (positions[index - 1] ?? 0))) {
    const lists = `The order in patch list:\n${goText(patched)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`;
    throw new ApiError(500, '', lists);
  }
  return arrange(list, { order, before: Array.isArray(before) ? before : [], mergeKey });
}

function strategyAt({ type, path }: Place): NonNullable<ReturnType<typeof patchStrategyOf>> {
  return patchStrategyOf(type.kind, path, type.group) ?? { strategy: 'replace' };
}

/** What tells list items apart: the value of the merge key, or the item itself. */
function keyOf(item: unknown, mergeKey: string | undefined): string {
  if (mergeKey === undefined) return canonical(item);
  const value = fieldOf(item, mergeKey);
  if (value !== undefined) return canonical(value);
  throw new ApiError(500, '', `map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
}

/** A value that is taken as it is, but for directives, which never are part of an object. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(
    ([key]) => !/^\$(patch$|retainKeys$|setElementOrder\/|deleteFrom)/.test(key),
  );
  return Object.fromEntries(fields.map(([key, field]) => [key, withoutDirectives(field)]));
}

const texts = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;

/** As Go prints values in messages. */
function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isObject(value)) return typeof value === 'string' ? value : canonical(value ?? null).replace('null', '<nil>');
  const fields = Object.keys(value).sort();
  return `map[${fields.map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
}

const badFormat = (what: string): ApiError => ApiError.badRequest(`invalid patch format of ${what}`);

const unknownDirective = (directive: unknown, map: unknown): ApiError =>
  new ApiError(500, '', `unknown patch type: ${goText(directive)} in map: ${goText(map)}`);
