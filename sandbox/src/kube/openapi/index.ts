/**
 * The OpenAPI documents of the server: v3 as one document per group and version, v2 as one for all, which clients want
 * in protobuf. They are built anew for each call; the dispatcher keeps them.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, ResourceType } from '../types.ts';
import { definitionsOf, gvkOf } from './definitions.ts';

export { openApiV2Protobuf } from './protobuf.ts';

const INFO = { title: 'CoucheStor sandbox Kubernetes API', version: 'v1' };
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation', 'force'];

/** `/openapi/v3`: where the document of each group and version is, with a hash of its content. */
export function openApiV3Index(types: readonly ResourceType[]): JsonObject {
  const paths: JsonObject = {};
  for (const { group, version } of types) {
    const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
    if (Object.hasOwn(paths, path)) continue;
    const hash = createHash('sha512').update(JSON.stringify(openApiV3(types, group, version)));
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.digest('hex').toUpperCase()}` };
  }
  return { paths };
}

/** `/openapi/v3/api/v1` and the like, or undefined if there is no such version. */
export function openApiV3(types: readonly ResourceType[], group: string, version: string): JsonObject | undefined {
  const served = types.filter((type) => type.group === group && type.version === version);
  if (served.length === 0) return undefined;
  const components = { schemas: definitionsOf(served, 'v3') };
  return { openapi: '3.0.0', info: INFO, paths: pathsOf(served, { schema: { type: 'string' } }), components };
}

/** `/openapi/v2` */
export function openApiV2(types: readonly ResourceType[]): JsonObject {
  const definitions = definitionsOf(types, 'v2');
  return { swagger: '2.0', info: INFO, paths: pathsOf(types, { type: 'string' }), definitions };
}

/** How a resource is patched: clients look there for whether they may leave validation to the server. */
function pathsOf(types: readonly ResourceType[], text: JsonObject): JsonObject {
  const patchable = types.filter(({ verbs }) => verbs.includes('patch'));
  const paths = patchable.map((type) => {
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
    const path = `${root}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.resource}/{name}`;
    const patch = {
      parameters: WRITE_PARAMETERS.map((name) => ({ name, in: 'query', ...text })),
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': gvkOf(type),
    };
    return [path, { patch }] as const;
  });
  return Object.fromEntries(paths);
}
