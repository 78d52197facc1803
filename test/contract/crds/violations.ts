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
  path: Path;
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

export function violations(schema: Schema, document: Json): Violation[] {
  const found: Violation[] = [];
  const visit = (node: Schema, value: unknown, path: Path): void => {
    const add = (what: string, at: Path, replacement: unknown): number =>
      found.push({ name: `${at.join('.')}: ${what}`, path: at, document: withChange(document, at, replacement) });
    if (path.length > 0) for (const [what, replacement] of brokenValues(node, value)) add(what, path, replacement);
    for (const field of node.required ?? []) add('required', [...path, field], undefined);
    if (Array.isArray(value)) {
      value.forEach((item, index) => visit(node.items!, item, [...path, index]));
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    for (const [field, item] of Object.entries(value)) {
      const child = node.properties?.[field] ?? node.additionalProperties;
      if (child !== undefined && path.concat(field)[0] !== 'metadata') visit(child, item, [...path, field]);
    }
  };
  visit(
    { ...schema, properties: { spec: schema.properties!['spec']!, status: schema.properties!['status']! } },
    document,
    [],
  );
  return found;
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
