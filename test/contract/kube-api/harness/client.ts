/**
 * A small HTTPS client that shows the protocol as it is: status, headers, bytes. Client libraries hide retries, media
 * types and error bodies, which are what the contract is about.
 */
import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Body } from './body.ts';
import { WatchStream } from './watch-stream.ts';

export interface Credentials {
  certPem?: string;
  keyPem?: string;
  token?: string;
}

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed text; reading it throws when the answer is not JSON. */
  readonly body: Body;
}

export interface RequestOptions {
  query?: Record<string, string | number | boolean>;
  /** Strings are sent as they are, anything else as JSON. */
  body?: unknown;
  contentType?: string;
  accept?: string;
  headers?: Record<string, string>;
}

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export class ApiClient {
  readonly server: string;
  readonly #agent: Agent;
  readonly #token: string | undefined;

  constructor(endpoint: { server: string; caPem: string }, credentials: Credentials) {
    this.server = endpoint.server;
    this.#token = credentials.token;
    this.#agent = new Agent({
      ca: endpoint.caPem,
      keepAlive: true,
      ...(credentials.certPem === undefined ? {} : { cert: credentials.certPem }),
      ...(credentials.keyPem === undefined ? {} : { key: credentials.keyPem }),
    });
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.send('GET', path, options);
  }

  post(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('POST', path, { ...options, body });
  }

  put(path: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('PUT', path, { ...options, body });
  }

  delete(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('DELETE', path, { ...options, body });
  }

  patch(path: string, type: keyof typeof patchTypes, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.send('PATCH', path, { contentType: patchTypes[type], ...options, body });
  }

  async send(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.#open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      get body() {
        return JSON.parse(text) as Body;
      },
    };
  }

  async watch(path: string, query: RequestOptions['query'] = {}, options: RequestOptions = {}): Promise<WatchStream> {
    const response = await this.#open('GET', path, { ...options, query: { watch: 1, ...query } });
    return new WatchStream(response);
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(method: string, path: string, options: RequestOptions): Promise<IncomingMessage> {
    const url = new URL(path, this.server);
    for (const [name, value] of Object.entries(options.query ?? {})) url.searchParams.append(name, String(value));
    const payload =
      options.body === undefined || typeof options.body === 'string' ? options.body : JSON.stringify(options.body);
    const headers: Record<string, string> = { accept: options.accept ?? 'application/json', ...options.headers };
    if (payload !== undefined) {
      headers['content-type'] = options.contentType ?? 'application/json';
      headers['content-length'] = String(Buffer.byteLength(payload));
    }
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers, agent: this.#agent }, resolve);
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }
}
