/**
 * The rules of a structural schema: every node says its type, and the Kubernetes extensions fit together. Pruning,
 * defaulting and CEL rely on it. Value validations of allOf, anyOf, oneOf and not have been refused before.
 */
import { childPath, forbidden, invalid, keyPath, required } from './field-error.ts';
import { compilePattern } from './formats.ts';
import { own, type Schema } from './model.ts';
import { subschemas } from './walk.ts';
import type { FieldError } from '../types.ts';

const PLACES = { root: 'at the root', item: 'for specified array items', field: 'for specified object fields' };

/** Reports what is not structural about `schema`, whose shape has been checked. */
export function checkStructural(schema: Schema, path: string, place: keyof typeof PLACES = 'root'): FieldError[] {
  return [
    ...checkKeywords(schema, path),
    ...checkType(schema, path, place),
    ...(place === 'root' ? checkRoot(schema, path) : []),
    ...checkListType(schema, path),
    ...subschemas(schema, path).flatMap((inner) => checkStructural(inner.schema, inner.path, inner.role)),
  ];
}

function checkKeywords(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { additionalProperties: values = false, properties, pattern } = schema;
  if (values !== false && properties !== undefined) {
    const why = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbidden(childPath(path, 'additionalProperties'), why));
  }
  try {
    if (pattern !== undefined) compilePattern(pattern);
  } catch (error) {
    const why = `must be a valid regular expression, but isn't: ${error instanceof Error ? error.message : ''}`;
    errors.push(invalid(childPath(path, 'pattern'), pattern, why));
  }
  return errors;
}

function checkType(schema: Schema, path: string, place: keyof typeof PLACES): FieldError[] {
  const at = childPath(path, 'type');
  const { type, items, 'x-kubernetes-int-or-string': isEither = false } = schema;
  if (type === undefined) {
    const isOpen = isEither || schema['x-kubernetes-preserve-unknown-fields'] === true;
    return isOpen && place !== 'root' ? [] : [required(at, `must not be empty ${PLACES[place]}`)];
  }
  if (place === 'root' && type !== 'object') return [invalid(at, type, 'must be object at the root')];
  return type === 'array' && items === undefined ? [required(childPath(path, 'items'), 'must be specified')] : [];
}

/** A resource has metadata that the server knows better, and fields with names. */
function checkRoot(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (schema.additionalProperties !== undefined) {
    errors.push(forbidden(childPath(path, 'additionalProperties'), 'must not be used at the root'));
  }
  const named = Object.keys(own(schema.properties, 'metadata')?.properties ?? {});
  if (named.some((name) => name !== 'name' && name !== 'generateName')) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(keyPath(childPath(path, 'properties'), 'metadata'), why));
  }
  return errors;
}

function checkListType(schema: Schema, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keysPath = childPath(path, 'x-kubernetes-list-map-keys');
  if (listType !== undefined && schema.type !== 'array') {
    return [invalid(childPath(path, 'type'), schema.type, 'must be array if x-kubernetes-list-type is specified')];
  }
  if (listType !== 'map') return keys.length === 0 ? [] : [forbidden(keysPath, 'is for lists of type map alone')];
  if (keys.length === 0) return [required(keysPath, 'must not be empty if x-kubernetes-list-type is map')];
  const items = schema.items ?? {};
  return keys.flatMap((key) => {
    const property = own(items.properties, key);
    if (property === undefined) return [invalid(keysPath, keys, 'entries must all be names of item properties')];
    if (property.default !== undefined || items.required?.includes(key) === true) return [];
    const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
    const at = keyPath(childPath(childPath(path, 'items'), 'properties'), key);
    return [required(childPath(at, 'default'), why)];
  });
}
