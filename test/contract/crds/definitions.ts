/** The two CustomResourceDefinitions, compiled, and what an API server says of a document by them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStoragePolicy, parseVolumeMigration, type ParseResult } from '@couchestor/common/api';
import { compileSchema } from '@couchestor/sandbox/schema';
import { parse } from 'yaml';

export type Json = Record<string, unknown>;

/** The keywords that the tests read. */
export interface Schema {
  type: string;
  description?: string;
  default?: unknown;
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  pattern?: string;
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-validations'?: { rule: string; message?: string }[];
}

export interface CustomResourceDefinition extends Json {
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; plural: string; shortNames: string[]; categories: string[] };
    scope: string;
    versions: {
      name: string;
      schema: { openAPIV3Schema: Schema };
      additionalPrinterColumns: { name: string; jsonPath: string }[];
    }[];
  };
}

export interface Definition {
  crd: CustomResourceDefinition;
  schema: Schema;
  /** The problems of a create, or of an update if `old` is given, as lines; empty if the server accepts. */
  problems: (document: unknown, old?: unknown) => string[];
  /** As the server stores it: without unknown fields, with defaults. */
  admitted: (document: unknown) => Json;
  parse: (document: unknown) => ParseResult<unknown>;
}

export const repository = join(import.meta.dirname, '..', '..', '..');

export function readYaml(...path: string[]): Json {
  return parse(readFileSync(join(repository, ...path), 'utf8')) as Json;
}

/** Through JSON, as over the wire: what is undefined is gone. */
export function clone(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function load(file: string, parser: Definition['parse']): Definition {
  const crd = readYaml('crds', file) as CustomResourceDefinition;
  const schema = crd.spec.versions[0]!.schema.openAPIV3Schema;
  const compiled = compileSchema(clone(schema) as Json);
  const admitted = (document: unknown): Json => {
    const object = clone(document) as Json;
    compiled.prune(object);
    compiled.applyDefaults(object);
    return object;
  };
  return {
    crd,
    schema,
    admitted,
    problems: (document, old) =>
      compiled
        .validate(admitted(document), old === undefined ? undefined : admitted(old))
        .map(({ field, message }) => `${field}: ${message}`),
    parse: parser,
  };
}

export const storagePolicy = load('storagepolicies.yaml', parseStoragePolicy);
export const volumeMigration = load('volumemigrations.yaml', parseVolumeMigration);
export const definitions = [
  ['StoragePolicy', storagePolicy],
  ['VolumeMigration', volumeMigration],
] as const;
