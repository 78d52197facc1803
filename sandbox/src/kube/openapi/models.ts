/**
 * The models of the built-in kinds, read from the files that @kubernetes/client-node ships: field names and types from
 * the generated code, what is required and described from its type declarations. Read as text, one model at a time, so
 * that nothing of it is copied here and a process pays only for the kinds it touches.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface ModelField {
  name: string;
  /** As the generator writes it: `string`, `Array<V1Container>`, `{ [key: string]: string; }`, `V1PodSpec`. */
  type: string;
  format: string;
  description: string;
  required: boolean;
}

export interface Model {
  name: string;
  description: string;
  fields: readonly ModelField[];
}

const GENERATED_FIELD = /"name": "(.+?)",\s+"baseName": "(.+?)",\s+"type": "(.+?)",\s+"format": "(.*?)"/g;
const DECLARED_FIELD = /(?:\/\*\*\s*\n\s*\* (.*)\n\s*\*\/\s*\n)?\s*'([^']+)'(\??): /g;
const CLASS_COMMENT = /\/\*\*\s*\n\* (.*)\n\*\/\s*\nexport declare class/;

const directory = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen', 'models');
const cache = new Map<string, Model>();

/** @throws if the client has no model of that name; a name comes from another model or from {@link modelOfKind} */
export function readModel(name: string): Model {
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  const code = readFileSync(join(directory, `${name}.js`), 'utf8');
  const declarations = readFileSync(join(directory, `${name}.d.ts`), 'utf8');
  const declared = new Map(
    [...declarations.matchAll(DECLARED_FIELD)].map(([, comment = '', field = '', optional]) => [
      field,
      { description: unescape(comment), required: optional === '' },
    ]),
  );
  const fields = [...code.matchAll(GENERATED_FIELD)].map(([, property = '', field = '', type = '', format = '']) => ({
    name: field,
    type,
    format,
    ...(declared.get(property) ?? { description: '', required: false }),
  }));
  const model = { name, description: unescape(CLASS_COMMENT.exec(declarations)?.[1] ?? ''), fields };
  cache.set(name, model);
  return model;
}

/** The generator prefixes a group where a kind exists in two. */
export function modelOfKind(kind: string, group = ''): string {
  if (kind === 'Event') return group === 'events.k8s.io' ? 'EventsV1Event' : 'CoreV1Event';
  return `V1${kind}`;
}

function unescape(comment: string): string {
  return comment.replaceAll(/\\(['"`])/g, '$1');
}
