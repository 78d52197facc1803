/** The rules of Kubernetes that JSON Schema cannot say: unique entries of lists, and resources within a resource. */
import { childPath, duplicate, indexPath, required } from './field-error.ts';
import { additionalSchema, isObject, own, type Schema } from './model.ts';
import type { FieldError, JsonObject } from '../types.ts';

export function checkObjectRules(value: unknown, schema: Schema, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    errors.push(...checkUnique(value, schema, path));
    const items = schema.items;
    if (items === undefined) return errors;
    return [...errors, ...value.flatMap((item, index) => checkObjectRules(item, items, indexPath(path, index)))];
  }
  if (!isObject(value)) return errors;
  if (schema['x-kubernetes-embedded-resource'] === true) {
    for (const name of ['apiVersion', 'kind']) {
      if (typeof value[name] === 'string' && value[name] !== '') continue;
      errors.push(required(childPath(path, name), 'must not be empty'));
    }
  }
  for (const [key, item] of Object.entries(value)) {
    const property = own(schema.properties, key) ?? additionalSchema(schema);
    if (property !== undefined) errors.push(...checkObjectRules(item, property, childPath(path, key)));
  }
  return errors;
}

function checkUnique(list: readonly unknown[], schema: Schema, path: string): FieldError[] {
  const keyOf = entryKey(schema);
  if (keyOf === undefined) return [];
  const counts = new Map<string, number>();
  return list.flatMap((item, index) => {
    const key = keyOf(item);
    const text = canonical(key);
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    return count === 2 ? [duplicate(indexPath(path, index), key)] : [];
  });
}

/** What entries of a set or an associative list are told apart by; undefined for a list of any entries. */
export function entryKey(schema: Schema): ((entry: unknown) => unknown) | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return (entry) => entry;
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (entry) => {
    const result: JsonObject = {};
    if (isObject(entry)) for (const key of keys) if (Object.hasOwn(entry, key)) result[key] = entry[key];
    return result;
  };
}

/** JSON with sorted keys: equal texts mean equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
