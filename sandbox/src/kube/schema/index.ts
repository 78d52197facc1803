/**
 * Structural schemas, as CustomResourceDefinitions carry them: {@link compileSchema} checks that one is structural and
 * that its CEL rules compile, and returns what prunes, defaults and validates objects by it.
 */
import { compileRules } from './cel-rules.ts';
import { childPath, invalid, keyPath } from './field-error.ts';
import { asSchema, valueValidator } from './json-schema.ts';
import { additionalSchema, type Schema } from './model.ts';
import { checkObjectRules } from './object-rules.ts';
import { schemaOperations } from './operations.ts';
import { checkStructural } from './structural.ts';
import { applyDefaults, prune } from './walk.ts';
import type { CompiledSchema, FieldError, JsonObject } from '../types.ts';

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

  return schemaOperations(schema, { rules, uniqueLists: true });
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
