/**
 * Schemas of the built-in kinds, put together from the client's models when a kind is first used. They prune and
 * validate as those of custom resources do; of their errors, those of type and format are what a real server finds
 * while it decodes.
 */
import { schemaOperations } from '../schema/index.ts';
import type { Schema } from '../schema/model.ts';
import { partsOf } from '../schema/walk.ts';
import type { CompiledSchema, JsonObject } from '../types.ts';
import { fieldExtensions, modelExtensions } from './merge-keys.ts';
import { modelOfKind, readModel, type Model, type ModelField } from './models.ts';

/** Maps whose values are quantities, which a client may also write as numbers. */
const QUANTITIES = /^(limits|requests|capacity|allocatable|allocatedResources|hard|used|overhead)$/;
const MAP = /^\{ \[key: string\]: (.*); \}$/;
const LIST = /^Array<(.*)>$/;

type Reference = (model: string) => JsonObject;

/** Types that are no model, or are not looked into. */
export const SPECIAL: Readonly<Record<string, JsonObject>> = {
  IntOrString: { 'x-kubernetes-int-or-string': true },
  Quantity: { type: 'string', format: 'quantity' },
  V1MicroTime: { type: 'string', format: 'micro-time' },
  V1JSONSchemaProps: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};
const compiled = new Map<string, CompiledSchema>();

/** The schema of a built-in kind, always the same object; `group` matters only for kinds that two groups have. */
export function builtinSchema(kind: string, group = ''): CompiledSchema {
  const model = modelOfKind(kind, group);
  const known = compiled.get(model);
  if (known !== undefined) return known;
  const schema: Schema = inlineSchema(model);
  const operations = schemaOperations(schema);
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

/** A schema with everything in place of references. */
function inlineSchema(name: string): JsonObject {
  return SPECIAL[name] ?? modelSchema(readModel(name), inlineSchema);
}

/**
 * The schema of one model as an object of its fields. `reference` makes the schema that stands for another model.
 * A `published` one has descriptions, and required fields of a status, which clients may leave out when they are zero.
 */
export function modelSchema(model: Model, reference: Reference, published = false): JsonObject {
  const checked = published || !model.name.endsWith('Status');
  const required = model.fields.filter((field) => field.required && checked).map((field) => field.name);
  const properties = model.fields.map((field) => {
    const description = published ? { description: field.description } : {};
    const extensions = fieldExtensions(model.name, field.name, field.type);
    return [field.name, { ...description, ...fieldSchema(model.name, field, reference), ...extensions }] as const;
  });
  return {
    type: 'object',
    ...(published ? { description: model.description } : {}),
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
    ...modelExtensions(model.name),
  };
}

function fieldSchema(model: string, { name, type, format }: ModelField, reference: Reference): JsonObject {
  const isQuantities = QUANTITIES.test(name) && MAP.exec(type)?.[1] === 'string';
  if (isQuantities) return { type: 'object', additionalProperties: reference('Quantity') };
  const schema = typeSchema(type, format, reference);
  return name === 'protocol' && model.endsWith('Port') ? { ...schema, default: 'TCP' } : schema;
}

function typeSchema(type: string, format: string, reference: Reference): JsonObject {
  const items = LIST.exec(type)?.[1];
  if (items !== undefined) return { type: 'array', items: typeSchema(items, format, reference) };
  const values = MAP.exec(type)?.[1];
  if (values !== undefined) return { type: 'object', additionalProperties: typeSchema(values, format, reference) };
  const formatted = format === '' ? {} : { format };
  if (type === 'boolean' || type === 'string') return { type, ...formatted };
  if (type === 'number') return { type: format === 'double' ? 'number' : 'integer', ...formatted };
  if (type === 'Date') return { type: 'string', format: 'date-time' };
  return type === 'any' ? { 'x-kubernetes-preserve-unknown-fields': true } : reference(type);
}

/** Numbers that stand for quantities become text, as a real server stores them. */
function writeQuantities(value: unknown, schema: Schema): void {
  for (const part of partsOf(value, schema)) {
    const isQuantity = part.schema.format === 'quantity' && typeof part.value === 'number';
    if (isQuantity) Reflect.set(value as JsonObject, part.key, String(part.value));
    else writeQuantities(part.value, part.schema);
  }
}
