/**
 * The rules of a structural schema: every node says its type, value validations below allOf, anyOf, oneOf and not say
 * nothing about structure, and the Kubernetes extensions fit together. Pruning, defaulting and CEL rely on it.
 */
import { childPath, forbidden, indexPath, invalid, keyPath, notSupported, required } from './field-error.ts';
import { compilePattern } from './formats.ts';
import { own, type Schema } from './model.ts';
import { subschemas } from './walk.ts';
import type { FieldError } from '../types.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const UNSUPPORTED = (
  'id $ref $schema patternProperties definitions dependencies additionalItems uniqueItems ' +
  'x-kubernetes-embedded-resource'
).split(' ');
/** What value validations must not say. */
const STRUCTURE = (
  'type default additionalProperties description title nullable x-kubernetes-preserve-unknown-fields ' +
  'x-kubernetes-int-or-string x-kubernetes-list-map-keys x-kubernetes-list-type ' +
  'x-kubernetes-map-type x-kubernetes-validations'
).split(' ');
const PLACES = { root: 'at the root', item: 'for specified array items', field: 'for specified object fields' };

/** Reports what is not structural about `schema`, whose shape has been checked. */
export function checkStructural(schema: Schema, path: string, place: keyof typeof PLACES = 'root'): FieldError[] {
  return [
    ...checkKeywords(schema, path),
    ...checkType(schema, path, place),
    ...(place === 'root' ? checkRoot(schema, path) : []),
    ...checkListType(schema, path),
    ...branches(schema, path).flatMap((branch) => checkValueValidation(branch.schema, branch.path)),
    ...subschemas(schema, path).flatMap((inner) => checkStructural(inner.schema, inner.path, inner.role)),
  ];
}

function checkKeywords(schema: Schema, path: string): FieldError[] {
  const errors = UNSUPPORTED.filter((keyword) => Object.hasOwn(schema, keyword)).map((keyword) =>
    forbidden(childPath(path, keyword), `${keyword} is not supported`),
  );
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
  const { type = '', items } = schema;
  if (type === '') {
    const open =
      schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
    return open && place !== 'root' ? [] : [required(at, `must not be empty ${PLACES[place]}`)];
  }
  if (!TYPES.includes(type)) return [notSupported(at, type, TYPES)];
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
  if (listType !== undefined && !LIST_TYPES.includes(listType)) {
    return [notSupported(childPath(path, 'x-kubernetes-list-type'), listType, LIST_TYPES)];
  }
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

/** The value validations directly inside `schema`. */
function branches(schema: Schema, path: string): { schema: Schema; path: string }[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  // The one place where a composition may name types, kept for schemas older than the extension.
  const isIntOrString =
    schema['x-kubernetes-int-or-string'] === true && anyOf.map(({ type }) => type).join() === 'integer,string';
  const lists = Object.entries({ allOf, anyOf: isIntOrString ? [] : anyOf, oneOf });
  return [
    ...lists.flatMap(([keyword, list]) =>
      list.map((branch, index) => ({ schema: branch, path: indexPath(childPath(path, keyword), index) })),
    ),
    ...(not === undefined ? [] : [{ schema: not, path: childPath(path, 'not') }]),
  ];
}

function checkValueValidation(schema: Schema, path: string): FieldError[] {
  const structure = Object.keys(schema).filter((keyword) => STRUCTURE.includes(keyword));
  return [
    ...checkKeywords(schema, path),
    ...structure.map((keyword) => forbidden(childPath(path, keyword), 'must be empty to be structural')),
    ...[...branches(schema, path), ...subschemas(schema, path)].flatMap((inner) =>
      checkValueValidation(inner.schema, inner.path),
    ),
  ];
}
