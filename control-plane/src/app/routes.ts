/**
 * Nest's decorators as functions: the sources run with their types stripped, and stripping leaves decorator syntax behind. A
 * controller is a plain class; these say which of its methods answers what, and what its constructor is given.
 */
import { Controller, Get, Inject, Req, Res } from '@nestjs/common';

/** What a handler uses of a request and a response of Express. */
export interface HttpRequest {
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  /** The best of `types` for the client, in the order of preference; false when it takes none. */
  accepts(types: readonly string[]): string | false;
}

export interface HttpResponse {
  status(code: number): HttpResponse;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export type Handler = (request: HttpRequest, response: HttpResponse) => void | Promise<void>;

/** Makes `controller` a controller at `path`, whose constructor takes the value of `token`. */
export function controllerAt(path: string, controller: new (given: never) => object, token: string): void {
  Controller(path)(controller);
  Inject(token)(controller, undefined, 0);
}

/** Makes `method` the one that answers GET `path` below the controller. */
export function answersGet<T extends string>(
  controller: { readonly prototype: Readonly<Record<T, Handler>> },
  method: T,
  path: string | string[],
): void {
  const { prototype } = controller;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  if (descriptor === undefined) throw new TypeError(`${method} is no method of its controller`);
  Get(path)(prototype, method, descriptor);
  Req()(prototype, method, 0);
  Res()(prototype, method, 1);
}

export function answer(response: HttpResponse, status: number, type: string, body: string): void {
  response.setHeader('content-type', type);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.status(status).end(body);
}

export function answerJson(response: HttpResponse, status: number, body: unknown, type = 'application/json'): void {
  answer(response, status, `${type}; charset=utf-8`, `${JSON.stringify(body)}\n`);
}
