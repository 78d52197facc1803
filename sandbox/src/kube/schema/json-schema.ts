/**
 * Validation of values by ajv: a structural schema becomes the JSON Schema that means the same, and ajv's errors become
 * the field errors of a real server. Compiled lazily, because most schemas of a server are never used.
 */
import { Ajv, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import { childPath, indexPath, invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-error.ts';
import { compilePattern, FORMATS } from './formats.ts';
import { jsonType, type Schema } from './model.ts';
import type { FieldError, JsonObject } from '../types.ts';

const COUNTS = 'minLength maxLength minItems maxItems minProperties maxProperties';
const COPIED = `enum format pattern required minimum maximum ${COUNTS}`.split(' ');

const each = (keywords: string, shape: SchemaObject | false): SchemaObject =>
  Object.fromEntries(keywords.split(' ').map((keyword) => [keyword, shape]));
const NESTED = { $ref: 'schema' };
const UNSUPPORTED =
  '$ref $schema patternProperties definitions dependencies additionalItems uniqueItems allOf anyOf oneOf not ' +
  'multipleOf exclusiveMinimum exclusiveMaximum x-kubernetes-embedded-resource';
const RULE = {
  type: 'object',
  required: ['rule'],
  properties: {
    ...each('rule message messageExpression reason fieldPath', { type: 'string' }),
    optionalOldSelf: { enum: [false] },
  },
};
/**
 * What a schema looks like. Keywords that are not named here are not looked at; those that change what a schema means,
 * and that the sandbox does without, are refused.
 */
const META_SCHEMA: SchemaObject = {
  $id: 'schema',
  type: 'object',
  properties: {
    ...each('format title description pattern x-kubernetes-map-type', { type: 'string' }),
    type: { enum: ['array', 'boolean', 'integer', 'number', 'object', 'string'] },
    'x-kubernetes-list-type': { enum: ['atomic', 'set', 'map'] },
    ...each('nullable x-kubernetes-int-or-string x-kubernetes-preserve-unknown-fields', { type: 'boolean' }),
    ...each(`minimum maximum ${COUNTS}`, { type: 'number' }),
    ...each('required x-kubernetes-list-map-keys', { type: 'array', items: { type: 'string' } }),
    items: NESTED,
    ...each(UNSUPPORTED, false),
    enum: { type: 'array' },
    properties: { type: 'object', additionalProperties: NESTED },
    additionalProperties: { type: ['object', 'boolean'], if: { type: 'object' }, then: NESTED },
    'x-kubernetes-validations': { type: 'array', items: RULE },
  },
};

/** What is said of a value by the keyword that it fails, if nothing more special is. */
const DETAILS: Record<string, string> = {
  format: 'must be of type WANTED: GIVEN',
  pattern: "should match 'WANTED'",
  minimum: 'should be greater than or equal to WANTED',
  maximum: 'should be less than or equal to WANTED',
  minLength: 'should be at least WANTED chars long',
  minItems: 'should have at least WANTED items',
  minProperties: 'should have at least WANTED properties',
  'false schema': 'is not supported',
};

const ajv = new Ajv({
  code: { optimize: false, regExp: Object.assign(compilePattern, { code: '' }) },
  allErrors: true,
  verbose: true,
  strict: false,
  validateSchema: false,
  ownProperties: true,
  logger: false,
  formats: FORMATS,
});
const checkShape = ajv.compile(META_SCHEMA);

/** A function that reports what is wrong with a value; it never throws. */
export function valueValidator(schema: Schema): (value: unknown) => FieldError[] {
  let validate: ValidateFunction | undefined;
  return (value) => {
    validate ??= ajv.compile(jsonSchemaOf(schema));
    return validate(value) ? [] : (validate.errors ?? []).map((error) => fieldErrorOf(error, ''));
  };
}

/**
 * JSON as a schema, if every keyword in it holds a value of the right shape; what follows relies on that. Otherwise the
 * result must not be used, and `errors` says why.
 */
export function asSchema(json: JsonObject, path: string, errors: FieldError[]): Schema {
  if (!checkShape(json)) errors.push(...(checkShape.errors ?? []).map((error) => fieldErrorOf(error, path)));
  return json;
}

function jsonSchemaOf(schema: Schema): SchemaObject {
  const given = Object.entries(schema).filter(([keyword]) => COPIED.includes(keyword));
  const result = Object.fromEntries(given) as SchemaObject;
  const types = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : [schema.type ?? ''];
  if (types[0] !== '') result.type = schema.nullable === true ? [...types, 'null'] : types;
  const { items, properties = {}, additionalProperties: values } = schema;
  if (items !== undefined) result.items = jsonSchemaOf(items);
  const fields = Object.entries(properties).map(([name, property]) => [name, jsonSchemaOf(property)] as const);
  result.properties = Object.fromEntries(fields);
  if (typeof values === 'object') result.additionalProperties = jsonSchemaOf(values);
  return result;
}

/** `/spec/list/0` as `spec.list[0]`. */
function fieldPathOf(pointer: string, above: string): string {
  const names = pointer.split('/').slice(1);
  return names
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, name) => (/^\d+$/.test(name) ? indexPath(path, Number(name)) : childPath(path, name)), above);
}

function fieldErrorOf(error: ErrorObject, above: string): FieldError {
  const path = fieldPathOf(error.instancePath, above);
  const wanted: unknown = error.schema;
  const given: unknown = error.data;
  switch (error.keyword) {
    case 'required':
      return required(childPath(path, String(error.params.missingProperty)));
    case 'type': {
      const types = [wanted].flat().filter((type) => type !== 'null');
      const type = jsonType(given);
      return typeInvalid(path, type, `${path} in body must be of type ${types.join(',')}: "${type}"`);
    }
    case 'enum':
      return notSupported(path, given, Array.isArray(wanted) ? wanted : []);
    case 'maxLength':
      return tooLong(path, Number(wanted));
    case 'maxItems':
    case 'maxProperties':
      return tooMany(path, Object.keys(given as JsonObject).length, Number(wanted));
    default: {
      const detail = DETAILS[error.keyword] ?? error.message ?? error.keyword;
      const text = detail.replace('GIVEN', () => JSON.stringify(given)).replace('WANTED', () => String(wanted));
      return invalid(path, given, `${path} in body ${text}`);
    }
  }
}
