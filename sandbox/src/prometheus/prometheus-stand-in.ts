/**
 * A Prometheus for the demo, where there is none: it scrapes, keeps samples in memory, and answers the range and instant
 * queries of `promql/ast.ts`. What it does not understand it refuses with the error that Prometheus gives. Tests of the
 * control plane use the real one; a contract test holds this one to the real one's numbers.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { realClock, type Clock } from '@couchestor/common/base';
import { evaluate } from './promql/evaluate.ts';
import { durationOf, parsePromql, PromqlError } from './promql/parse.ts';
import { keyOf, SampleStore, type Labels } from './samples.ts';
import { Scraper } from './scraper.ts';

export interface PrometheusStandInOptions {
  readonly targets: () => readonly string[];
  readonly host?: string;
  readonly port?: number;
  readonly intervalMs?: number;
  readonly retentionMs?: number;
  readonly clock?: Clock;
}

/** A range query may not ask for more points of a series; Prometheus has the same limit. */
const MAX_POINTS = 11_000;
const MAX_BODY_BYTES = 1024 * 1024;

type Parameters = URLSearchParams;

export class PrometheusStandIn {
  readonly store: SampleStore;
  readonly url: string;
  readonly #server: Server;
  readonly #ending = new AbortController();
  readonly #scraping: Promise<void>;

  private constructor(server: Server, url: string, options: PrometheusStandInOptions) {
    const { targets, intervalMs = 15_000, retentionMs = 24 * 3_600_000, clock = realClock } = options;
    this.#server = server;
    this.url = url;
    this.store = new SampleStore(retentionMs);
    const scraper = new Scraper({ targets, store: this.store, clock, intervalMs, job: 'io-engine' });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#handle(request, response, clock);
    });
    this.#scraping = scraper.run(this.#ending.signal);
  }

  /** Thrown: what the operating system says when it cannot listen. */
  static async start(options: PrometheusStandInOptions): Promise<PrometheusStandIn> {
    const { host = '127.0.0.1', port = 0 } = options;
    const server = createServer();
    server.listen(port, host);
    await once(server, 'listening');
    return new PrometheusStandIn(server, `http://${host}:${(server.address() as AddressInfo).port}`, options);
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await Promise.all([closed, this.#scraping]);
  }

  async #handle(request: IncomingMessage, response: ServerResponse, clock: Clock): Promise<void> {
    // A client that goes away is no failure of the server.
    request.on('error', () => undefined);
    const url = new URL(request.url ?? '/', 'http://sandbox');
    try {
      const parameters = request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
      const data = this.#answer(url.pathname, parameters, clock.now());
      if (data === undefined) send(response, 404, 'text/plain', 'not found');
      else if (typeof data === 'string') send(response, 200, 'text/plain', data);
      else sendJson(response, 200, { status: 'success', data });
    } catch (error) {
      const bad = error instanceof PromqlError;
      const message = error instanceof Error ? error.message : String(error);
      sendJson(response, bad ? 400 : 500, {
        status: 'error',
        errorType: bad ? 'bad_data' : 'internal',
        error: message,
      });
    }
  }

  #answer(path: string, parameters: Parameters, nowMs: number): object | string | undefined {
    switch (path) {
      case '/-/ready':
      case '/-/healthy':
        return 'Prometheus Server is Ready.\n';
      case '/api/v1/status/buildinfo':
        return { version: '2.42.0', revision: 'couchestor-sandbox' };
      case '/api/v1/query':
        return this.#instant(parameters, nowMs);
      case '/api/v1/query_range':
        return this.#range(parameters);
      default:
        return undefined;
    }
  }

  #instant(parameters: Parameters, nowMs: number): object {
    const timeMs = parameters.has('time') ? timeOf(parameters, 'time') : nowMs;
    const samples = evaluate(parsePromql(parameters.get('query') ?? ''), this.store, timeMs);
    const result = samples.map(({ labels, value }) => ({ metric: labels, value: [timeMs / 1000, textOf(value)] }));
    return { resultType: 'vector', result };
  }

  #range(parameters: Parameters): object {
    const [startMs, endMs] = [timeOf(parameters, 'start'), timeOf(parameters, 'end')];
    const stepMs = stepOf(parameters);
    if (endMs < startMs) throw new PromqlError('invalid parameter "end": end timestamp must not be before start time');
    if ((endMs - startMs) / stepMs > MAX_POINTS) {
      throw new PromqlError(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    const expression = parsePromql(parameters.get('query') ?? '');
    const rows = new Map<string, { metric: Labels; values: [number, string][] }>();
    for (let timeMs = startMs; timeMs <= endMs; timeMs += stepMs) {
      for (const { labels, value } of evaluate(expression, this.store, timeMs)) {
        const key = keyOf(labels);
        const row = rows.get(key) ?? { metric: labels, values: [] };
        rows.set(key, row);
        row.values.push([timeMs / 1000, textOf(value)]);
      }
    }
    return { resultType: 'matrix', result: [...rows.values()] };
  }
}

/** Seconds since the epoch, or RFC 3339. */
function timeOf(parameters: Parameters, name: string): number {
  const text = parameters.get(name) ?? '';
  const ms = /^-?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Date.parse(text);
  if (Number.isNaN(ms))
    throw new PromqlError(`invalid parameter "${name}": cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return ms;
}

function stepOf(parameters: Parameters): number {
  const text = parameters.get('step') ?? '';
  const stepMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : durationOf(text);
  if (stepMs <= 0)
    throw new PromqlError('invalid parameter "step": zero or negative query resolution step widths are not accepted');
  return stepMs;
}

/** As Go prints floats in JSON answers of Prometheus. */
function textOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new PromqlError('the request is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', JSON.stringify(body));
}
