/**
 * The paths of an OpenAPI document. Clients look there for one thing: whether a resource can be patched with
 * `fieldValidation` and `dryRun`, so that they may leave validation to the server.
 */
import type { JsonObject, ResourceType, Verb } from '../types.ts';
import { definitionNameOf, gvkOf, type Dialect } from './definitions.ts';

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation'];
const READ_PARAMETERS = ['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'watch'];

interface OperationKind {
  verb: Verb;
  method: string;
  parameters: readonly string[];
}

const COLLECTION: readonly OperationKind[] = [
  { verb: 'list', method: 'get', parameters: READ_PARAMETERS },
  { verb: 'create', method: 'post', parameters: WRITE_PARAMETERS },
  { verb: 'deletecollection', method: 'delete', parameters: [...READ_PARAMETERS, 'dryRun'] },
];
const ITEM: readonly OperationKind[] = [
  { verb: 'get', method: 'get', parameters: [] },
  { verb: 'update', method: 'put', parameters: WRITE_PARAMETERS },
  { verb: 'patch', method: 'patch', parameters: [...WRITE_PARAMETERS, 'force'] },
  { verb: 'delete', method: 'delete', parameters: ['dryRun', 'propagationPolicy', 'gracePeriodSeconds'] },
];

export function pathsOf(types: readonly ResourceType[], dialect: Dialect): Record<string, JsonObject> {
  const paths: Record<string, JsonObject> = {};
  for (const type of types) {
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
    const base = `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.resource}`;
    const inPath = type.namespaced ? ['namespace'] : [];
    paths[base] = pathItem(type, COLLECTION, inPath, dialect);
    paths[`${base}/{name}`] = pathItem(type, ITEM, [...inPath, 'name'], dialect);
  }
  return paths;
}

function pathItem(
  type: ResourceType,
  kinds: readonly OperationKind[],
  inPath: readonly string[],
  dialect: Dialect,
): JsonObject {
  const operations = kinds
    .filter(({ verb }) => type.verbs.includes(verb))
    .map((kind) => [kind.method, operation(type, kind, dialect)] as const);
  const parameters = inPath.map((name) => parameter(name, 'path', dialect));
  return { ...Object.fromEntries(operations), ...(parameters.length === 0 ? {} : { parameters }) };
}

function operation(type: ResourceType, kind: OperationKind, dialect: Dialect): JsonObject {
  const ref = `${dialect === 'v2' ? '#/definitions' : '#/components/schemas'}/${definitionNameOf(type)}`;
  const schema = { $ref: ref };
  const types = kind.method === 'patch' ? PATCH_TYPES : ['application/json', 'application/yaml'];
  const hasBody = ['post', 'put', 'patch'].includes(kind.method);
  const bodySchema = kind.method === 'patch' ? { type: 'object' } : schema;
  const query = kind.parameters.map((name) => parameter(name, 'query', dialect));
  const shared = {
    operationId: `${kind.verb}${pascal(type.group)}${pascal(type.version)}${type.kind}`,
    'x-kubernetes-action': kind.verb === 'create' ? 'post' : kind.verb === 'update' ? 'put' : kind.verb,
    'x-kubernetes-group-version-kind': gvkOf(type),
  };
  if (dialect === 'v2') {
    const body = { name: 'body', in: 'body', required: true, schema: bodySchema };
    return {
      ...shared,
      consumes: types,
      produces: ['application/json'],
      parameters: [...(hasBody ? [body] : []), ...query],
      responses: { 200: { description: 'OK', schema } },
    };
  }
  const content = Object.fromEntries(types.map((mediaType) => [mediaType, { schema: bodySchema }]));
  return {
    ...shared,
    parameters: query,
    ...(hasBody ? { requestBody: { required: true, content } } : {}),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
  };
}

function parameter(name: string, place: 'path' | 'query', dialect: Dialect): JsonObject {
  const shared = { name, in: place, ...(place === 'path' ? { required: true } : {}) };
  return dialect === 'v2' ? { ...shared, type: 'string' } : { ...shared, schema: { type: 'string' } };
}

function pascal(text: string): string {
  return text
    .split('.')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
