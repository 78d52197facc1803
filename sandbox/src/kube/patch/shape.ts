/**
 * What a schema says about merging: which objects and lists are taken apart, and which belong to one owner as a whole.
 * Names of parts are the path elements of FieldsV1: `f:` a field, `k:` the keys of a list item, `v:` a value of a set.
 */
import type { ResourceType } from '../types.ts';
import { fieldOf, isObject, listOf } from './json.ts';

export type Shape =
  | { kind: 'leaf' }
  | { kind: 'map'; part: (key: string) => { schema: unknown; named: boolean } }
  | { kind: 'list'; items: unknown; elementOf: (item: unknown) => string | ListKeyProblem };

/** The key field that an item of a list lacks. */
export interface ListKeyProblem {
  missingKey: string;
}

const LEAF: Shape = { kind: 'leaf' };
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

/** How a value takes part in merges; values without a schema are leaves. */
export function shapeOf(schema: unknown, value: unknown): Shape {
  if (schema === undefined) return LEAF;
  if (Array.isArray(value)) return listShape(schema);
  if (!isObject(value) || fieldOf(schema, 'x-kubernetes-map-type') === 'atomic') return LEAF;
  const properties = fieldOf(schema, 'properties');
  return {
    kind: 'map',
    part: (key) => {
      const property = fieldOf(properties, key);
      return { schema: property ?? fieldOf(schema, 'additionalProperties'), named: property !== undefined };
    },
  };
}

function listShape(schema: unknown): Shape {
  const listType = fieldOf(schema, 'x-kubernetes-list-type');
  const items = fieldOf(schema, 'items');
  if (listType === 'set') return { kind: 'list', items, elementOf: (item) => `v:${JSON.stringify(item)}` };
  if (listType !== 'map') return LEAF;
  const keys = listOf(fieldOf(schema, 'x-kubernetes-list-map-keys')).map(String).sort();
  const elementOf = (item: unknown): string | ListKeyProblem => {
    const found: Record<string, unknown> = {};
    for (const key of keys) {
      found[key] = fieldOf(item, key) ?? fieldOf(fieldOf(fieldOf(items, 'properties'), key), 'default');
      if (found[key] === undefined) return { missingKey: key };
    }
    return `k:${JSON.stringify(found)}`;
  };
  return { kind: 'list', items, elementOf };
}

/** Whether real servers keep the object even when it is empty: a structure of a built-in type, held by value. */
export function isStructure(schema: unknown): boolean {
  return fieldOf(schema, 'properties') !== undefined;
}
