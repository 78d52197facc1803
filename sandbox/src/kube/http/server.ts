/**
 * The transport: TLS with client certificates requested but not required, bodies up to a limit, and faults where they
 * strike. It is node:https without a framework: which paths exist changes with every CustomResourceDefinition, so
 * there is one route, and media types with parameters, endless answers and broken connections need the raw response
 * anyway.
 */
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Clock, Logger } from '@couchestor/common/base';
import { ApiError } from '../api-error.ts';
import { peerCertificateOf } from '../auth/authenticator.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { impersonate } from '../auth/impersonation.ts';
import type { FaultInjector } from '../faults.ts';
import type { RequestAttributes, UserInfo } from '../types.ts';
import type { Dispatcher } from './dispatcher.ts';
import { attributesOf, json, parseTarget, verbOf } from './messages.ts';
import type { Answer, ApiRequest, StreamAnswer } from './messages.ts';

/** As a real server's. */
const bodyLimitBytes = 3 * 1024 * 1024;
/** Longer than any client keeps an idle connection, so that the client is the one to close it. */
const keepAliveTimeoutMs = 120_000;
const mutatingVerbs: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const commonHeaders = { 'cache-control': 'no-cache, private' };

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
  readonly #server: Server | HttpsServer;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    const listener = (message: IncomingMessage, response: ServerResponse): void => void this.#serve(message, response);
    const { tls } = parts;
    const options = { keepAliveTimeout: keepAliveTimeoutMs, requestCert: true, rejectUnauthorized: false };
    this.#server = tls === undefined ? createHttp(options, listener) : createHttps({ ...options, ...tls }, listener);
  }

  /** Resolves to the port. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  /** Closes every connection, those of watches and dropped requests too. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.closeConnections();
    await closed;
  }

  closeConnections(): void {
    this.#server.closeAllConnections();
  }

  /** Never rejects: whatever goes wrong is an answer, or nobody is there to be answered. */
  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle of a request or of its answer is no failure of the server.
    message.on('error', () => undefined);
    response.on('error', () => undefined);
    try {
      const answer = await this.#answer(message);
      if (response.destroyed) return;
      if (answer === 'reset') message.socket.destroy();
      else if (answer !== 'silence') send(response, answer);
    } catch (error) {
      if (!response.destroyed) send(response, this.#failure(error, message));
    }
  }

  async #answer(message: IncomingMessage): Promise<Answer | StreamAnswer | 'reset' | 'silence'> {
    const { faults, clock, dispatcher, authorize } = this.#parts;
    const request = await this.#read(message);
    const delay = faults.take(request.fault, 'delay');
    if (delay !== undefined) await clock.sleep(delay.ms);
    const struck = faults.take(request.fault, 'drop', 'reset', 'status');
    if (struck?.kind === 'drop') return 'silence';
    if (struck?.kind === 'reset') return 'reset';
    if (struck?.kind === 'status') throw statusFault(struck);
    authorize(request.user, attributesOf(request));
    const lost = mutatingVerbs.has(request.verb) ? faults.take(request.fault, 'after-effect') : undefined;
    const answer = await dispatcher.dispatch(request);
    if (lost?.then === 'reset') return 'reset';
    if (lost?.then === 'status') throw statusFault({ code: 500 });
    return answer;
  }

  async #read(message: IncomingMessage): Promise<ApiRequest> {
    const { method = 'GET', url = '/', headers, socket } = message;
    const [path = '/', ...rest] = url.split('?');
    const query = new URLSearchParams(rest.join('?'));
    const target = parseTarget(path);
    const verb = verbOf(target, method, query);
    const authenticated = await this.#parts.authenticator.authenticate({
      peerCertificate: socket instanceof TLSSocket ? peerCertificateOf(socket) : undefined,
      authorization: headers.authorization,
    });
    if (authenticated === undefined) throw ApiError.unauthorized();
    const user = impersonate(authenticated, headers, this.#parts.authorize);
    const body = await readBody(message);
    const fault = { method, path, verb, user: user.username };
    return { method, path, query, headers, body, target, verb, user, fault };
  }

  #failure(error: unknown, { method, url }: IncomingMessage): Answer {
    if (!(error instanceof ApiError)) this.#parts.logger.error('a request failed unexpectedly', { method, url, error });
    const known = error instanceof ApiError ? error : ApiError.internal('see the log of the sandbox');
    const retryAfter = known.details?.retryAfterSeconds;
    const headers = {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      // What is left of the body is not worth reading.
      ...(known.code === 413 ? { connection: 'close' } : {}),
    };
    return { ...json(known.toStatus(), known.code), headers };
  }
}

function send(response: ServerResponse, answer: Answer | StreamAnswer): void {
  if ('stream' in answer) {
    response.writeHead(200, { ...commonHeaders, 'content-type': answer.contentType });
    answer.stream(response);
    return;
  }
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  const warnings = (answer.warnings ?? []).map((text) => `299 - ${JSON.stringify(text.replace(/[^\x20-\x7e]/g, '?'))}`);
  if (warnings.length > 0) response.setHeader('warning', warnings);
  response.writeHead(answer.code, {
    ...commonHeaders,
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': body.length,
  });
  response.end(body);
}

/** Thrown for a body beyond the limit: 413. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > bodyLimitBytes) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimitBytes}`);
    }
    chunks.push(chunk as Buffer);
  }
  return size === 0 ? undefined : Buffer.concat(chunks);
}

const faultReasons: ReadonlyMap<number, string> = new Map([
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
]);

function statusFault({ code, retryAfterSeconds }: { code: number; retryAfterSeconds?: number }): ApiError {
  if (code === 429) return ApiError.tooManyRequests(retryAfterSeconds ?? 1);
  const details = retryAfterSeconds === undefined ? undefined : { retryAfterSeconds };
  return new ApiError(code, faultReasons.get(code) ?? 'Unknown', 'an injected fault', details);
}
