/**
 * What happens to an object before it is validated: unspecified fields are pruned, and defaults are set. Both work in
 * place and are idempotent.
 */
import { childPath, indexPath } from './field-error.ts';
import { additionalSchema, isObject, own, type Schema } from './model.ts';

/** Fields that every resource has, whether its schema names them or not. */
const RESOURCE_FIELDS = ['apiVersion', 'kind', 'metadata'];

/**
 * Removes the fields that `schema` does not specify and adds their paths to `removed`.
 *
 * `resource` says that `value` is a resource, whose apiVersion, kind and metadata are left alone.
 */
export function prune(
  value: unknown,
  schema: Schema,
  options: { resource: boolean; path: string; removed: string[] },
): void {
  const { path, removed } = options;
  const inner = (item: unknown, itemSchema: Schema, itemPath: string): void => {
    prune(item, itemSchema, {
      resource: itemSchema['x-kubernetes-embedded-resource'] === true,
      path: itemPath,
      removed,
    });
  };
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items !== undefined) value.forEach((item, index) => inner(item, items, indexPath(path, index)));
    return;
  }
  if (!isObject(value)) return;
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  for (const key of Object.keys(value)) {
    if (options.resource && RESOURCE_FIELDS.includes(key)) continue;
    const property = own(schema.properties, key) ?? additionalSchema(schema);
    if (property !== undefined) {
      inner(value[key], property, childPath(path, key));
    } else if (!keepsUnknown) {
      Reflect.deleteProperty(value, key);
      removed.push(childPath(path, key));
    }
  }
}

/** Sets defaults in `value`, deep; a null that may not be one counts as absent, and is removed where nothing replaces it. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const items = schema.items;
    if (items === undefined) return;
    value.forEach((item, index) => {
      if (isStrayNull(item, items) && items.default !== undefined) value[index] = structuredClone(items.default);
      applyDefaults(value[index], items);
    });
    return;
  }
  if (!isObject(value)) return;
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && !Object.hasOwn(value, key)) value[key] = structuredClone(property.default);
  }
  for (const key of Object.keys(value)) {
    const property = own(schema.properties, key) ?? additionalSchema(schema);
    if (property === undefined) continue;
    if (isStrayNull(value[key], property)) {
      if (property.default === undefined) Reflect.deleteProperty(value, key);
      else value[key] = structuredClone(property.default);
    }
    applyDefaults(value[key], property);
  }
}

function isStrayNull(value: unknown, schema: Schema): boolean {
  return value === null && schema.nullable !== true;
}
