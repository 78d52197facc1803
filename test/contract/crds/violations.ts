/**
 * For every keyword of a structural schema, documents that break exactly this keyword's promise, made from a document that
 * has every field. What comes out of this is what "every bound is enforced" means in the tests.
 */
import { withChange } from './documents.ts';
import type { Json, Schema } from './definitions.ts';

type Path = readonly (string | number)[];

export interface Violation {
  /** Such as `spec.samplingWindow: maxLength 49`. */
  name: string;
  document: Json;
}

const ANOTHER_TYPE: Record<string, unknown[]> = {
  object: ['text', []],
  array: [{}, 'text'],
  string: [7, true],
  integer: ['7', 1.5],
  number: ['7'],
  boolean: ['true', 1],
};

/** Replacements for a value, each with the keyword it breaks. */
function brokenValues(schema: Schema, value: unknown): [string, unknown][] {
  const text = String(value);
  const broken: [string, unknown][] = ANOTHER_TYPE[schema.type]!.map((other) => [`type ${schema.type}`, other]);
  if (schema.enum !== undefined) broken.push(['enum', 'Elsewhere']);
  if (schema.minimum !== undefined) broken.push([`minimum ${schema.minimum}`, schema.minimum - 1]);
  if (schema.maximum !== undefined) broken.push([`maximum ${schema.maximum}`, schema.maximum + 1]);
  if (schema.minLength !== undefined)
    broken.push([`minLength ${schema.minLength}`, text.slice(0, schema.minLength - 1)]);
  if (schema.maxLength !== undefined) broken.push([`maxLength ${schema.maxLength}`, 'a'.repeat(schema.maxLength + 1)]);
  if (schema.pattern !== undefined) broken.push(['pattern', `${text}!`]);
  if (schema.minItems !== undefined)
    broken.push([`minItems ${schema.minItems}`, (value as unknown[]).slice(0, schema.minItems - 1)]);
  if (schema.maxItems !== undefined) {
    broken.push([`maxItems ${schema.maxItems}`, Array(schema.maxItems + 1).fill((value as unknown[])[0])]);
  }
  if (schema.maxProperties !== undefined) {
    const entries = Array.from({ length: schema.maxProperties + 1 }, (_, index) => [`key-${index}`, 'value']);
    broken.push([`maxProperties ${schema.maxProperties}`, Object.fromEntries(entries)]);
  }
  if (schema['x-kubernetes-list-type'] === 'map') {
    broken.push(['list-type map', [(value as unknown[])[0], (value as unknown[])[0]]]);
  }
  return broken;
}

export interface Place {
  schema: Schema;
  value: unknown;
  path: Path;
}

/** Every value of the document with its schema, below spec and status. */
export function places(schema: Schema, document: Json): Place[] {
  const found: Place[] = [];
  const visit = (node: Schema, value: unknown, path: Path): void => {
    found.push({ schema: node, value, path });
    if (Array.isArray(value)) {
      value.forEach((item, index) => visit(node.items!, item, [...path, index]));
    } else if (typeof value === 'object' && value !== null) {
      for (const [field, item] of Object.entries(value)) {
        visit(node.properties?.[field] ?? node.additionalProperties!, item, [...path, field]);
      }
    }
  };
  for (const part of ['spec', 'status']) visit(schema.properties![part]!, document[part], [part]);
  return found;
}

export function violations(schema: Schema, document: Json): Violation[] {
  return places(schema, document).flatMap(({ schema: node, value, path }) => {
    const violation = (what: string, at: Path, replacement: unknown): Violation => ({
      name: `${at.join('.')}: ${what}`,
      document: withChange(document, at, replacement),
    });
    return [
      ...brokenValues(node, value).map(([what, replacement]) => violation(what, path, replacement)),
      ...(node.required ?? []).map((field) => violation('required', [...path, field], undefined)),
    ];
  });
}

/** Values at the very ends of what a schema allows, which only another rule may refuse. */
export function edgeValues(schema: Schema, value: unknown): unknown[] {
  const edges: unknown[] = [...(schema.enum ?? [])];
  if (schema.minimum !== undefined) edges.push(schema.minimum);
  if (schema.maximum !== undefined) edges.push(schema.maximum);
  for (const length of [schema.minLength, schema.maxLength]) {
    if (length !== undefined)
      edges.push('a'.repeat(length), 'A'.repeat(length), '💾'.repeat(length), `${'0'.repeat(length - 1)}s`);
  }
  for (const count of [schema.minItems, schema.maxItems]) {
    // Items that differ by a number, for lists that are maps.
    const item = (index: number): unknown =>
      JSON.parse(JSON.stringify((value as unknown[])[0]).replace(/(node-c|Accepted)/, `$1${index}`));
    if (count !== undefined) edges.push(Array.from({ length: count }, (_, index) => item(index)));
  }
  if (schema.maxProperties !== undefined) {
    edges.push(Object.fromEntries(Array.from({ length: schema.maxProperties }, (_, index) => [`key-${index}`, ''])));
  }
  return edges;
}

/** Every leaf of the schema, as a path without indexes, for a check that the documents have them all. */
export function leaves(schema: Schema, path = ''): string[] {
  if (schema.type === 'object' && schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      leaves(child, path === '' ? name : `${path}.${name}`),
    );
  }
  return schema.type === 'array' ? leaves(schema.items!, `${path}[]`) : [path];
}
