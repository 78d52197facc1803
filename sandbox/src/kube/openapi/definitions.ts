/**
 * The schemas that an OpenAPI document publishes for a set of types: those of built-in kinds with a reference for every
 * model they are made of, those of custom resources in one piece.
 */
import { isObject, type Schema } from '../schema/model.ts';
import type { JsonObject, ResourceType } from '../types.ts';
import { modelSchema } from './builtin-schemas.ts';
import { modelOfKind, readModel } from './models.ts';

/** The two dialects differ in where definitions live and in what they can say. */
export type Dialect = 'v2' | 'v3';

const OBJECT_META = 'V1ObjectMeta';
const RESOURCE_FIELDS: JsonObject = {
  apiVersion: { type: 'string', description: 'The version of the API that the object is written in.' },
  kind: { type: 'string', description: 'The kind of the object.' },
};
/** Keywords that Swagger 2 does not have, or that a real server leaves out of it. */
const NOT_IN_V2 = ['allOf', 'anyOf', 'oneOf', 'not', 'nullable', 'default', 'x-kubernetes-validations'];

/** Types that are no model, and what the document says of them. */
const SPECIAL: Record<string, Record<Dialect, JsonObject>> = {
  IntOrString: {
    v2: { type: 'string', format: 'int-or-string' },
    v3: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
  V1MicroTime: { v2: { type: 'string', format: 'date-time' }, v3: { type: 'string', format: 'date-time' } },
  Quantity: { v2: { type: 'string' }, v3: { oneOf: [{ type: 'string' }, { type: 'number' }] } },
};

/** Definitions by name, among them every one that another refers to. */
export function definitionsOf(types: readonly ResourceType[], dialect: Dialect): Record<string, JsonObject> {
  const definitions: Record<string, JsonObject> = {};
  const reference = (model: string): JsonObject => {
    const name = definitionName(model);
    const special = SPECIAL[model];
    if (special !== undefined) {
      definitions[name] = special[dialect];
    } else if (definitions[name] === undefined) {
      definitions[name] = {}; // Stands for itself while what it refers to is read, which may be itself.
      definitions[name] = modelSchema(readModel(model), { reference, describe: true, requireStatus: true, dialect });
    }
    return { $ref: `${dialect === 'v2' ? '#/definitions' : '#/components/schemas'}/${name}` };
  };
  for (const type of types) {
    const name = definitionNameOf(type);
    const kinds = { 'x-kubernetes-group-version-kind': [gvkOf(type)] };
    if (type.builtIn) {
      reference(modelOfKind(type.kind, type.group));
      Object.assign(definitions[name] ?? {}, kinds);
    } else {
      const schema = customSchema(type.schema?.openapi ?? { type: 'object' }, reference(OBJECT_META), dialect);
      definitions[name] = { ...schema, ...kinds };
    }
  }
  return definitions;
}

export function gvkOf({ group, version, kind }: ResourceType): JsonObject {
  return { group, version, kind };
}

export function definitionNameOf(type: ResourceType): string {
  if (type.builtIn) return definitionName(modelOfKind(type.kind, type.group));
  return [...type.group.split('.').toReversed(), type.version, type.kind].join('.');
}

/** `V1PodSpec` as `io.k8s.v1.PodSpec`: clients show what is behind the last dot as the type of a field. */
function definitionName(model: string): string {
  const [, prefix = 'util', rest = model] = /^([A-Za-z]*?V\d+)(.*)$/.exec(model) ?? [];
  return `io.k8s.${prefix.toLowerCase()}.${rest}`;
}

function customSchema(schema: JsonObject, metadata: JsonObject, dialect: Dialect): JsonObject {
  const published = dialect === 'v2' ? forV2(schema) : schema;
  const properties = isObject(published.properties) ? published.properties : {};
  return {
    ...published,
    properties: {
      ...RESOURCE_FIELDS,
      ...properties,
      metadata: dialect === 'v2' ? metadata : { allOf: [metadata] },
    },
  };
}

/** Leaves out what clients of Swagger 2 would misread; a type that allows more than it can say is left open. */
function forV2(schema: Schema): JsonObject {
  const open =
    schema.nullable === true ||
    schema['x-kubernetes-int-or-string'] === true ||
    schema['x-kubernetes-preserve-unknown-fields'] === true;
  const result: JsonObject = Object.fromEntries(
    Object.entries(schema).filter(
      ([keyword]) =>
        !NOT_IN_V2.includes(keyword) &&
        !(open && ['type', 'items', 'properties', 'additionalProperties'].includes(keyword)),
    ),
  );
  for (const keyword of ['items', 'additionalProperties']) {
    const inner = result[keyword];
    if (isObject(inner)) result[keyword] = forV2(inner);
  }
  if (isObject(result.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(result.properties).map(([name, property]) => [
        name,
        isObject(property) ? forV2(property) : property,
      ]),
    );
  }
  return result;
}
