/**
 * Schemas of the built-in kinds, put together from the client's models when a kind is first used. They prune and
 * validate as those of custom resources do; of their errors, those of type and format are what a real server finds
 * while it decodes.
 */
import { isObject, type Schema } from '../schema/model.ts';
import { schemaOperations } from '../schema/operations.ts';
import type { CompiledSchema, JsonObject } from '../types.ts';
import { fieldExtensions, modelExtensions } from './merge-keys.ts';
import { modelOfKind, readModel, type Model, type ModelField } from './models.ts';

export { patchStrategyOf, type PatchStrategy } from './merge-keys.ts';

/** Maps whose values are quantities, which a client may also write as numbers. */
const QUANTITIES = /^(limits|requests|capacity|allocatable|allocatedResources|hard|used|overhead)$/;
const MAP = /^\{ \[key: string\]: (.*); \}$/;
const LIST = /^Array<(.*)>$/;

const compiled = new Map<string, CompiledSchema>();

/** The schema of a built-in kind, always the same object; `group` matters only for kinds that two groups have. */
export function builtinSchema(kind: string, group = ''): CompiledSchema {
  const model = modelOfKind(kind, group);
  const known = compiled.get(model);
  if (known !== undefined) return known;
  const schema: Schema = inlineSchema(model);
  const operations = schemaOperations(schema, { rules: undefined, uniqueLists: false });
  const result: CompiledSchema = {
    ...operations,
    applyDefaults(object) {
      writeQuantities(object, schema);
      operations.applyDefaults(object);
    },
  };
  compiled.set(model, result);
  return result;
}

/** A schema with everything in place of references. JSONSchemaProps, which contains itself, accepts anything. */
function inlineSchema(name: string): JsonObject {
  if (name === 'IntOrString') return { 'x-kubernetes-int-or-string': true };
  if (name === 'Quantity') return { type: 'string', format: 'quantity' };
  if (name === 'V1MicroTime') return { type: 'string', format: 'micro-time' };
  if (name === 'V1JSONSchemaProps') return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return modelSchema(readModel(name), {
    reference: inlineSchema,
    describe: false,
    requireStatus: false,
    dialect: 'v3',
  });
}

export interface SchemaStyle {
  /** The schema that stands for another model, an `IntOrString`, a `Quantity` or a `V1MicroTime`. */
  reference: (model: string) => JsonObject;
  describe: boolean;
  /** Whether required fields of a status are required: clients may leave out what is zero. */
  requireStatus: boolean;
  dialect: 'v2' | 'v3';
}

/** The schema of one model as an object of its fields. */
export function modelSchema(model: Model, style: SchemaStyle): JsonObject {
  const properties = model.fields.map((field) => [field.name, fieldSchema(model.name, field, style)] as const);
  const checked = style.requireStatus || !model.name.endsWith('Status');
  const required = model.fields.filter((field) => field.required && checked).map((field) => field.name);
  return {
    type: 'object',
    ...(style.describe && model.description !== '' ? { description: model.description } : {}),
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
    ...modelExtensions(model.name),
  };
}

function fieldSchema(model: string, field: ModelField, style: SchemaStyle): JsonObject {
  const { name, type, description } = field;
  const isQuantityMap = QUANTITIES.test(name) && type === '{ [key: string]: string; }';
  const schema = isQuantityMap
    ? { type: 'object', additionalProperties: style.reference('Quantity') }
    : typeSchema(type, field.format, style);
  const described = style.describe && description !== '' ? { description } : {};
  const assumed = name === 'protocol' && model.endsWith('Port') ? { default: 'TCP' } : {};
  // A reference takes no siblings in OpenAPI v3, so that a description stands beside an allOf of one.
  const { $ref } = schema;
  const wrapped = $ref === undefined || style.dialect === 'v2' ? schema : { allOf: [{ $ref }] };
  return { ...described, ...wrapped, ...assumed, ...fieldExtensions(model, name, type) };
}

function typeSchema(type: string, format: string, style: SchemaStyle): JsonObject {
  const items = LIST.exec(type)?.[1];
  if (items !== undefined) return { type: 'array', items: typeSchema(items, format, style) };
  const values = MAP.exec(type)?.[1];
  if (values !== undefined) return { type: 'object', additionalProperties: typeSchema(values, format, style) };
  switch (type) {
    case 'boolean':
      return { type };
    case 'string':
      return format === '' ? { type } : { type, format };
    case 'number':
      return format === 'double' ? { type, format } : { type: 'integer', ...(format === '' ? {} : { format }) };
    case 'Date':
      return { type: 'string', format: 'date-time' };
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true };
    default:
      return style.reference(type);
  }
}

/** Numbers that stand for quantities become text, as a real server stores them. */
function writeQuantities(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) writeQuantities(item, items);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
      const property = schema.properties?.[key] ?? values;
      if (property === undefined) continue;
      if (property.format === 'quantity' && typeof item === 'number') value[key] = String(item);
      else writeQuantities(item, property);
    }
  }
}
