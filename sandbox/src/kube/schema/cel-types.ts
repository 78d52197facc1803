/**
 * Schemas as CEL types, and JSON as CEL values. An object with properties becomes a message type of its own, so that a
 * rule naming a field that the schema does not have fails to compile; an integer becomes a BigInt, which is an int.
 */
import { isDeepStrictEqual } from 'node:util';
import { Environment } from '@marcbachmann/cel-js';
import { additionalSchema, isObject, type Schema } from './model.ts';

export interface CelType {
  /** As `registerVariable` takes it. */
  readonly name: string;
  toCel(value: unknown): unknown;
}

const KEYWORDS = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace return var ' +
    'void while'
  ).split(' '),
);
const ESCAPES: Record<string, string> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };
const RESOURCE_FIELDS: Record<string, Schema> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};
const parseDuration = new Environment().registerVariable('text', 'string').parse('duration(text)');
const toDuration = (text: string): unknown => parseDuration({ text });
const ANY: CelType = { name: 'dyn', toCel: anyToCel };

/** The name by which a rule reaches a property; undefined for one that no rule can reach. */
export function escapeIdentifier(name: string): string | undefined {
  if (KEYWORDS.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/.test(name)) return undefined;
  return name.replace(/__|[.\-/]/g, (part) => ESCAPES[part] ?? part);
}

/** Declares the types of schemas in one environment, each once. */
export class CelTypes {
  readonly #environment: Environment;
  readonly #declared = new Map<Schema, CelType | undefined>();
  #count = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The type of `schema`; undefined where there is nothing that a rule could say. */
  of(schema: Schema, resource = schema['x-kubernetes-embedded-resource'] === true): CelType | undefined {
    if (!this.#declared.has(schema)) this.#declared.set(schema, this.#declare(schema, resource));
    return this.#declared.get(schema);
  }

  #declare(schema: Schema, resource: boolean): CelType | undefined {
    if (schema['x-kubernetes-int-or-string'] === true) return ANY;
    const scalar = this.#scalar(schema);
    if (scalar !== undefined) return schema.nullable === true ? { ...scalar, name: 'dyn' } : scalar;
    if (schema.type === 'array') return this.#list(schema);
    if (schema.type !== 'object') return undefined;
    const values = additionalSchema(schema);
    return values === undefined ? this.#object(schema, resource) : this.#map(values);
  }

  #scalar(schema: Schema): CelType | undefined {
    const identity = (name: string): CelType => ({ name, toCel: (value) => value });
    const parsed = (name: string, parse: (text: string) => unknown): CelType => ({
      name,
      toCel: (value) => (typeof value === 'string' ? parse(value) : value),
    });
    switch (schema.type) {
      case 'boolean':
        return identity('bool');
      case 'number':
        return identity('double');
      case 'integer':
        return { name: 'int', toCel: (value) => (typeof value === 'number' ? BigInt(Math.trunc(value)) : value) };
      case 'string':
        if (schema.format === 'byte') return parsed('bytes', (text) => Buffer.from(text, 'base64'));
        if (schema.format === 'duration') return parsed('google.protobuf.Duration', toDuration);
        if (schema.format === 'date' || schema.format === 'date-time') {
          return parsed('google.protobuf.Timestamp', (text) => new Date(text));
        }
        return identity('string');
      default:
        return undefined;
    }
  }

  #list(schema: Schema): CelType | undefined {
    const items = schema.items === undefined ? undefined : this.of(schema.items);
    if (items === undefined) return undefined;
    return {
      name: `list<${items.name}>`,
      // Array.from, since CEL takes no array of another realm, such as structuredClone makes under jest.
      toCel: (value) => (Array.isArray(value) ? Array.from(value, (item) => items.toCel(item)) : value),
    };
  }

  #map(values: Schema): CelType | undefined {
    const type = this.of(values);
    if (type === undefined) return undefined;
    return {
      name: `map<string, ${type.name}>`,
      toCel: (value) =>
        isObject(value) ? new Map(Object.entries(value).map(([key, item]) => [key, type.toCel(item)])) : value,
    };
  }

  #object(schema: Schema, resource: boolean): CelType {
    const properties = { ...schema.properties, ...(resource ? RESOURCE_FIELDS : {}) };
    const fields = new Map<string, { property: string; type: CelType }>();
    for (const [property, propertySchema] of Object.entries(properties)) {
      const name = escapeIdentifier(property);
      const type = this.of(propertySchema);
      if (name !== undefined && type !== undefined) fields.set(name, { property, type });
    }
    this.#count += 1;
    const name = `Object${this.#count}`;
    const ctor = class extends Map<string, unknown> {};
    const types = Object.fromEntries([...fields].map(([field, { type }]) => [field, type.name]));
    this.#environment.registerType(name, { ctor, fields: types });
    this.#environment.registerOperator(`${name} == ${name}`, celEqual);
    return {
      name,
      toCel: (value) => {
        if (!isObject(value)) return value;
        const message = new ctor();
        for (const [field, { property, type }] of fields) {
          if (Object.hasOwn(value, property)) message.set(field, type.toCel(value[property]));
        }
        return message;
      },
    };
  }
}

/** A value of no declared type: integers are ints, and the rest is what it looks like. */
function anyToCel(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function celEqual(a: unknown, b: unknown): boolean {
  if (a instanceof Map && b instanceof Map) {
    return a.size === b.size && [...a].every(([key, value]) => b.has(key) && celEqual(value, b.get(key)));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => celEqual(item, b[index]));
  }
  return isDeepStrictEqual(a, b);
}
