/** What passes between the HTTP transport and the handlers of the API. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { ApiError } from '../api-error.ts';
import { isObject } from '../patch/json.ts';
import type { FaultRequest } from '../faults.ts';
import type { JsonObject, UserInfo } from '../types.ts';
import { mediaTypeOf, parseBody } from './negotiation.ts';
import type { RequestTarget } from './request-target.ts';

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
