/**
 * What a Mayastor has no API for, because there it is the applications' doing: how busy each volume is. And what nobody but a
 * stand-in can tell: whether anything that was asked of it endangered data. A small server of its own, so that the API of
 * Mayastor stays as it is.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MayastorCluster } from './cluster.ts';
import { MayastorError, undecodable } from './errors.ts';
import { Fields, uuidFrom } from './input.ts';
import type { ScenarioVolume } from './objects/scenario.ts';

export interface ControlServerOptions {
  readonly cluster: MayastorCluster;
  /** Those that are told; others have workloads as well. */
  readonly volumes: readonly ScenarioVolume[];
  readonly host: string;
  readonly port: number;
}

const BODY_LIMIT_BYTES = 64 * 1024;
/** Per second, of one volume. */
const MAX_OPERATIONS = 1_000_000_000;
const WORKLOAD = /^\/volumes\/([^/]+)\/workload$/;

export class ControlServer {
  readonly url: string;
  readonly #server: Server;

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
  }

  /** Thrown: what the operating system says when it cannot listen. */
  static async start(options: ControlServerOptions): Promise<ControlServer> {
    const { host, port } = options;
    const server = createServer((request, response) => void serve(options, request, response));
    await once(server.listen(port, host), 'listening');
    const actualPort = (server.address() as AddressInfo).port;
    return new ControlServer(`http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`, server);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

/** Never rejects. */
async function serve(options: ControlServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that goes away is no failure of the server.
  response.on('error', () => undefined);
  try {
    const answer = answerTo(options, `${request.method} ${request.url}`, await bodyOf(request));
    send(response, answer === undefined ? 404 : 200, answer ?? { message: 'not found' });
  } catch (error) {
    const status = error instanceof MayastorError ? error.status : 500;
    const message = error instanceof MayastorError ? error.details : String(error);
    if (!response.destroyed) send(response, status, { message });
  }
}

/** Undefined: there is no such path. */
function answerTo({ cluster, volumes }: ControlServerOptions, request: string, body: string): object | undefined {
  if (request === 'GET /safety') return { violations: cluster.violations };
  if (request === 'GET /volumes') {
    return { volumes: volumes.map(({ volumeId, kind, claim }) => ({ volumeId, kind, claim })) };
  }
  const [method, path = ''] = request.split(' ');
  const volumeId = method === 'PUT' ? WORKLOAD.exec(path)?.[1] : undefined;
  if (volumeId === undefined) return undefined;
  const fields = new Fields(parseJson(body));
  const workload = {
    readOps: fields.count('readOps', MAX_OPERATIONS),
    writeOps: fields.count('writeOps', MAX_OPERATIONS),
  };
  cluster.setWorkload(uuidFrom(volumeId), workload);
  return workload;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw undecodable(error instanceof Error ? error.message : String(error));
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT_BYTES) throw undecodable(`the body is larger than ${BODY_LIMIT_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
