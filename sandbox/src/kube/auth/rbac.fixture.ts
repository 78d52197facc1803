/** For tests: stored roles and bindings, and requests for pods. */
import type { GroupResource, JsonObject, KubeObject, RequestAttributes } from '../types.ts';
import { RBAC_GROUP } from './rbac.ts';

/** A lister over objects of the RBAC group, of which only what matters needs to be given. */
export function storedObjects(objects: readonly JsonObject[]): {
  list(resource: GroupResource): readonly KubeObject[];
} {
  return {
    list: ({ group, resource }) =>
      group === RBAC_GROUP
        ? objects.filter(({ kind }) => `${String(kind).toLowerCase()}s` === resource).map(asStored)
        : [],
  };
}

export function asStored(object: JsonObject): KubeObject {
  return { apiVersion: `${RBAC_GROUP}/v1`, ...object } as JsonObject as KubeObject;
}

type ResourceRequest = Extract<RequestAttributes, { kind: 'resource' }>;

/** A get of a pod in namespace `n`, but for what is said. */
export function resourceRequest(change: Partial<ResourceRequest> = {}): ResourceRequest {
  const request = { verb: 'get', group: '', resource: 'pods', subresource: '', namespace: 'n', name: 'p' };
  return { kind: 'resource', ...request, ...change };
}
