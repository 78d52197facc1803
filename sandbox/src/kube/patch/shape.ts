/**
 * What a schema says about merging: which objects and lists are taken apart, and which belong to one owner as a whole.
 * Paths of parts are those of FieldsV1: `f:` a field, `k:` the keys of a list item, `v:` a value of a set.
 */
import type { ResourceType } from '../types.ts';
import { canonical, fieldOf, isObject, listOf } from './json.ts';

export interface Part {
  path: string;
  /** In the object; the path element of an item of a list. */
  key: string;
  value: unknown;
  schema: unknown;
  /** A field that the schema names, as opposed to a key of a map or an item of a list. */
  named: boolean;
}

const SEPARATOR = '\0';
const TEXTS = { type: 'object', additionalProperties: { type: 'string' } };
const METADATA = {
  type: 'object',
  properties: {
    labels: TEXTS,
    annotations: TEXTS,
    finalizers: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      'x-kubernetes-patch-merge-key': 'uid',
      items: { type: 'object', 'x-kubernetes-map-type': 'atomic' },
    },
  },
};

/** The schema of whole objects of a type. */
export function rootSchema(type: ResourceType): unknown {
  const openapi = type.schema?.openapi ?? {};
  const properties = fieldOf(openapi, 'properties');
  return { ...openapi, properties: { ...(isObject(properties) ? properties : {}), metadata: METADATA } };
}

export const pathOf = (parent: string, element: string): string =>
  parent === '' ? element : parent + SEPARATOR + element;
export const elementsOf = (path: string): string[] => path.split(SEPARATOR);
export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(SEPARATOR)));

/** The schema of a field of an object, or of a value of a map. */
export const schemaAt = (schema: unknown, key: string): unknown =>
  fieldOf(fieldOf(schema, 'properties'), key) ?? fieldOf(schema, 'additionalProperties');

/** Whether the schema wants the items of a list told apart, by keys or as the values of a set. */
export const isKeyedList = (schema: unknown): boolean =>
  ['set', 'map'].includes(String(fieldOf(schema, 'x-kubernetes-list-type')));

/**
 * The parts of an object or list by path; undefined for what belongs to one owner as a whole: values without a schema,
 * atomic ones, and lists whose items cannot be told apart after all.
 */
export function partsOf(value: unknown, schema: unknown, at: string): Map<string, Part> | undefined {
  const parts = new Map<string, Part>();
  if (Array.isArray(value) && isKeyedList(schema)) {
    const items = fieldOf(schema, 'items');
    for (const item of value as unknown[]) {
      const key = elementOf(item, schema);
      const path = pathOf(at, key);
      if (key === '' || parts.has(path)) return undefined;
      parts.set(path, { path, key, value: item, schema: items, named: false });
    }
    return parts;
  }
  if (!isObject(value) || schema === undefined || fieldOf(schema, 'x-kubernetes-map-type') === 'atomic')
    return undefined;
  for (const [key, field] of Object.entries(value)) {
    const path = pathOf(at, `f:${key}`);
    const named = fieldOf(fieldOf(schema, 'properties'), key) !== undefined;
    parts.set(path, { path, key, value: field, schema: schemaAt(schema, key), named });
  }
  return parts;
}

/** The path element of an item; '' when a key is missing and has no default. */
function elementOf(item: unknown, schema: unknown): string {
  if (fieldOf(schema, 'x-kubernetes-list-type') === 'set') return `v:${JSON.stringify(item)}`;
  const names = listOf(fieldOf(schema, 'x-kubernetes-list-map-keys')).map(String);
  const keys = names.map((name) => {
    const fallback = fieldOf(schemaAt(fieldOf(schema, 'items'), name), 'default');
    return [name, fieldOf(item, name) ?? fallback] as const;
  });
  return keys.some(([, value]) => value === undefined) ? '' : `k:${canonical(Object.fromEntries(keys))}`;
}
