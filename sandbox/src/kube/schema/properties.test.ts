import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { builtinSchema } from '../openapi/builtin-schemas.ts';
import type { CompiledSchema, JsonObject } from '../types.ts';
import { compileSchema, SchemaError } from './index.ts';

const NAMES = ['a', 'b', 'c', 'constructor', '__proto__', 'x-y'];
const name = fc.constantFrom(...NAMES);

/** Structural schemas that refer to a small set of names, so that objects often hit them. */
const { schema: schemas } = fc.letrec<{ schema: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<JsonObject>(
      { type: 'string', default: 'x' },
      { type: 'string', nullable: true, maxLength: 2 },
      { type: 'integer', minimum: 1 },
      { type: 'boolean' },
      { 'x-kubernetes-int-or-string': true },
      { 'x-kubernetes-preserve-unknown-fields': true },
      { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.size() < 3' }] },
    ),
    fc.record({ type: fc.constant('array'), items: tie('schema') }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('schema') }),
    fc.dictionary(name, tie('schema'), { maxKeys: 4 }).map((properties) => ({ type: 'object', properties })),
  ),
}));
const roots = fc
  .dictionary(name, schemas, { maxKeys: 4 })
  .map((properties): JsonObject => ({ type: 'object', properties }));
const { value: values } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, 1.5, 1e30, '', 'x', 'xyz'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
}));
const objects = fc.dictionary(name, values, { maxKeys: 5 }).map((fields): JsonObject => ({ ...fields }));

const copy = (object: JsonObject): JsonObject => JSON.parse(JSON.stringify(object)) as JsonObject;
const admit = (schema: CompiledSchema, object: JsonObject): string[] => {
  const removed = schema.prune(object);
  schema.applyDefaults(object);
  return removed;
};

describe('for any structural schema and any JSON', () => {
  it('pruning and defaulting are idempotent, and validation never throws', () => {
    fc.assert(
      fc.property(roots, objects, objects, (json, object, old) => {
        const schema = compileSchema(json);
        const once = copy(object);
        admit(schema, once);
        const twice = copy(once);
        expect(admit(schema, twice)).toEqual([]);
        expect(twice).toEqual(once);
        const errors = schema.validate(once, old);
        expect(schema.validate(copy(once), old)).toEqual(errors);
        for (const error of errors) expect(error.message).not.toContain('undefined');
      }),
      { numRuns: 150 },
    );
  });

  it('a schema is compiled or refused with SchemaError, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          objects,
          fc.dictionary(
            fc.constantFrom(
              'type',
              'items',
              'properties',
              'anyOf',
              'pattern',
              'default',
              'enum',
              'x-kubernetes-validations',
              'additionalProperties',
            ),
            values,
          ),
        ),
        (json) => {
          try {
            compileSchema(json);
          } catch (error) {
            expect(error).toBeInstanceOf(SchemaError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('built-in schemas take any JSON without throwing, and prune it once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('ConfigMap', 'Node', 'Lease', 'PersistentVolume'),
      fc.dictionary(fc.constantFrom('metadata', 'spec', 'status', 'data'), fc.jsonValue()),
      (kind, object) => {
        const schema = builtinSchema(kind);
        const given = copy(object);
        admit(schema, given);
        expect(admit(schema, given)).toEqual([]);
        expect(Array.isArray(schema.validate(given))).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});
