/** What a path of the Kubernetes API names, and the verb with which it is asked for. */
import { ApiError } from '../api-error.ts';
import type { RequestAttributes } from '../types.ts';

export type RequestTarget =
  | {
      kind: 'resource';
      group: string;
      version: string;
      resource: string;
      /** Empty for cluster-scoped resources and for lists over all namespaces. */
      namespace: string;
      /** Empty for collections. */
      name: string;
      /** With slashes where it has several parts. */
      subresource: string;
    }
  | { kind: 'path'; segments: readonly string[] };

/** Parses a path; `/api…` up to a version is discovery and so a plain path. Thrown for broken percent-encoding: 400. */
export function parseTarget(path: string): RequestTarget {
  let segments: string[];
  try {
    segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw ApiError.badRequest('the path is not properly percent-encoded');
  }
  const core = segments[0] === 'api';
  const rest = segments.slice(core ? 2 : 3);
  if ((!core && segments[0] !== 'apis') || rest.length === 0) return { kind: 'path', segments };
  const [group = '', version = ''] = core ? ['', segments[1]] : segments.slice(1, 3);
  const [first = '', second = '', third = ''] = rest;
  const insideNamespace = first === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(third);
  const [resource = '', name = '', ...sub] = insideNamespace ? rest.slice(2) : rest;
  const namespace = insideNamespace ? second : '';
  return { kind: 'resource', group, version, resource, namespace, name, subresource: sub.join('/') };
}

/** The verb of RBAC and of fault rules. */
export function verbOf(target: RequestTarget, method: string, query: URLSearchParams): string {
  if (target.kind === 'path') return method.toLowerCase();
  const one = target.name !== '';
  const watching = !['false', '0', undefined].includes(query.get('watch')?.toLowerCase());
  switch (method) {
    case 'GET':
    case 'HEAD':
      return one ? 'get' : watching ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

/** What the authorizer is asked. A single object picked by field selector counts as named, as on a real server. */
export function attributesOf(
  target: RequestTarget,
  verb: string,
  { path, query }: { path: string; query: URLSearchParams },
): RequestAttributes {
  if (target.kind === 'path') return { kind: 'path', verb, path };
  const { group, resource, subresource, name } = target;
  const picked = /^metadata\.name==?([^,!=]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const namespace = group === '' && resource === 'namespaces' ? name : target.namespace;
  return { kind: 'resource', verb, group, resource, subresource, namespace, name: name === '' ? (picked ?? '') : name };
}
