/**
 * Schemas as CEL types, and JSON as CEL values. An object with properties becomes a message type of its own, so that a
 * rule naming a field that the schema does not have fails to compile; an integer becomes a BigInt, which is an int.
 */
import { isIP } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Environment } from '@marcbachmann/cel-js';
import { compilePattern } from './formats.ts';
import { isObject, type Schema } from './model.ts';

export interface CelType {
  /** As `registerVariable` takes it. */
  readonly name: string;
  toCel(value: unknown): unknown;
}

/** Properties of other names are out of the reach of rules; Kubernetes has escapes for them. */
const IDENTIFIER =
  /^(?!(as|break|const|continue|else|for|function|if|import|in|let|loop|namespace|package|return|var|void|while)$)[A-Za-z_]\w*$/;
const RESOURCE_FIELDS: Record<string, Schema> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

const celType = (name: string, toCel = (value: unknown): unknown => value): CelType => ({ name, toCel });
const toInteger = (value: unknown): unknown =>
  typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
const toTime = (value: unknown): unknown => (typeof value === 'string' ? new Date(value) : value);
const TIME = celType('google.protobuf.Timestamp', toTime);
const SCALARS: Record<string, CelType> = {
  boolean: celType('bool'),
  number: celType('double'),
  integer: celType('int', toInteger),
  string: celType('string'),
};

/** An environment without variables, with those functions of Kubernetes that the CEL library lacks and schemas use most. */
export function createCelEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  const define = (signature: string, handler: (...texts: string[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  define('string.replace(string, string): string', (text = '', from = '', to = '') => text.replaceAll(from, () => to));
  define('string.find(string): string', (text = '', pattern = '') => compilePattern(pattern).exec(text)?.[0] ?? '');
  define('isURL(string): bool', (text = '') => URL.canParse(text));
  define('isIP(string): bool', (text = '') => isIP(text) !== 0);
  return environment;
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
  of(schema: Schema, resource = false): CelType | undefined {
    if (!this.#declared.has(schema)) this.#declared.set(schema, this.#declare(schema, resource));
    return this.#declared.get(schema);
  }

  #declare(schema: Schema, resource: boolean): CelType | undefined {
    const { type = '', format, items, additionalProperties: values } = schema;
    if (schema['x-kubernetes-int-or-string'] === true) return celType('dyn', toInteger);
    const scalar = type === 'string' && format === 'date-time' ? TIME : SCALARS[type];
    if (scalar !== undefined) return schema.nullable === true ? { ...scalar, name: 'dyn' } : scalar;
    if (type === 'object' && typeof values !== 'object') return this.#object(schema, resource);
    const inner = type === 'array' ? items : typeof values === 'object' ? values : undefined;
    const each = inner === undefined ? undefined : this.of(inner);
    if (each === undefined) return undefined;
    // Array.from, since CEL takes no array of another realm, such as structuredClone makes under jest.
    const list = (value: unknown): unknown =>
      Array.isArray(value) ? Array.from(value, (item) => each.toCel(item)) : value;
    const map = (value: unknown): unknown =>
      isObject(value) ? new Map(Object.entries(value).map(([key, item]) => [key, each.toCel(item)])) : value;
    return type === 'array' ? celType(`list<${each.name}>`, list) : celType(`map<string, ${each.name}>`, map);
  }

  #object(schema: Schema, resource: boolean): CelType {
    const properties = { ...schema.properties, ...(resource ? RESOURCE_FIELDS : {}) };
    const fields = Object.entries(properties).flatMap(([field, property]) => {
      const type = IDENTIFIER.test(field) ? this.of(property) : undefined;
      return type === undefined ? [] : [{ field, type }];
    });
    this.#count += 1;
    const name = `Object${this.#count}`;
    const ctor = class extends Map<string, unknown> {};
    const types = Object.fromEntries(fields.map(({ field, type }) => [field, type.name]));
    this.#environment.registerType(name, { ctor, fields: types });
    this.#environment.registerOperator(`${name} == ${name}`, isDeepStrictEqual);
    return celType(name, (value) => {
      if (!isObject(value)) return value;
      const given = fields.filter(({ field }) => Object.hasOwn(value, field));
      return new ctor(given.map(({ field, type }) => [field, type.toCel(value[field])]));
    });
  }
}
