/**
 * Everything that walks a schema, or a value along its schema: pruning, defaulting, and unique entries, which JSON
 * Schema cannot say. Pruning and defaulting work in place and are idempotent.
 */
import { childPath, duplicate, indexPath, keyPath } from './field-error.ts';
import { isObject, own, type Schema } from './model.ts';
import type { FieldError } from '../types.ts';

/** Fields that every resource has, whether its schema names them or not. */
const RESOURCE_FIELDS: readonly unknown[] = ['apiVersion', 'kind', 'metadata'];

export interface Subschema {
  schema: Schema;
  path: string;
  role: 'field' | 'item';
}

/** The schemas directly inside `schema` that describe parts of a value. */
export function subschemas(schema: Schema, path: string): Subschema[] {
  const at = childPath(path, 'properties');
  const inside = Object.entries(schema.properties ?? {}).map(([name, property]): Subschema => ({
    schema: property,
    path: keyPath(at, name),
    role: 'field',
  }));
  const { items, additionalProperties: values } = schema;
  if (items !== undefined) inside.push({ schema: items, path: childPath(path, 'items'), role: 'item' });
  if (typeof values !== 'object') return inside;
  return [...inside, { schema: values, path: childPath(path, 'additionalProperties'), role: 'field' }];
}

export function propertySchema(schema: Schema, name: string): Schema | undefined {
  const values = schema.additionalProperties;
  return own(schema.properties, name) ?? (typeof values === 'object' ? values : undefined);
}

export interface ValuePart {
  key: string | number;
  value: unknown;
  schema: Schema;
  path: string;
}

/** The parts of a value that its schema describes. */
export function partsOf(value: unknown, schema: Schema, path = ''): ValuePart[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.map((item: unknown, key) => ({ key, value: item, schema: items, path: indexPath(path, key) }));
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const described = propertySchema(schema, key);
    return described === undefined ? [] : [{ key, value: item, schema: described, path: childPath(path, key) }];
  });
}

/**
 * Removes the fields that `schema` does not describe, and returns their paths. The apiVersion, kind and metadata of a
 * resource are left alone.
 */
export function prune(value: unknown, schema: Schema, path = '', resource = false): string[] {
  const removed: string[] = [];
  const isOwnAffair = (key: unknown): boolean => resource && RESOURCE_FIELDS.includes(key);
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  if (isObject(value) && !keepsUnknown) {
    for (const key of Object.keys(value)) {
      if (isOwnAffair(key) || propertySchema(schema, key) !== undefined) continue;
      Reflect.deleteProperty(value, key);
      removed.push(childPath(path, key));
    }
  }
  for (const part of partsOf(value, schema, path)) {
    if (!isOwnAffair(part.key)) removed.push(...prune(part.value, part.schema, part.path));
  }
  return removed;
}

/** Sets defaults, deep; a null that may not be one counts as absent, and is removed from objects without a default. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      if (property.default === undefined || Object.hasOwn(value, key)) continue;
      Reflect.set(value, key, structuredClone(property.default));
    }
  }
  for (const part of partsOf(value, schema)) {
    if (part.value === null && part.schema.nullable !== true) {
      part.value = structuredClone(part.schema.default);
      if (part.value !== undefined) Reflect.set(value, part.key, part.value);
      else if (!Array.isArray(value)) Reflect.deleteProperty(value, part.key);
    }
    applyDefaults(part.value, part.schema);
  }
}

/** Reports entries of sets and associative lists that come twice. */
export function checkUnique(value: unknown, schema: Schema, path = ''): FieldError[] {
  const parts = partsOf(value, schema, path);
  const inside = parts.flatMap((part) => checkUnique(part.value, part.schema, part.path));
  const keyOf = entryKey(schema);
  if (keyOf === undefined || !Array.isArray(value)) return inside;
  const counts = new Map<string, number>();
  for (const part of parts) {
    const key = keyOf(part.value);
    const count = (counts.get(canonical(key)) ?? 0) + 1;
    counts.set(canonical(key), count);
    if (count === 2) inside.push(duplicate(part.path, key));
  }
  return inside;
}

/** What entries of a set or an associative list are told apart by; undefined for a list of any entries. */
export function entryKey(schema: Schema): ((entry: unknown) => unknown) | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return (entry) => entry;
  if (schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return (entry) =>
    Object.fromEntries(isObject(entry) ? Object.entries(entry).filter(([key]) => keys.includes(key)) : []);
}

/** JSON with sorted keys: equal texts mean equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
