/**
 * JSONSchemaProps as the sandbox works with it. {@link asSchema} is the one place where unknown JSON becomes a
 * {@link Schema}: it checks that every known keyword holds a value of the right shape, so the rest may rely on it.
 */
import { childPath, indexPath, keyPath, typeInvalid } from './field-error.ts';
import type { FieldError, JsonObject } from '../types.ts';

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface Schema {
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  nullable?: boolean;
  default?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  maxProperties?: number;
  uniqueItems?: boolean;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: string;
  'x-kubernetes-validations'?: ValidationRule[];
}

type Shape = 'string' | 'boolean' | 'number' | 'any' | 'strings' | 'list' | 'schema' | 'schemas' | 'map' | 'rules';

const EXTENSION = 'x-kubernetes-';
const SHAPES = shapes({
  string: `type format title description pattern ${EXTENSION}list-type ${EXTENSION}map-type`,
  boolean:
    'nullable exclusiveMinimum exclusiveMaximum uniqueItems ' +
    `${EXTENSION}preserve-unknown-fields ${EXTENSION}embedded-resource ${EXTENSION}int-or-string`,
  number: 'minimum maximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties',
  list: 'enum',
  strings: `required ${EXTENSION}list-map-keys`,
  schema: 'items not',
  schemas: 'allOf anyOf oneOf',
  map: 'properties',
  rules: `${EXTENSION}validations`,
});
const RULE_SHAPES = shapes({ string: 'rule message messageExpression reason fieldPath', boolean: 'optionalOldSelf' });

function shapes(keywords: Partial<Record<Shape, string>>): ReadonlyMap<string, Shape> {
  return new Map(
    Object.entries(keywords).flatMap(([shape, names]) =>
      names.split(' ').map((name) => [name, shape as Shape] as const),
    ),
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an own property: JSON may use any name, `constructor` and `__proto__` included. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The type of a JSON value in the words of OpenAPI. */
export function jsonType(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** Whether a JSON number is an int64; a greater one reaches a real server as a double. */
export function isInteger(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

/** Schemas of `additionalProperties`, which may also be a boolean. */
export function additionalSchema(schema: Schema): Schema | undefined {
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** What does not have the shape of a schema is reported to `errors`; the result must not be used then. */
export function asSchema(json: JsonObject, path: string, errors: FieldError[]): Schema {
  checkShapes(json, SHAPES, path, errors);
  return json;
}

function checkShapes(json: JsonObject, known: ReadonlyMap<string, Shape>, path: string, errors: FieldError[]): void {
  for (const [keyword, value] of Object.entries(json)) {
    const shape = keyword === 'additionalProperties' && typeof value !== 'boolean' ? 'schema' : known.get(keyword);
    if (shape !== undefined) checkShape(value, shape, childPath(path, keyword), errors);
  }
}

function checkShape(value: unknown, shape: Shape, path: string, errors: FieldError[]): void {
  const list = (valid: (item: unknown) => boolean, wanted: Shape): void => {
    if (!Array.isArray(value) || !value.every(valid)) wrongShape(value, 'array', path, errors);
    else if (wanted !== 'any') value.forEach((item, index) => checkShape(item, wanted, indexPath(path, index), errors));
  };
  switch (shape) {
    case 'any':
      return;
    case 'list':
    case 'schemas':
      list(() => true, shape === 'schemas' ? 'schema' : 'any');
      return;
    case 'strings':
      list((item) => typeof item === 'string', 'any');
      return;
    case 'rules':
      list((item) => isObject(item) && typeof item.rule === 'string', 'any');
      if (errors.length === 0 && Array.isArray(value)) {
        value.forEach((item: JsonObject, index) => checkShapes(item, RULE_SHAPES, indexPath(path, index), errors));
      }
      return;
    case 'schema':
    case 'map':
      if (!isObject(value)) wrongShape(value, 'object', path, errors);
      else if (shape === 'schema') checkShapes(value, SHAPES, path, errors);
      else for (const [key, item] of Object.entries(value)) checkShape(item, 'schema', keyPath(path, key), errors);
      return;
    case 'string':
    case 'boolean':
    case 'number':
      if (typeof value !== shape) wrongShape(value, shape, path, errors);
  }
}

function wrongShape(value: unknown, wanted: string, path: string, errors: FieldError[]): void {
  const type = jsonType(value);
  errors.push(typeInvalid(path, type, `${path} in body must be of type ${wanted}: "${type}"`));
}
