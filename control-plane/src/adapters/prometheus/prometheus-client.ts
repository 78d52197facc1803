/**
 * HTTP to Prometheus on Node's own client: one request, one complete answer of bounded size, or a failure with its reason. The
 * query travels as a form in the body, since a URL may be cut or logged on the way. Redirects are not followed.
 */
import http from 'node:http';
import https from 'node:https';
import { CoucheStorError, withDeadline, type Clock } from '@couchestor/common/base';
import type { TimeGrid } from '../../eyes/index.ts';
import { failure, type FailureReason } from './failure.ts';

export interface PrometheusClientOptions {
  /** Where `/api/v1` is below, such as http://prometheus.monitoring:9090; may carry a user name and password. */
  readonly url: string;
  readonly clock: Clock;
  /** Called for every request, so that a rotated token is used. */
  readonly bearerToken?: (() => string | Promise<string>) | undefined;
  /** Certificates, in PEM, that are trusted instead of the usual ones. */
  readonly caPem?: string | undefined;
  /** For one request, from its beginning to the last byte of its answer. */
  readonly requestTimeoutMs?: number | undefined;
  readonly maxAnswerBytes?: number | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Policies with windows of their own do not all ask at once. */
const MAX_CONNECTIONS = 4;
const DEFAULT_REQUEST_TIMEOUT_MS = 10_000;
/** 100,000 volumes have an answer of this order. Strings in V8 end at twice as much. */
const DEFAULT_MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** Prometheus gives up a little earlier than this client, so that its own words arrive. */
const SERVER_TIMEOUT_SHARE = 0.9;

export class PrometheusClient {
  /** For messages. */
  readonly address: string;
  readonly #options: PrometheusClientOptions;
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #requestTimeoutMs: number;

  /** Thrown when the URL is none of HTTP: CoucheStorError `invalid`. */
  constructor(options: PrometheusClientOptions) {
    this.#options = options;
    const base = parseUrl(options.url);
    this.address = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
    this.#url = new URL(base);
    this.#url.pathname = `${base.pathname.replace(/\/+$/, '')}/api/v1/query_range`;
    this.#url.search = '';
    this.#requestTimeoutMs = options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    const pool = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
    const ca = options.caPem === undefined ? {} : { ca: options.caPem };
    this.#agent = base.protocol === 'https:' ? new https.Agent({ ...pool, ...ca }) : new http.Agent(pool);
  }

  /** Whatever the status. Thrown when there is no complete answer: a failure, or CoucheStorError `cancelled`. */
  async queryRange(query: string, grid: TimeGrid, signal: AbortSignal): Promise<HttpAnswer> {
    const form = new URLSearchParams({
      query,
      start: String(grid.startMs / 1000),
      end: String(grid.endMs / 1000),
      step: String(grid.stepMs / 1000),
      timeout: `${Math.ceil(this.#requestTimeoutMs * SERVER_TIMEOUT_SHARE)}ms`,
    }).toString();
    const authorization = await this.#authorization();
    const what = `The query to ${this.address}`;
    const deadline = { clock: this.#options.clock, timeoutMs: this.#requestTimeoutMs, signal, what };
    try {
      return await withDeadline(deadline, (either) =>
        this.#post(form, authorization, either).catch((error: unknown) => {
          throw either.aborted ? either.reason : error;
        }),
      );
    } catch (error) {
      throw this.#explain(error);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #authorization(): Promise<Record<string, string>> {
    const { bearerToken } = this.#options;
    if (bearerToken === undefined) return {};
    try {
      const token = (await bearerToken()).trim();
      // Anything else would be refused by Node, in an error that holds the token.
      if (!/^[\x21-\x7e]+$/.test(token)) throw new CoucheStorError('invalid', 'The token is empty or not one word.');
      return { Authorization: `Bearer ${token}` };
    } catch (cause) {
      throw failure(
        'CredentialsUnreadable',
        `The bearer token for ${this.address} cannot be read; check that its file is mounted and holds one token.`,
        { cause },
      );
    }
  }

  #post(form: string, authorization: Record<string, string>, signal: AbortSignal): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
    const request = this.#url.protocol === 'https:' ? https.request : http.request;
    const outgoing = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      signal,
      headers: {
        ...authorization,
        Accept: 'application/json',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': Buffer.byteLength(form),
        'User-Agent': 'couchestor',
      },
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      this.#readBody(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
    outgoing.end(form);
    return promise;
  }

  async #readBody(response: http.IncomingMessage): Promise<Buffer> {
    const maxBytes = this.#options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES;
    const chunks: Buffer[] = [];
    let byteCount = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      byteCount += chunk.length;
      // Leaving the loop destroys the connection.
      if (byteCount > maxBytes) {
        const remedy = 'check that it is a Prometheus, and one that knows this cluster alone';
        throw failure('AnswerTooLarge', `The answer of ${this.address} is larger than ${maxBytes} bytes; ${remedy}.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #explain(error: unknown): CoucheStorError {
    if (error instanceof CoucheStorError && error.code !== 'timeout') return error;
    const isTimeout = error instanceof CoucheStorError;
    const reason: FailureReason = isTimeout ? 'Timeout' : 'Unreachable';
    const said = error instanceof Error ? error.message : String(error);
    const message = isTimeout
      ? `Prometheus at ${this.address} did not answer within ${this.#requestTimeoutMs} ms; look at its load and at the network between.`
      : `Prometheus at ${this.address} cannot be reached (${said}); check the URL, the Service and its certificate.`;
    return failure(reason, message, { cause: error });
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  const message = 'The URL of Prometheus is not one of HTTP; write one such as http://prometheus.monitoring:9090.';
  throw new CoucheStorError('invalid', message, { fields: { field: 'url' } });
}
