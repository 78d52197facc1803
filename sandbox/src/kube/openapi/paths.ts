/**
 * The paths of an OpenAPI document: which operations a resource has and which parameters they take. Clients look there
 * for whether a resource can be patched with `fieldValidation` and `dryRun`, so that they may leave validation to the
 * server; what goes in and out is told by the definitions.
 */
import type { JsonObject, ResourceType, Verb } from '../types.ts';
import { gvkOf, type Dialect } from './definitions.ts';

type OperationKind = readonly [verb: Verb, method: string, parameters: string];

const WRITE = 'dryRun fieldManager fieldValidation';
const READ = 'labelSelector fieldSelector limit continue resourceVersion resourceVersionMatch';
const COLLECTION: readonly OperationKind[] = [
  ['list', 'get', `${READ} watch timeoutSeconds allowWatchBookmarks`],
  ['create', 'post', WRITE],
  ['deletecollection', 'delete', `${READ} dryRun`],
];
const ITEM: readonly OperationKind[] = [
  ['get', 'get', 'resourceVersion'],
  ['update', 'put', WRITE],
  ['patch', 'patch', `${WRITE} force`],
  ['delete', 'delete', 'dryRun propagationPolicy gracePeriodSeconds'],
];
const ACTIONS: Partial<Record<Verb, string>> = { create: 'post', update: 'put' };

export function pathsOf(types: readonly ResourceType[], dialect: Dialect): Record<string, JsonObject> {
  const parameter = (name: string, place: 'path' | 'query'): JsonObject => ({
    name,
    in: place,
    ...(place === 'path' ? { required: true } : {}),
    ...(dialect === 'v2' ? { type: 'string' } : { schema: { type: 'string' } }),
  });
  const pathItem = (type: ResourceType, kinds: readonly OperationKind[], inPath: readonly string[]): JsonObject => {
    const operations = kinds
      .filter(([verb]) => type.verbs.includes(verb))
      .map(([verb, method, parameters]) => [
        method,
        {
          parameters: parameters.split(' ').map((name) => parameter(name, 'query')),
          responses: { 200: { description: 'OK' } },
          'x-kubernetes-action': ACTIONS[verb] ?? verb,
          'x-kubernetes-group-version-kind': gvkOf(type),
        },
      ]);
    const shared = inPath.map((name) => parameter(name, 'path'));
    return {
      ...(Object.fromEntries(operations) as JsonObject),
      ...(shared.length === 0 ? {} : { parameters: shared }),
    };
  };
  const paths: Record<string, JsonObject> = {};
  for (const type of types) {
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
    const base = `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.resource}`;
    const inPath = type.namespaced ? ['namespace'] : [];
    paths[base] = pathItem(type, COLLECTION, inPath);
    paths[`${base}/{name}`] = pathItem(type, ITEM, [...inPath, 'name']);
  }
  return paths;
}
