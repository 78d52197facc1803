/**
 * The schemas that an OpenAPI document publishes for a set of types: those of built-in kinds with a reference for every
 * model they are made of, those of custom resources in one piece.
 */
import { isObject, type Schema } from '../schema/model.ts';
import type { JsonObject, ResourceType } from '../types.ts';
import { modelSchema, SPECIAL } from './builtin-schemas.ts';
import { modelOfKind, readModel } from './models.ts';

/** The two dialects differ in where definitions live and in what they can say. */
export type Dialect = 'v2' | 'v3';

const RESOURCE_FIELDS: JsonObject = {
  apiVersion: { type: 'string', description: 'The version of the API that the object is written in.' },
  kind: { type: 'string', description: 'The kind of the object.' },
};
/** Keywords that Swagger 2 does not have, or that a real server leaves out of it. */
const NOT_IN_V2 = ['nullable', 'default', 'x-kubernetes-validations'];
const STRUCTURE = ['type', 'items', 'properties', 'additionalProperties'];

/** Definitions by name, among them every one that another refers to. */
export function definitionsOf(types: readonly ResourceType[], dialect: Dialect): Record<string, JsonObject> {
  const definitions: Record<string, JsonObject> = {};
  const reference = (model: string): JsonObject => {
    const name = definitionName(model);
    if (definitions[name] === undefined) {
      definitions[name] = {}; // Stands for itself while what it refers to is read, which may be itself.
      definitions[name] = SPECIAL[model] ?? modelSchema(readModel(model), reference, true);
    }
    // A reference takes no siblings in OpenAPI v3, so that a description stands beside an allOf of one.
    return dialect === 'v2' ? { $ref: `#/definitions/${name}` } : { allOf: [{ $ref: `#/components/schemas/${name}` }] };
  };
  for (const type of types) {
    const name = definitionNameOf(type);
    if (type.builtIn) reference(modelOfKind(type.kind, type.group));
    else {
      const schema: Schema = type.schema?.openapi ?? { type: 'object' };
      const { properties = {}, ...rest } = dialect === 'v2' ? forV2(schema) : schema;
      definitions[name] = {
        ...rest,
        properties: { ...RESOURCE_FIELDS, ...properties, metadata: reference('V1ObjectMeta') },
      };
    }
    Object.assign(definitions[name] ?? {}, { 'x-kubernetes-group-version-kind': [gvkOf(type)] });
  }
  return definitions;
}

export function gvkOf({ group, version, kind }: ResourceType): JsonObject {
  return { group, version, kind };
}

function definitionNameOf(type: ResourceType): string {
  if (type.builtIn) return definitionName(modelOfKind(type.kind, type.group));
  return [...type.group.split('.').toReversed(), type.version, type.kind].join('.');
}

/** `V1PodSpec` as `io.k8s.v1.PodSpec`: clients show what is behind the last dot as the type of a field. */
function definitionName(model: string): string {
  const [, prefix = 'util', rest = model] = /^([A-Za-z]*?V\d+)(.*)$/.exec(model) ?? [];
  return `io.k8s.${prefix.toLowerCase()}.${rest}`;
}

/** Leaves out what clients of Swagger 2 would misread; a type that allows more than it can say is left open. */
function forV2(schema: Schema): Schema {
  const open = [schema.nullable, schema['x-kubernetes-int-or-string'], schema['x-kubernetes-preserve-unknown-fields']];
  const left = open.includes(true) ? [...NOT_IN_V2, ...STRUCTURE] : NOT_IN_V2;
  const kept = Object.entries(schema).filter(([keyword]) => !left.includes(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]: [string, unknown]) => {
      if (keyword !== 'properties')
        return [keyword, STRUCTURE.includes(keyword) && isObject(value) ? forV2(value) : value];
      const properties = Object.entries(schema.properties ?? {}).map(
        ([name, property]) => [name, forV2(property)] as const,
      );
      return [keyword, Object.fromEntries(properties)];
    }),
  );
}
