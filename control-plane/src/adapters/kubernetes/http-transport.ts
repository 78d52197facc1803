/**
 * HTTP/1.1 to a real API server, on Node's own client rather than client-node's generated one: that one opens a TLS connection
 * for every request and leaves it open, and does not tell a request that never left from one whose answer was lost. One
 * connection pool lives as long as the TLS material does.
 */
import http from 'node:http';
import https from 'node:https';
import { TLSSocket } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoucheStorError, realClock, type Clock } from '@couchestor/common/base';
import { CredentialSource, type Credentials } from './credentials.ts';
import {
  TransportError,
  type KubeTransport,
  type TransportRequest,
  type TransportResponse,
  type TransportStream,
} from './transport.ts';

export interface HttpTransportOptions {
  readonly config: KubeConfig;
  readonly clock?: Clock;
  readonly userAgent?: string;
}

/** Lists come in pages, so anything larger is not an answer of this API. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Below the idle time of common load balancers (60 s), as client-go does. */
const KEEP_ALIVE_PROBE_MS = 30_000;

export class HttpTransport implements KubeTransport {
  readonly #credentials: CredentialSource;
  readonly #userAgent: string;
  #pool: { readonly id: string; readonly agent: http.Agent } | undefined;

  constructor({ config, clock = realClock, userAgent = 'couchestor' }: HttpTransportOptions) {
    this.#credentials = new CredentialSource(config, clock);
    this.#userAgent = userAgent;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    const response = await this.#send(request);
    return {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      body: await readText(chunksOf(response, request.signal)),
    };
  }

  async open(request: TransportRequest): Promise<TransportStream> {
    const response = await this.#send(request);
    return {
      status: response.statusCode ?? 0,
      headers: headersOf(response),
      chunks: chunksOf(response, request.signal),
    };
  }

  close(): void {
    this.#pool?.agent.destroy();
    this.#pool = undefined;
  }

  async #send(request: TransportRequest): Promise<http.IncomingMessage> {
    const credentials = await this.#credentials.current().catch((error: unknown) => {
      throw new TransportError('The credentials cannot be read', { sent: false, cause: error });
    });
    const response = await this.#attempt(request, credentials).catch((error: unknown) => {
      // A pooled connection that the server had just closed: harmless to repeat where nothing can have been changed.
      const stale = error instanceof StaleConnection && request.method === 'GET' && !request.signal.aborted;
      if (!stale) throw error;
      // Its neighbours have idled as long.
      closeIdle(this.#pool?.agent);
      return this.#attempt(request, credentials);
    });
    if (response.statusCode === 401) this.#credentials.forget();
    return response;
  }

  #attempt(request: TransportRequest, credentials: Credentials): Promise<http.IncomingMessage> {
    const url = new URL(credentials.server.replace(/\/+$/, '') + request.path);
    const secure = url.protocol === 'https:';
    const body = request.body === undefined ? undefined : Buffer.from(request.body);
    return new Promise((resolve, reject) => {
      if (request.signal.aborted) {
        reject(new TransportError('The request was cancelled', { sent: false, cause: request.signal.reason }));
        return;
      }
      const outgoing = (secure ? https : http).request(url, {
        method: request.method,
        agent: this.#agentFor(credentials, secure),
        headers: {
          ...credentials.headers,
          'User-Agent': this.#userAgent,
          ...request.headers,
          ...(body === undefined ? {} : { 'Content-Length': body.length }),
        },
      });
      let sent = false;
      outgoing.once('socket', (socket) => {
        if (outgoing.reusedSocket || !socket.connecting) sent = true;
        else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => (sent = true));
      });
      const abort = (): void => void outgoing.destroy(request.signal.reason as Error);
      request.signal.addEventListener('abort', abort, { once: true });
      outgoing.once('response', (response) => {
        response.once('close', () => request.signal.removeEventListener('abort', abort));
        resolve(response);
      });
      outgoing.on('error', (error) => {
        request.signal.removeEventListener('abort', abort);
        const Failure = outgoing.reusedSocket ? StaleConnection : TransportError;
        reject(new Failure(error.message, { sent, cause: error }));
      });
      outgoing.end(body);
    });
  }

  #agentFor({ proxyAgent, tls, tlsId }: Credentials, secure: boolean): http.Agent {
    if (proxyAgent !== undefined) return proxyAgent;
    if (this.#pool?.id !== tlsId) {
      const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, scheduling: 'lifo' } as const;
      const old = this.#pool?.agent;
      this.#pool = { id: tlsId, agent: secure ? new https.Agent({ ...options, ...tls }) : new http.Agent(options) };
      // Requests under way end by themselves; idle connections of rotated certificates have no more use.
      closeIdle(old);
    }
    return this.#pool.agent;
  }
}

/** A failure on a connection used before. */
class StaleConnection extends TransportError {}

function closeIdle(agent: http.Agent | undefined): void {
  for (const sockets of Object.values(agent?.freeSockets ?? {})) for (const socket of sockets ?? []) socket.destroy();
}

function headersOf(response: http.IncomingMessage): Record<string, string> {
  const entries = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(entries);
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      const cause = new CoucheStorError('resourceExhausted', 'The answer is too large.');
      throw new TransportError('The answer is not read to its end', { sent: true, cause });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* chunksOf(
  response: http.IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (error) {
    throw new TransportError('The answer broke off', { sent: true, cause: signal.aborted ? signal.reason : error });
  } finally {
    response.destroy();
  }
}
