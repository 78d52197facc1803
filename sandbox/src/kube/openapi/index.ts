/**
 * The OpenAPI documents of the server: v3 as one document per group and version, v2 as one for all, which clients want
 * in protobuf. They are built anew for each call; the dispatcher keeps them.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, ResourceType } from '../types.ts';
import { definitionsOf } from './definitions.ts';
import { pathsOf } from './paths.ts';

export { builtinSchema, patchStrategyOf, type PatchStrategy } from './builtin-schemas.ts';
export { openApiV2Protobuf } from './protobuf.ts';

const INFO = { title: 'CoucheStor sandbox Kubernetes API', version: 'v1' };

/** `/openapi/v3`: where the document of each group and version is, with a hash of its content. */
export function openApiV3Index(types: readonly ResourceType[]): JsonObject {
  const paths: JsonObject = {};
  for (const { group, version } of types) {
    const path = group === '' ? `api/${version}` : `apis/${group}/${version}`;
    if (Object.hasOwn(paths, path)) continue;
    const text = JSON.stringify(openApiV3(types, group, version));
    const hash = createHash('sha512').update(text).digest('hex').toUpperCase();
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  }
  return { paths };
}

/** `/openapi/v3/api/v1` and the like, or undefined if there is no such version. */
export function openApiV3(types: readonly ResourceType[], group: string, version: string): JsonObject | undefined {
  const served = types.filter((type) => type.group === group && type.version === version);
  if (served.length === 0) return undefined;
  const components = { schemas: definitionsOf(served, 'v3') };
  return { openapi: '3.0.0', info: INFO, paths: pathsOf(served, 'v3'), components };
}

/** `/openapi/v2` */
export function openApiV2(types: readonly ResourceType[]): JsonObject {
  return { swagger: '2.0', info: INFO, paths: pathsOf(types, 'v2'), definitions: definitionsOf(types, 'v2') };
}
