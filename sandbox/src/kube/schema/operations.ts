/** What a schema does with objects, whether it comes from a CustomResourceDefinition or is built in. */
import { runRules, type RuleNode } from './cel-rules.ts';
import { invalid } from './field-error.ts';
import { valueValidator } from './json-schema.ts';
import type { Schema } from './model.ts';
import { checkObjectRules } from './object-rules.ts';
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

/** @param options.uniqueLists - whether duplicates in sets and associative lists are errors */
export function schemaOperations(
  schema: Schema,
  options: { rules: RuleNode | undefined; uniqueLists: boolean },
): CompiledSchema {
  const { rules, uniqueLists } = options;
  const checkValues = valueValidator(schema);
  return {
    openapi: schema as JsonObject,
    prune(object) {
      const removed: string[] = [];
      prune(object, schema, { resource: true, path: '', removed });
      return removed;
    },
    applyDefaults: (object) => applyDefaults(object, schema),
    validate(object, old) {
      const found = [...checkValues(object), ...(uniqueLists ? checkObjectRules(object, schema) : [])];
      if (rules === undefined) return found;
      if (found.some((error) => BLOCKING.includes(error.reason))) return [...found, invalid('', null, NOT_CHECKED)];
      return [...found, ...runRules(rules, object, old, '')];
    },
  };
}
