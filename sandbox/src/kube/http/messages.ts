/** What passes between the HTTP transport and the handlers of the API, and what the path of a request names. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { ApiError } from '../api-error.ts';
import type { FaultRequest } from '../faults.ts';
import { isObject } from '../patch/json.ts';
import { readBoolean } from '../rest/options.ts';
import type { JsonObject, RequestAttributes, UserInfo } from '../types.ts';
import { mediaTypeOf, parseBody } from './negotiation.ts';

export interface ResourceTarget {
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

export type RequestTarget = ResourceTarget | { kind: 'path'; segments: readonly string[] };

export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer | undefined;
  target: RequestTarget;
  verb: string;
  user: UserInfo;
  /** The request as fault rules see it. */
  fault: FaultRequest;
}

export interface Answer {
  code: number;
  contentType: string;
  body: string | Uint8Array;
  headers?: Readonly<Record<string, string>>;
  /** Texts of Warning headers. */
  warnings?: readonly string[];
}

/** An answer that goes on: it takes over the response after its headers. */
export interface StreamAnswer {
  contentType: string;
  stream: (response: ServerResponse) => void;
}

export const json = (value: unknown, code = 200): Answer => ({
  code,
  contentType: 'application/json',
  body: JSON.stringify(value),
});

/** The body as an object; an absent one is `undefined`. Thrown when it is something else: 400. */
export function readObject(request: ApiRequest): JsonObject | undefined {
  if (request.body === undefined || request.body.length === 0) return undefined;
  const value = parseBody(request.body, mediaTypeOf(request.headers['content-type']));
  if (isObject(value)) return value;
  throw ApiError.badRequest("couldn't get version/kind; json parse error: the body is not an object");
}

/** As {@link readObject}, for requests that need a body. */
export function requireObject(request: ApiRequest): JsonObject {
  const object = readObject(request);
  if (object === undefined) throw ApiError.badRequest('the body of the request is empty');
  return object;
}

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

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** The verb of RBAC and of fault rules. */
export function verbOf(target: RequestTarget, method: string, query: URLSearchParams): string {
  if (target.kind === 'path') return method.toLowerCase();
  if (target.name === '' && method === 'DELETE') return 'deletecollection';
  if (target.name === '' && ['GET', 'HEAD'].includes(method)) return readBoolean(query, 'watch') ? 'watch' : 'list';
  return verbs[method] ?? method.toLowerCase();
}

/** What the authorizer is asked. A single object picked by field selector counts as named, as on a real server. */
export function attributesOf({ target, verb, path, query }: Omit<ApiRequest, 'body'>): RequestAttributes {
  if (target.kind === 'path') return { kind: 'path', verb, path };
  const { group, resource, subresource, name } = target;
  const picked = /^metadata\.name==?([^,!=]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const namespace = group === '' && resource === 'namespaces' ? name : target.namespace;
  return { kind: 'resource', verb, group, resource, subresource, namespace, name: name === '' ? (picked ?? '') : name };
}
