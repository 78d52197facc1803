/** For tests: a sandbox API in this process, without TLS and open to everyone, and a small client for it. */
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { KubeApiServer } from './kube-api-server.ts';
import type { KubeApiServerOptions } from './assembly.ts';
import type { JsonObject, KubeObject } from './types.ts';

export interface Reply {
  code: number;
  headers: IncomingHttpHeaders;
  /** The body as JSON, or its text if it is none. */
  body: JsonObject & { metadata: KubeObject['metadata']; items: KubeObject[] };
}

export interface WatchLine {
  type: string;
  object: KubeObject & { code?: number };
}

export class Api {
  readonly server: KubeApiServer;

  private constructor(server: KubeApiServer) {
    this.server = server;
  }

  static async start(options: KubeApiServerOptions = {}): Promise<Api> {
    return new Api(await KubeApiServer.start({ tls: false, authorization: 'always-allow', ...options }));
  }

  /** A body that is not a string is sent as JSON. Rejects when the connection breaks. */
  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const response = await this.#send(method, path, body, headers);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const parsed = /^[[{]/.test(text) ? (JSON.parse(text) as Reply['body']) : (text as unknown as Reply['body']);
    return { code: response.statusCode ?? 0, headers: response.headers, body: parsed };
  }

  /** The next event of each call; undefined at the end of the stream. */
  async watch(path: string): Promise<{ next: () => Promise<WatchLine | undefined>; raw: IncomingMessage }> {
    const raw = await this.#send('GET', path, undefined, {});
    // A stream that a test or the server breaks off is over, like one that ends; also for who waits for its next line.
    raw.on('error', () => undefined);
    const reader = createInterface(raw);
    reader.on('error', () => undefined);
    const lines = reader[Symbol.asyncIterator]();
    const next = async (): Promise<WatchLine | undefined> => {
      const line = await lines.next().catch(() => undefined);
      return line === undefined || line.done === true ? undefined : (JSON.parse(line.value) as WatchLine);
    };
    return { next, raw };
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  #send(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<IncomingMessage> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const type =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.server.url);
      const outgoing = request({ hostname, port, path, method, headers: { ...type, ...headers } }, resolve);
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }
}

export const configMaps = '/api/v1/namespaces/default/configmaps';

export const configMap = (name: string, data: Record<string, string> = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

/** Waits, generously, until a condition holds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
