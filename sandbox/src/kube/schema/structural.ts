/**
 * The rules of a structural schema: every node says its type, value validations below allOf, anyOf, oneOf and not say
 * nothing about structure, and the Kubernetes extensions fit together. Pruning, defaulting and CEL rely on it.
 */
import { childPath, duplicate, forbidden, indexPath, invalid, keyPath, notSupported, required } from './field-error.ts';
import { compilePattern } from './formats.ts';
import { own, type Schema } from './model.ts';
import type { FieldError } from '../types.ts';

type Level = 'root' | 'field' | 'item';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const UNSUPPORTED = ['id', '$ref', '$schema', 'patternProperties', 'definitions', 'dependencies', 'additionalItems'];
const COMPOSITIONS = ['allOf', 'anyOf', 'oneOf'] as const;
/** Keywords that say something about structure, and what a value validation must leave them at. */
const STRUCTURE: [keyof Schema, string][] = [
  ['type', 'must be empty to be structural'],
  ['default', 'must be undefined to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['description', 'must be empty to be structural'],
  ['title', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

const missing = (value: unknown): boolean => value === undefined || value === '' || value === false;

/** Reports what is not structural about `schema`, whose shape has been checked. */
export function checkStructural(schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(schema, 'root', path, errors);
  return errors;
}

function checkNode(schema: Schema, level: Level, path: string, errors: FieldError[]): void {
  checkSupported(schema, path, errors);
  checkType(schema, level, path, errors);
  checkExtensions(schema, path, errors);
  if (level === 'root' || schema['x-kubernetes-embedded-resource'] === true) checkResource(schema, path, errors);
  checkCompositions(schema, path, errors);
  if (level === 'root' && schema.nullable === true) {
    errors.push(forbidden(childPath(path, 'nullable'), 'nullable cannot be true at the root'));
  }
  if (schema.type === 'array' && schema.items === undefined) {
    errors.push(required(childPath(path, 'items'), 'must be specified'));
  }
  if (schema.items !== undefined) checkNode(schema.items, 'item', childPath(path, 'items'), errors);
  const additional = schema.additionalProperties;
  const additionalPath = childPath(path, 'additionalProperties');
  if (additional !== undefined && level === 'root')
    errors.push(forbidden(additionalPath, 'must not be used at the root'));
  if (additional !== undefined && additional !== false && schema.properties !== undefined) {
    errors.push(forbidden(additionalPath, 'additionalProperties and properties are mutual exclusive'));
  }
  if (typeof additional === 'object') checkNode(additional, 'field', additionalPath, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNode(property, 'field', keyPath(childPath(path, 'properties'), name), errors);
  }
}

function checkSupported(schema: Schema, path: string, errors: FieldError[]): void {
  for (const keyword of UNSUPPORTED) {
    if (Object.hasOwn(schema, keyword)) errors.push(forbidden(childPath(path, keyword), `${keyword} is not supported`));
  }
  if (schema.uniqueItems === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(childPath(path, 'uniqueItems'), why));
  }
  if (schema.pattern !== undefined) {
    const pattern = compilePattern(schema.pattern);
    if (pattern instanceof Error) {
      const why = `must be a valid regular expression, but isn't: ${pattern.message}`;
      errors.push(invalid(childPath(path, 'pattern'), schema.pattern, why));
    }
  }
}

function checkType(schema: Schema, level: Level, path: string, errors: FieldError[]): void {
  const at = childPath(path, 'type');
  if (schema['x-kubernetes-embedded-resource'] === true && schema.type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(missing(schema.type) ? required(at, why) : invalid(at, schema.type, why));
  } else if (missing(schema.type)) {
    const excused = schema['x-kubernetes-int-or-string'] ?? schema['x-kubernetes-preserve-unknown-fields'] ?? false;
    if (excused && level !== 'root') return;
    const where = { root: 'at the root', item: 'for specified array items', field: 'for specified object fields' };
    errors.push(required(at, `must not be empty ${where[level]}`));
  } else if (!TYPES.includes(schema.type ?? '')) {
    errors.push(notSupported(at, schema.type, TYPES));
    if (schema.type === 'null')
      errors.push(forbidden(at, 'type cannot be set to null, use nullable as an alternative'));
  } else if (level === 'root' && schema.type !== 'object') {
    errors.push(invalid(at, schema.type, 'must be object at the root'));
  }
}

function checkExtensions(schema: Schema, path: string, errors: FieldError[]): void {
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const at = childPath(path, 'x-kubernetes-preserve-unknown-fields');
    errors.push(invalid(at, false, 'must be true or undefined'));
  }
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined) {
    if (schema.type !== 'object') {
      errors.push(
        invalid(childPath(path, 'type'), schema.type, 'must be object if x-kubernetes-map-type is specified'),
      );
    }
    if (!['atomic', 'granular'].includes(mapType)) {
      errors.push(notSupported(childPath(path, 'x-kubernetes-map-type'), mapType, ['atomic', 'granular']));
    }
  }
  checkListType(schema, path, errors);
}

function checkListType(schema: Schema, path: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const listTypePath = childPath(path, 'x-kubernetes-list-type');
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const items = schema.items;
  const itemsPath = childPath(path, 'items');
  if (listType === undefined) {
    if (keys.length > 0) errors.push(required(listTypePath, 'must be map if x-kubernetes-list-map-keys is non-empty'));
    return;
  }
  if (schema.type !== 'array') {
    errors.push(invalid(childPath(path, 'type'), schema.type, 'must be array if x-kubernetes-list-type is specified'));
  }
  if (!['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(listTypePath, listType, ['atomic', 'set', 'map']));
  } else if (listType !== 'map' && keys.length > 0) {
    errors.push(invalid(listTypePath, listType, 'must be map if x-kubernetes-list-map-keys is non-empty'));
  }
  if (items === undefined) return;
  if (listType === 'map') checkMapKeys(keys, items, path, errors);
  if (listType !== 'set') return;
  if (items.nullable === true) {
    const why = 'cannot be nullable when x-kubernetes-list-type is set';
    errors.push(forbidden(childPath(itemsPath, 'nullable'), why));
  }
  for (const [type, extension] of [
    ['object', 'x-kubernetes-map-type'],
    ['array', 'x-kubernetes-list-type'],
  ] as const) {
    if (items.type !== type || items[extension] === 'atomic') continue;
    const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    errors.push(invalid(childPath(itemsPath, extension), items[extension], why));
  }
}

function checkMapKeys(keys: readonly string[], items: Schema, path: string, errors: FieldError[]): void {
  const keysPath = childPath(path, 'x-kubernetes-list-map-keys');
  if (keys.length === 0) errors.push(required(keysPath, 'must not be empty if x-kubernetes-list-type is map'));
  const itemsPath = childPath(path, 'items');
  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(childPath(itemsPath, 'type'), items.type, why));
    return;
  }
  const seen = new Set<string>();
  keys.forEach((key, index) => {
    if (seen.has(key)) errors.push(duplicate(indexPath(keysPath, index), key));
    seen.add(key);
    const property = own(items.properties, key);
    const propertyPath = keyPath(childPath(itemsPath, 'properties'), key);
    if (property === undefined) {
      errors.push(invalid(keysPath, keys, 'entries must all be names of item properties'));
    } else if (property.type === 'object' || property.type === 'array') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(childPath(propertyPath, 'type'), property.type, why));
    } else if (property.default === undefined && items.required?.includes(key) !== true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(childPath(propertyPath, 'default'), why));
    }
  });
}

/** A resource, at the root or embedded, has apiVersion, kind and metadata whatever its schema says. */
function checkResource(schema: Schema, path: string, errors: FieldError[]): void {
  const at = (name: string): string => keyPath(childPath(path, 'properties'), name);
  for (const [name, type] of [
    ['kind', 'string'],
    ['apiVersion', 'string'],
    ['metadata', 'object'],
  ] as const) {
    const property = own(schema.properties, name);
    if (property === undefined || property.type === type) continue;
    errors.push(invalid(childPath(at(name), 'type'), property.type, `must be ${type}`));
  }
  const named = Object.keys(own(schema.properties, 'metadata')?.properties ?? {});
  if (named.some((name) => name !== 'name' && name !== 'generateName')) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(at('metadata'), why));
  }
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (schema['x-kubernetes-embedded-resource'] !== true || preserves || schema.properties !== undefined) return;
  const why =
    'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
  errors.push(required(childPath(path, 'properties'), why));
}

function checkCompositions(schema: Schema, path: string, errors: FieldError[]): void {
  for (const keyword of COMPOSITIONS) {
    const branches = schema[keyword] ?? [];
    if (keyword === 'anyOf' && isIntOrString(schema, branches)) continue;
    branches.forEach((branch, index) => {
      const at = indexPath(childPath(path, keyword), index);
      if (keyword === 'allOf' && index === 0 && isIntOrString(schema, branch.anyOf ?? [])) return;
      checkValueValidation(branch, at, errors);
    });
  }
  if (schema.not !== undefined) checkValueValidation(schema.not, childPath(path, 'not'), errors);
}

/** The one place where a composition may name types, kept for schemas older than the extension. */
function isIntOrString(schema: Schema, branches: readonly Schema[]): boolean {
  const types = branches.map((branch) => branch.type).join();
  return schema['x-kubernetes-int-or-string'] === true && types === 'integer,string';
}

function checkValueValidation(schema: Schema, path: string, errors: FieldError[]): void {
  checkSupported(schema, path, errors);
  for (const [keyword, why] of STRUCTURE) {
    if (!missing(schema[keyword])) errors.push(forbidden(childPath(path, keyword), why));
  }
  for (const keyword of COMPOSITIONS) {
    (schema[keyword] ?? []).forEach((branch, index) =>
      checkValueValidation(branch, indexPath(childPath(path, keyword), index), errors),
    );
  }
  if (schema.not !== undefined) checkValueValidation(schema.not, childPath(path, 'not'), errors);
  if (schema.items !== undefined) checkValueValidation(schema.items, childPath(path, 'items'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkValueValidation(property, keyPath(childPath(path, 'properties'), name), errors);
  }
}
