/**
 * Structural schemas, as CustomResourceDefinitions carry them: {@link compileSchema} checks that one is structural and
 * that its CEL rules compile, and returns what prunes, defaults and validates objects by it.
 */
import { compileRules, runRules } from './cel-rules.ts';
import { childPath, invalid, keyPath } from './field-error.ts';
import { valueValidator } from './json-schema.ts';
import { additionalSchema, asSchema, type Schema } from './model.ts';
import { checkObjectRules } from './object-rules.ts';
import { checkStructural } from './structural.ts';
import { applyDefaults, prune } from './walk.ts';
import type { CompiledSchema, FieldError, JsonObject } from '../types.ts';

/** Errors after which a real server does not run CEL rules, because they may rely on what is wrong. */
const BLOCKING: readonly FieldError['reason'][] = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];
const NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

/** Thrown when a schema is not structural or a rule does not compile. */
export class SchemaError extends Error {
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    super(errors.map((error) => `${error.field}: ${error.message}`).join(', '));
    this.name = 'SchemaError';
    this.errors = errors;
  }
}

/**
 * Compiles the schema of a custom resource.
 *
 * @param path - where the schema stands in its CustomResourceDefinition, for the fields of errors
 * @throws SchemaError naming every problem
 */
export function compileSchema(openAPIV3Schema: JsonObject, path = 'spec.validation.openAPIV3Schema'): CompiledSchema {
  const errors: FieldError[] = [];
  const openapi = structuredClone(openAPIV3Schema);
  const schema = asSchema(openapi, path, errors);
  if (errors.length === 0) errors.push(...checkStructural(schema, path));
  if (errors.length === 0) checkDefaults(schema, path, errors);
  const rules = errors.length === 0 ? compileRules(schema, path, errors) : undefined;
  if (errors.length > 0) throw new SchemaError(errors);

  const checkValues = valueValidator(schema);
  return {
    openapi,
    prune(object) {
      const removed: string[] = [];
      prune(object, schema, { resource: true, path: '', removed });
      return removed;
    },
    applyDefaults: (object) => applyDefaults(object, schema),
    validate(object, old) {
      const found = [...checkValues(object), ...checkObjectRules(object, schema)];
      if (rules === undefined) return found;
      if (found.some((error) => BLOCKING.includes(error.reason))) return [...found, invalid('', null, NOT_CHECKED)];
      return [...found, ...runRules(rules, object, old, '')];
    },
  };
}

/** Defaults must be valid and free of unknown fields, or every object that gets one would be invalid. */
function checkDefaults(schema: Schema, path: string, errors: FieldError[]): void {
  if (schema.default !== undefined) {
    const at = childPath(path, 'default');
    const removed: string[] = [];
    prune(structuredClone(schema.default), schema, { resource: false, path: '', removed });
    if (removed.length > 0) errors.push(invalid(at, schema.default, 'must not have unknown fields'));
    const value = structuredClone(schema.default);
    applyDefaults(value, schema);
    for (const error of [...valueValidator(schema)(value), ...checkObjectRules(value, schema)]) {
      errors.push({ ...error, field: error.field === '<nil>' ? at : childPath(at, error.field) });
    }
  }
  if (schema.items !== undefined) checkDefaults(schema.items, childPath(path, 'items'), errors);
  const values = additionalSchema(schema);
  if (values !== undefined) checkDefaults(values, childPath(path, 'additionalProperties'), errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkDefaults(property, keyPath(childPath(path, 'properties'), name), errors);
  }
}
