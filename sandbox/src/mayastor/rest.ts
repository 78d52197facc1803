/**
 * The REST server of the control plane, v0. It is plain node:http: broken answers have to be made by hand, and a handful of paths
 * needs no framework. Whatever a client sends, it gets an answer that blames the client, and the server goes on.
 */
import { timingSafeEqual, createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { MayastorCluster } from './cluster.ts';
import { dataPathRoutes } from './data-path-routes.ts';
import { kindOf, MayastorError, undecodable } from './errors.ts';
import type { FaultEffect, Strike } from './faults.ts';
import { InfrastructureDocuments } from './infrastructure-documents.ts';
import { infrastructureRoutes } from './infrastructure-routes.ts';
import { Fields, Query } from './input.ts';
import { Router } from './router.ts';
import { VolumeDocuments } from './volume-documents.ts';
import { volumeRoutes } from './volume-routes.ts';

const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

export interface MayastorRestOptions {
  readonly cluster: MayastorCluster;
  readonly host?: string;
  /** A free one if absent. */
  readonly port?: number;
  /** Asked of every request, if given. */
  readonly bearerToken?: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

interface ReadRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly type: string;
  readonly body: Buffer;
}

export class MayastorRest {
  /** With `/v0` left to the client. */
  readonly url: string;
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  static async start(options: MayastorRestOptions): Promise<MayastorRest> {
    const { cluster, host = '127.0.0.1', port = 0, bearerToken } = options;
    const router = new Router([...volumeRoutes, ...infrastructureRoutes, ...dataPathRoutes], cluster.features);
    const service = new RestService(cluster, router, bearerToken);
    const server = createServer((message, response) => void service.serve(message, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    const address = server.address();
    const actualPort = typeof address === 'object' && address !== null ? address.port : port;
    return new MayastorRest(`http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`, server);
  }

  /** Ends hanging requests as well. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

class RestService {
  readonly #cluster: MayastorCluster;
  readonly #router: Router;
  readonly #bearerToken: string | undefined;

  constructor(cluster: MayastorCluster, router: Router, bearerToken: string | undefined) {
    this.#cluster = cluster;
    this.#router = router;
    this.#bearerToken = bearerToken;
  }

  /** Never rejects. */
  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle of an answer is no failure of the server.
    response.on('error', () => undefined);
    try {
      const { method = 'GET', url = '/' } = message;
      const [path = '/', ...rest] = url.split('?');
      const strike = this.#cluster.faults.take(method, path);
      const body = await readBody(message);
      const type = message.headers['content-type'] ?? '';
      const request = { method, path, query: new Query(rest.join('?')), type, body };
      const answer = await this.#answerUnder(strike, request, message.headers.authorization);
      if (response.destroyed || answer === 'hang') return;
      if (answer === 'reset') message.socket.destroy();
      else send(response, answer);
    } catch (error) {
      if (!response.destroyed) send(response, failure(error));
    }
  }

  async #answerUnder(
    strike: Strike | undefined,
    request: ReadRequest,
    authorization: string | undefined,
  ): Promise<Answer | 'reset' | 'hang'> {
    const answer = (): Answer => this.#answer(request, authorization);
    if (strike === undefined) return answer();
    const { when, effect } = strike;
    if (effect.kind === 'delay') {
      if (when === 'before') await this.#cluster.clock.sleep(effect.ms);
      const late = answer();
      if (when === 'after') await this.#cluster.clock.sleep(effect.ms);
      return late;
    }
    // A cut-off answer needs one to cut, so the request takes effect in any case.
    if (effect.kind === 'truncated') return { status: 200, body: cutOff(answer().body) };
    if (when === 'after') answer();
    return broken(effect);
  }

  #answer(request: ReadRequest, authorization: string | undefined): Answer {
    try {
      this.#authenticate(authorization);
      const { method, path, query } = request;
      const found = this.#router.find(method, path);
      if (found === undefined) return { status: 404, body: '', type: 'text/plain' };
      const cluster = this.#cluster;
      const result = cluster.request(`${method} ${path}`, (worlds) =>
        found.handle({
          cluster,
          volumes: new VolumeDocuments(worlds, cluster.features),
          infrastructure: new InfrastructureDocuments(worlds, cluster.features, cluster.release),
          params: found.params,
          query,
          body: () => new Fields(parseJson(request)),
        }),
      );
      return result === undefined ? { status: 204, body: '' } : { status: 200, body: JSON.stringify(result) };
    } catch (error) {
      return failure(error);
    }
  }

  #authenticate(authorization: string | undefined): void {
    if (this.#bearerToken === undefined) return;
    if (authorization === undefined) {
      throw new MayastorError('Unauthorized', '', 'No Bearer Token was provided in the HTTP Header');
    }
    if (sameText(authorization, `Bearer ${this.#bearerToken}`)) return;
    throw new MayastorError('Unauthorized', '', 'Invalid Bearer Token: InvalidSignature');
  }
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Thrown for a body beyond the limit, which is not read to its end. */
async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT_BYTES)
      throw undecodable(`JSON payload is larger than allowed (limit: ${BODY_LIMIT_BYTES} bytes).`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parseJson({ type, body }: ReadRequest): unknown {
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) throw undecodable('Content type error');
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw undecodable(`Json deserialize error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function failure(error: unknown): Answer {
  if (error instanceof MayastorError) return { status: error.status, body: JSON.stringify(error) };
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: JSON.stringify(new MayastorError('Internal', message)) };
}

function broken(effect: Exclude<FaultEffect, { kind: 'delay' | 'truncated' }>): Answer | 'reset' | 'hang' {
  switch (effect.kind) {
    case 'reset':
    case 'hang':
      return effect.kind;
    case 'garbage':
      return { status: 200, body: '<html><body>Bad Gateway' };
    case 'refusal':
      return failure(new MayastorError(effect.error, effect.message ?? 'an injected fault'));
    case 'status': {
      const { code, text } = effect;
      if (text !== undefined) return { status: code, body: text, type: 'text/plain' };
      return { status: code, body: JSON.stringify(new MayastorError(kindOf(code), 'an injected fault')) };
    }
  }
}

function cutOff(body: string): string {
  return body.slice(0, Math.floor(body.length / 2));
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: Answer): void {
  const headers = body === '' ? {} : { 'content-type': type };
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
