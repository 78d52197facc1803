/**
 * Structural schemas, as CustomResourceDefinitions carry them: {@link compileSchema} checks that one is structural and
 * that its CEL rules compile, and returns what prunes, defaults and validates objects by it.
 */
import { compileRules, runRules, type CompiledRules } from './cel-rules.ts';
import { childPath, invalid } from './field-error.ts';
import { asSchema, valueValidator } from './json-schema.ts';
import type { Schema } from './model.ts';
import { checkStructural } from './structural.ts';
import { applyDefaults, checkUnique, prune, subschemas } from './walk.ts';
import type { CompiledSchema, FieldError, JsonObject } from '../types.ts';

/** After all other errors a real server does not run CEL rules, because they may rely on what is wrong. */
const HARMLESS: readonly string[] = ['FieldValueInvalid', 'FieldValueDuplicate'] satisfies FieldError['reason'][];
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
  const schema = asSchema(structuredClone(openAPIV3Schema), path, errors);
  if (errors.length === 0) errors.push(...checkStructural(schema, path));
  if (errors.length === 0) errors.push(...checkDefaults(schema, path));
  const rules = errors.length === 0 ? compileRules(schema, path, errors) : undefined;
  if (errors.length > 0) throw new SchemaError(errors);
  return schemaOperations(schema, rules);
}

/** What a schema does with objects; one without `rules` is built in, and does not mind entries that come twice. */
export function schemaOperations(schema: Schema, rules?: CompiledRules): CompiledSchema {
  const checkValues = valueValidator(schema);
  return {
    openapi: schema as JsonObject,
    prune: (object) => prune(object, schema, '', true),
    applyDefaults: (object) => applyDefaults(object, schema),
    validate(object, old) {
      const found = checkValues(object);
      if (rules === undefined) return found;
      found.push(...checkUnique(object, schema));
      if (rules.size === 0) return found;
      if (found.some((error) => !HARMLESS.includes(error.reason))) return [...found, invalid('', null, NOT_CHECKED)];
      return [...found, ...runRules(rules, { value: object, old, schema, path: '' })];
    },
  };
}

/** Defaults must be valid and free of unknown fields, or every object that gets one would be invalid. */
function checkDefaults(schema: Schema, path: string): FieldError[] {
  const errors = subschemas(schema, path).flatMap((inner) => checkDefaults(inner.schema, inner.path));
  if (schema.default === undefined) return errors;
  const at = childPath(path, 'default');
  const value = structuredClone(schema.default);
  if (prune(value, schema).length > 0) errors.push(invalid(at, schema.default, 'must not have unknown fields'));
  applyDefaults(value, schema);
  for (const error of [...valueValidator(schema)(value), ...checkUnique(value, schema)]) {
    errors.push({ ...error, field: error.field === '<nil>' ? at : childPath(at, error.field) });
  }
  return errors;
}
