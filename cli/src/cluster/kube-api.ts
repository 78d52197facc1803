/**
 * The Kubernetes API for a person's few requests: client-node's KubeConfig knows the cluster and the credentials (exec plug-ins and
 * proxies too), Node's own client carries the request, each on a connection of its own, so that nothing outlives the command.
 */
import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoucheStorError } from '@couchestor/common/base';
import { credentialsFailed, noAnswer, noSense, refused, type Endpoint } from './failure.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Absolute path and query. */
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** An answer larger than this is not one of this API: lists come in pages. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export class KubeApi {
  readonly #config: KubeConfig;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;
  readonly endpoint: Endpoint;

  /** `signal` ends every request. The config has a current cluster. */
  constructor(config: KubeConfig, { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }) {
    this.#config = config;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.endpoint = {
      server: config.getCurrentCluster()?.server ?? '',
      context: config.currentContext,
      user: config.getCurrentUser()?.name ?? '',
    };
  }

  /** The JSON of the answer. Thrown when it is no success, or there is none: CoucheStorError with a remedy in its message. */
  async request(request: KubeRequest): Promise<unknown> {
    const limit = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([limit, this.#signal]);
    try {
      const response = await this.#send(request, signal);
      const text = await readText(response);
      if (response.statusCode !== 200 && response.statusCode !== 201)
        throw refused(response, text, request, this.endpoint);
      return parseAnswer(text, this.endpoint);
    } catch (error) {
      throw this.#failure(error, limit);
    }
  }

  /** The events of a watch, until the server ends it or `signal` aborts. Thrown as request() does. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#timeoutMs);
    const ends = AbortSignal.any([limit.signal, signal, this.#signal]);
    const request = { method: 'GET', path } as const;
    try {
      const response = await this.#send(request, ends);
      clearTimeout(timer);
      if (response.statusCode !== 200) throw refused(response, await readText(response), request, this.endpoint);
      for await (const line of createInterface({ input: response })) yield parseAnswer(line, this.endpoint);
    } catch (error) {
      if (!signal.aborted) throw this.#failure(error, limit.signal);
    } finally {
      clearTimeout(timer);
      // Whoever stops reading wants no more of it.
      limit.abort();
    }
  }

  #failure(error: unknown, limit: AbortSignal): unknown {
    if (error instanceof CoucheStorError) return error;
    if (this.#signal.aborted) return new CoucheStorError('cancelled', 'Interrupted.');
    return noAnswer(error, this.endpoint, limit.aborted ? this.#timeoutMs : undefined);
  }

  async #send({ method, path, body, contentType }: KubeRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { headers = {}, auth, agent, ...options } = await this.#credentials();
    const url = new URL(this.endpoint.server.replace(/\/+$/, '') + path);
    const isSecure = url.protocol === 'https:';
    const isProxied = this.#config.getCurrentCluster()?.proxyUrl !== undefined;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const outgoing = (isSecure ? https : http).request(url, {
        ...(isSecure ? options : {}),
        method,
        signal,
        agent: isProxied ? agent : false,
        ...(auth === undefined ? {} : { auth }),
        headers: {
          ...(headers as http.OutgoingHttpHeaders),
          accept: 'application/json',
          'user-agent': 'kubectl-couchestor',
          ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
        },
      });
      outgoing.once('response', resolve).once('error', reject).end(text);
    });
  }

  async #credentials(): Promise<https.RequestOptions> {
    const options: https.RequestOptions = { headers: {} };
    const cluster = this.#config.getCurrentCluster();
    // client-node refuses plain HTTP without this mark; a kubeconfig that says http:// has said it.
    if (cluster?.server.startsWith('http:') === true) Object.assign(cluster, { skipTLSVerify: true });
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw credentialsFailed(error, this.endpoint);
    }
    return options;
  }
}

function parseAnswer(text: string, endpoint: Endpoint): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw noSense(error, endpoint);
  }
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
