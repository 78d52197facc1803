/**
 * The transport: TLS with client certificates requested but not required, bodies up to a limit, and faults where they strike. fastify owns
 * sockets, bodies and shutdown; it has one catch-all route, since which paths exist changes with every CustomResourceDefinition.
 */
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Clock, Logger } from '@couchestor/common/base';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.ts';
import { peerCertificateOf } from '../auth/authenticator.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { FaultInjector } from '../faults.ts';
import type { RequestAttributes, UserInfo } from '../types.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Answer, ApiRequest } from './messages.ts';
import { attributesOf, parseTarget, verbOf } from './request-target.ts';

/** As a real server's. */
const bodyLimitBytes = 3 * 1024 * 1024;
const mutatingVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

interface TransportParts {
  tls: { key: string; cert: string; ca: string } | undefined;
  authenticator: Authenticator;
  /** Throws 403. */
  authorize: (user: UserInfo, attributes: RequestAttributes) => void;
  faults: FaultInjector;
  dispatcher: Dispatcher;
  clock: Clock;
  logger: Logger;
}

export class Transport {
  readonly #parts: TransportParts;
  readonly #app: FastifyInstance;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    const { tls } = parts;
    this.#app = fastify({
      bodyLimit: bodyLimitBytes,
      forceCloseConnections: true,
      return503OnClosing: false,
      serverFactory: (handler) => {
        const listener = (request: IncomingMessage, response: ServerResponse): void => handler(request, response);
        return tls === undefined
          ? createHttp(listener)
          : createHttps({ ...tls, requestCert: true, rejectUnauthorized: false }, listener);
      },
      frameworkErrors: (error, _request, reply) => this.#fail(error, reply),
      clientErrorHandler: (_error, socket) => {
        const status = JSON.stringify(ApiError.badRequest('malformed HTTP request').toStatus());
        const head = `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(status)}\r\n`;
        if (socket.writable) socket.end(`${head}Connection: close\r\n\r\n${status}`);
      },
    });
    this.#app.removeAllContentTypeParsers();
    this.#app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    const handle = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
      this.#handle(request, reply);
    this.#app.all('/*', handle);
    this.#app.setNotFoundHandler(handle);
    this.#app.setErrorHandler((error, _request, reply) => this.#fail(error, reply));
  }

  /** Resolves to the port. */
  async listen(host: string, port: number): Promise<number> {
    await this.#app.listen({ host, port });
    const address = this.#app.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Closes every connection, those of watches and dropped requests too. */
  async close(): Promise<void> {
    await this.#app.close();
  }

  closeConnections(): void {
    this.#app.server.closeAllConnections();
  }

  async #handle(raw: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { faults, clock, dispatcher, authorize } = this.#parts;
    const request = await this.#read(raw);
    for (const { ms } of faults.takeAll(request.fault, 'delay')) await clock.sleep(ms);
    const struck = faults.take(request.fault, 'drop', 'reset', 'status');
    if (struck?.kind === 'drop') return reply.hijack();
    if (struck?.kind === 'reset') return reset(raw, reply);
    if (struck?.kind === 'status') throw statusFault(struck);
    const { path, query, target, verb, user } = request;
    authorize(user, attributesOf(target, verb, { path, query }));
    const lost = mutatingVerbs.has(verb) ? faults.take(request.fault, 'after-effect') : undefined;
    const answer = await dispatcher.dispatch(request);
    if (lost?.then === 'reset') return reset(raw, reply);
    if (lost?.then === 'status') throw statusFault({ code: 500 });
    if (!('stream' in answer)) return send(reply, answer);
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': answer.contentType, 'cache-control': 'no-cache, private' });
    answer.stream(reply.raw);
    return reply;
  }

  async #read(raw: FastifyRequest): Promise<ApiRequest> {
    const question = raw.url.indexOf('?');
    const path = question < 0 ? raw.url : raw.url.slice(0, question);
    const query = new URLSearchParams(question < 0 ? '' : raw.url.slice(question + 1));
    const target = parseTarget(path);
    const verb = verbOf(target, raw.method, query);
    const user = await this.#parts.authenticator.authenticate({
      peerCertificate: raw.socket instanceof TLSSocket ? peerCertificateOf(raw.socket) : undefined,
      authorization: raw.headers.authorization,
    });
    if (user === undefined) throw ApiError.unauthorized();
    const body = Buffer.isBuffer(raw.body) ? raw.body : undefined;
    const fault = { method: raw.method, path, verb, user: user.username };
    return { method: raw.method, path, query, headers: raw.headers, body, target, verb, user, fault };
  }

  #fail(error: unknown, reply: FastifyReply): FastifyReply {
    const known = toApiError(error);
    if (known.code >= 500 && !(error instanceof ApiError)) {
      this.#parts.logger.error('a request failed unexpectedly', { error });
    }
    const retryAfter = known.details?.retryAfterSeconds;
    if (retryAfter !== undefined) void reply.header('retry-after', String(retryAfter));
    return reply.code(known.code).type('application/json').send(JSON.stringify(known.toStatus()));
  }
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const warnings = (answer.warnings ?? []).map((text) => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`);
  if (warnings.length > 0) void reply.header('warning', warnings);
  void reply.header('cache-control', 'no-cache, private');
  return reply.code(answer.code).type(answer.contentType).send(answer.body);
}

function reset(raw: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  raw.raw.socket.destroy();
  return reply;
}

const statusFault = ({ code, retryAfterSeconds }: { code: number; retryAfterSeconds?: number }): ApiError => {
  if (code === 429) return ApiError.tooManyRequests(retryAfterSeconds ?? 1);
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
  return new ApiError(code, code === 500 ? 'InternalError' : 'ServiceUnavailable', 'an injected fault', details);
};

/** What fastify refuses by itself keeps its code; anything unforeseen is a 500 that says no more than that. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const code = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  const message = error instanceof Error ? error.message : '';
  if (code === 413) {
    return new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimitBytes}`);
  }
  if (code === 415) return ApiError.unsupportedMediaType(message);
  return code >= 400 && code < 500
    ? new ApiError(code, 'BadRequest', message)
    : ApiError.internal('see the log of the sandbox');
}
