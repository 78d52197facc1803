/**
 * Requests to Mayastor's REST API, as JSON. Every request has a deadline and a limit on its answer, and obeys a signal; a read
 * that fails in a way that may pass is tried again a few times with jitter. What changes something is sent once, whatever
 * happens: only its caller can find out whether it took effect. The token is asked for again at every request, so that a
 * rotated one is used at once, and is never sent anywhere but to the configured server.
 */
import http from 'node:http';
import https from 'node:https';
import { CoucheStorError, retry, withDeadline, type Clock } from '@couchestor/common/base';
import { errorOfAnswer, errorOfFailure, type RestAnswer } from './rest-error.ts';

export interface RestClientOptions {
  /** Such as `http://mayastor-api-rest:8081`; with or without `/v0`. */
  readonly url: string;
  readonly clock: Clock;
  /** Asked at every request; undefined: no token is sent. */
  readonly bearerToken?: (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Authorities to trust for https, instead of the system's. */
  readonly caPem?: string | undefined;
  /** Of one request with its answer; 10 s by default. */
  readonly requestTimeoutMs?: number;
  /** Tries of a request in all; 3 by default. */
  readonly attempts?: number;
  readonly backoffBaseMs?: number;
  readonly backoffMaxMs?: number;
  /** An answer that is larger is not read to its end; 64 MiB by default. */
  readonly maxAnswerBytes?: number;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
}

export type Query = Readonly<Record<string, string | number>>;

export interface RestRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** An observation asks for three collections at once. */
const MAX_CONNECTIONS = 4;

export class RestClient {
  readonly #base: URL;
  readonly #options: RestClientOptions;
  readonly #agent: http.Agent;

  /** Thrown when `url` is no http or https URL: CoucheStorError `invalid`. */
  constructor(options: RestClientOptions) {
    this.#options = options;
    this.#base = baseOf(options.url);
    const pool = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
    const ca = options.caPem === undefined ? {} : { ca: options.caPem };
    this.#agent = this.#base.protocol === 'https:' ? new https.Agent({ ...pool, ...ca }) : new http.Agent(pool);
  }

  /** The JSON at `path`, such as `/v0/pools`. Thrown: CoucheStorError, with `path` among its fields. */
  async get(path: string, query: Query, signal: AbortSignal): Promise<unknown> {
    const { clock, attempts = 3, backoffBaseMs = 200, backoffMaxMs = 2_000, random = Math.random } = this.#options;
    const limits = { attempts, baseMs: backoffBaseMs, maxMs: backoffMaxMs };
    return retry(() => this.#attempt({ method: 'GET', path, query }, signal), { ...limits, clock, random, signal });
  }

  /**
   * Changes something, and is never repeated here. Thrown: CoucheStorError, after which the change may have happened or may yet
   * happen, unless `isRefusal` says that Mayastor refused it.
   */
  async change(request: RestRequest & { readonly method: 'PUT' | 'DELETE' }, signal: AbortSignal): Promise<void> {
    await this.#attempt(request, signal);
  }

  /** Idle connections are closed; the client may still be used. */
  close(): void {
    this.#agent.destroy();
  }

  async #attempt(request: RestRequest, signal: AbortSignal): Promise<unknown> {
    const { clock, requestTimeoutMs: timeoutMs = 10_000 } = this.#options;
    const { method, path } = request;
    const what = `${method} ${path} of Mayastor`;
    const answer = await withDeadline({ clock, timeoutMs, signal, what }, (limited) =>
      this.#send(request, limited),
    ).catch((error: unknown) => {
      throw errorOfFailure(error, path, method);
    });
    // Nothing to say about a change that was made.
    if (answer.status === 204 && method !== 'GET') return undefined;
    if (answer.status !== 200) throw errorOfAnswer(answer, path, method);
    try {
      return JSON.parse(answer.body) as unknown;
    } catch (error) {
      // Half an answer without a length, or a proxy's page: the next one may be whole.
      throw new CoucheStorError(
        'unavailable',
        `Mayastor's answer to ${method} ${path} is no JSON; it may be cut short.`,
        {
          fields: {
            path,
            field: 'the answer',
            bytes: answer.body.length,
            remedy: 'check that the URL is that of the api-rest service',
          },
          cause: error,
        },
      );
    }
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    try {
      const token = (await this.#options.bearerToken?.())?.trim();
      if (token === undefined) return {};
      if (!/^[\x21-\x7e]+$/.test(token)) throw new CoucheStorError('invalid', 'The token is empty or not one word.');
      return { Authorization: `Bearer ${token}` };
    } catch (cause) {
      const remedy = 'check that its file is mounted and holds one token';
      throw new CoucheStorError('unauthorized', 'The bearer token for Mayastor cannot be read.', {
        fields: { remedy },
        cause,
      });
    }
  }

  async #send(request: RestRequest, signal: AbortSignal): Promise<RestAnswer> {
    const { path, query = {} } = request;
    const authorization = await this.#authorization();
    const url = new URL(this.#base.pathname.replace(/\/$/, '') + path, this.#base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const headers = { ...authorization, Accept: 'application/json', 'User-Agent': 'couchestor' };
    const response = await this.#open(url, { request, headers, signal });
    const body = await readText(response, this.#options.maxAnswerBytes ?? 64 * 1024 * 1024);
    return { status: response.statusCode ?? 0, body, retryAfter: response.headers['retry-after'] };
  }

  #open(url: URL, { request: { method, body }, headers, signal }: Sending): Promise<http.IncomingMessage> {
    const send = url.protocol === 'https:' ? https.request : http.request;
    const text = body === undefined ? undefined : JSON.stringify(body);
    // The length is said, for Node sends the body of a DELETE without it otherwise.
    const ofBody =
      text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, headers: { ...headers, ...ofBody }, signal };
      // The signal holds for the body as well.
      const request = send(url, options, resolve);
      request.on('error', (error) => reject(signal.aborted ? (signal.reason as Error) : error));
      request.end(text);
    });
  }
}

interface Sending {
  readonly request: RestRequest;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function baseOf(url: string): URL {
  const base = URL.parse(url);
  if (base === null || !/^https?:$/.test(base.protocol)) {
    // It is not repeated: it may carry a password.
    throw new CoucheStorError('invalid', "The URL of Mayastor's REST API is not one of HTTP; write http://HOST:PORT.", {
      fields: { field: 'url' },
    });
  }
  base.pathname = base.pathname.replace(/\/(v0\/?)?$/, '/');
  return base;
}

async function readText(response: http.IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new CoucheStorError('resourceExhausted', `The answer is larger than ${maxBytes} bytes.`, {
          retryable: false,
          fields: { remedy: 'check that the URL is that of the api-rest service' },
        });
      }
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}
