/**
 * Validation of values by ajv: a structural schema becomes the JSON Schema that means the same, and ajv's errors become
 * the field errors of a real server. Compiled lazily, because most schemas of a server are never used.
 */
import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import { childPath, indexPath, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-error.ts';
import { compilePattern, FORMATS } from './formats.ts';
import { isInteger, jsonType, type Schema } from './model.ts';
import type { FieldError, JsonObject } from '../types.ts';

const COPIED = [
  'enum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'required',
] as const;

const each = (keywords: string, shape: SchemaObject): SchemaObject =>
  Object.fromEntries(keywords.split(' ').map((keyword) => [keyword, shape]));
const NESTED = { $ref: 'schema' };
const TEXTS = { type: 'array', items: { type: 'string' } };
const RULE = {
  type: 'object',
  required: ['rule'],
  properties: {
    ...each('rule message messageExpression reason fieldPath', { type: 'string' }),
    optionalOldSelf: { type: 'boolean' },
  },
};
/** What a schema looks like; keywords that are not named here are not looked at. */
const META_SCHEMA: SchemaObject = {
  $id: 'schema',
  type: 'object',
  properties: {
    ...each('type format title description pattern x-kubernetes-list-type x-kubernetes-map-type', { type: 'string' }),
    ...each('nullable exclusiveMinimum exclusiveMaximum uniqueItems', { type: 'boolean' }),
    ...each('x-kubernetes-preserve-unknown-fields x-kubernetes-embedded-resource', { type: 'boolean' }),
    ...each('x-kubernetes-int-or-string', { type: 'boolean' }),
    ...each('minimum maximum multipleOf minLength maxLength minItems maxItems', { type: 'number' }),
    ...each('minProperties maxProperties', { type: 'number' }),
    ...each('required x-kubernetes-list-map-keys', TEXTS),
    ...each('allOf anyOf oneOf', { type: 'array', items: NESTED }),
    ...each('items not', NESTED),
    enum: { type: 'array' },
    properties: { type: 'object', additionalProperties: NESTED },
    additionalProperties: { type: ['object', 'boolean'], if: { type: 'object' }, then: NESTED },
    'x-kubernetes-validations': { type: 'array', items: RULE },
  },
};

const ajv = new Ajv({
  code: { optimize: false },
  allErrors: true,
  verbose: true,
  strict: false,
  ownProperties: true,
  logger: false,
  formats: FORMATS,
});
ajv.addKeyword({
  keyword: 're2',
  type: 'string',
  compile: (pattern: string) => {
    const compiled = compilePattern(pattern);
    return (text: string) => compiled instanceof Error || compiled.test(text);
  },
});
ajv.addKeyword({
  keyword: 'int64',
  type: 'number',
  validate: (_: true, value: number) => !Number.isInteger(value) || isInteger(value),
});

let checkShape: ValidateFunction | undefined;

/** A function that reports what is wrong with a value; it never throws. */
export function valueValidator(schema: Schema): (value: unknown) => FieldError[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= ajv.compile(jsonSchemaOf(schema));
    if (validate(value)) return [];
    return withoutBranches(validate.errors ?? []).map((error) => fieldErrorOf(error, value));
  };
}

/**
 * JSON as a schema, if every keyword in it holds a value of the right shape; what follows relies on that. Otherwise the
 * result must not be used, and `errors` says why.
 */
export function asSchema(json: JsonObject, path: string, errors: FieldError[]): Schema {
  checkShape ??= ajv.compile(META_SCHEMA);
  if (!checkShape(json)) errors.push(...(checkShape.errors ?? []).map((error) => fieldErrorOf(error, json, path)));
  return json;
}

function typesOf(schema: Schema): string[] | undefined {
  const types = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : [schema.type ?? ''];
  if (types[0] === '') return undefined;
  return schema.nullable === true ? [...types, 'null'] : types;
}

function jsonSchemaOf(schema: Schema): SchemaObject {
  const types = typesOf(schema);
  const result: SchemaObject = {};
  if (types !== undefined) result.type = types;
  if (types?.includes('integer') === true) result.int64 = true;
  for (const keyword of COPIED) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  if (schema.format !== undefined) result.format = schema.format;
  if (schema.pattern !== undefined) result.re2 = schema.pattern;
  if (schema.minimum !== undefined) {
    result[schema.exclusiveMinimum === true ? 'exclusiveMinimum' : 'minimum'] = schema.minimum;
  }
  if (schema.maximum !== undefined) {
    result[schema.exclusiveMaximum === true ? 'exclusiveMaximum' : 'maximum'] = schema.maximum;
  }
  if (schema.items !== undefined) result.items = jsonSchemaOf(schema.items);
  if (schema.properties !== undefined) result.properties = mapped(schema.properties);
  if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = jsonSchemaOf(schema.additionalProperties);
  }
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    const branches = schema[keyword];
    if (branches !== undefined && branches.length > 0) result[keyword] = branches.map(jsonSchemaOf);
  }
  if (schema.not !== undefined) result.not = jsonSchemaOf(schema.not);
  return result;
}

function mapped(properties: Record<string, Schema>): Record<string, SchemaObject> {
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, jsonSchemaOf(property)]));
}

/**
 * Of a failed anyOf or oneOf, ajv reports the failures of every branch; a real server reports those of the branch that
 * came closest, and none of them when too many branches held.
 */
function withoutBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  let kept = [...errors];
  for (const error of errors) {
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') continue;
    const branchOf = (other: ErrorObject): string | undefined =>
      other.schemaPath.startsWith(`${error.schemaPath}/`) && other.instancePath.startsWith(error.instancePath)
        ? other.schemaPath.slice(error.schemaPath.length + 1).split('/')[0]
        : undefined;
    const counts = new Map<string, number>();
    for (const other of kept) {
      const branch = branchOf(other);
      if (branch !== undefined) counts.set(branch, (counts.get(branch) ?? 0) + 1);
    }
    const none = error.keyword === 'anyOf' || passing(error).length === 0;
    const closest = none ? [...counts].toSorted((a, b) => a[1] - b[1])[0]?.[0] : undefined;
    kept = kept.filter((other) => branchOf(other) === undefined || branchOf(other) === closest);
  }
  return kept;
}

function passing(error: ErrorObject): readonly unknown[] {
  const schemas: unknown = error.params.passingSchemas;
  return Array.isArray(schemas) ? schemas : [];
}

/** `/spec/list/0` as `spec.list[0]`; what is an index and what a name is read off the value. */
function fieldPathOf(pointer: string, root: unknown, above: string): string {
  let path = above;
  let value: unknown = root;
  for (const raw of pointer.split('/').slice(1)) {
    const name = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) {
      path = indexPath(path, Number(name));
      value = value[Number(name)];
    } else {
      path = childPath(path, name);
      value = (value as Record<string, unknown>)[name];
    }
  }
  return path;
}

function fieldErrorOf(error: ErrorObject, root: unknown, above = ''): FieldError {
  const path = fieldPathOf(error.instancePath, root, above);
  const limit = Number(error.params.limit);
  const wrong = (detail: string, value: unknown = error.data): FieldError =>
    invalid(path, value, `${path} in body ${detail}`);
  const wrongType = (wanted: string): FieldError => {
    const type = jsonType(error.data);
    return typeInvalid(path, type, `${path} in body must be of type ${wanted}: "${type}"`);
  };
  switch (error.keyword) {
    case 'required':
      return required(childPath(path, String(error.params.missingProperty)));
    case 'type':
      return wrongType(
        [error.schema]
          .flat()
          .filter((type) => type !== 'null')
          .join(','),
      );
    case 'int64':
      return wrongType('integer');
    case 'enum':
      return notSupported(path, error.data, Array.isArray(error.schema) ? error.schema : []);
    case 'format':
      return wrong(`must be of type ${String(error.schema)}: ${JSON.stringify(error.data)}`);
    case 're2':
      return wrong(`should match '${String(error.schema)}'`);
    case 'minimum':
      return wrong(`should be greater than or equal to ${limit}`);
    case 'exclusiveMinimum':
      return wrong(`should be greater than ${limit}`);
    case 'maximum':
      return wrong(`should be less than or equal to ${limit}`);
    case 'exclusiveMaximum':
      return wrong(`should be less than ${limit}`);
    case 'multipleOf':
      return wrong(`should be a multiple of ${String(error.schema)}`);
    case 'minLength':
      return wrong(`should be at least ${limit} chars long`);
    case 'maxLength':
      return tooLong(path, limit);
    case 'minItems':
      return wrong(`should have at least ${limit} items`, sizeOf(error.data));
    case 'minProperties':
      return wrong(`should have at least ${limit} properties`, sizeOf(error.data));
    case 'maxItems':
    case 'maxProperties':
      return tooMany(path, sizeOf(error.data), limit);
    case 'anyOf':
      return invalid('', '', `"${path}" must validate at least one schema (anyOf)`);
    case 'oneOf': {
      const count = passing(error).length;
      const found = count === 0 ? 'none valid' : `${count} valid alternatives`;
      return invalid('', '', `"${path}" must validate one and only one schema (oneOf). Found ${found}`);
    }
    case 'not':
      return invalid('', '', `"${path}" must not validate the schema (not)`);
    default:
      return wrong(error.message ?? error.keyword);
  }
}

function sizeOf(value: unknown): number {
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}
