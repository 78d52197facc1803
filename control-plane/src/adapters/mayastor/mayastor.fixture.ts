/** For tests: answers of the REST API in the shapes of Mayastor 2.7, and a server that gives them, or does worse. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpenEbsListing, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';

export type Json = Record<string, unknown>;

export const VOLUME_ID = '4be37dbd-4b60-44f3-b807-08f6693522ac';
const REPLICA_A = '03f0c3f1-4d3e-44e5-b768-4c50e53f7a34';
const REPLICA_B = 'a76adcd6-9df0-47a1-90a5-2d5bf4151572';

export function volumeId(index: number): string {
  return `4be37dbd-4b60-44f3-b807-${String(index).padStart(12, '0')}`;
}

/** Published on node-a, with replicas on node-a and node-b, the second of which rebuilds. */
export function volumeJson({ id = VOLUME_ID, spec = {}, state = {} }: { id?: string; spec?: Json; state?: Json } = {}) {
  const uri = (replica: string): string => `nvmf://10.1.0.5:8420/nqn.2019-05.io.openebs:${replica}?uuid=${replica}`;
  const target = {
    uuid: '61d6afc8-15c6-4127-b0aa-15a570198880',
    node: 'node-a',
    deviceUri: `nvmf://10.1.0.5:8420/nqn.2019-05.io.openebs:${id}`,
    protocol: 'nvmf',
    rebuilds: 1,
    size: 80241024,
    state: 'Online',
    children: [
      { uri: `bdev:///${REPLICA_A}?uuid=${REPLICA_A}`, state: 'Online' },
      { uri: uri(REPLICA_B), state: 'Degraded', rebuildProgress: 42 },
    ],
  };
  return {
    spec: {
      uuid: id,
      size: 80241024,
      num_replicas: 2,
      status: 'Created',
      policy: { self_heal: true },
      thin: false,
      num_snapshots: 0,
      target: { node: 'node-a', protocol: 'nvmf', frontend_nodes: [{ name: 'node-a', nqn: 'nqn.2019-05.x' }] },
      ...spec,
    },
    state: {
      uuid: id,
      size: 80241024,
      status: 'Degraded',
      target,
      replica_topology: {
        [REPLICA_A]: {
          node: 'node-a',
          pool: 'pool-a',
          state: 'Online',
          'child-status': 'Online',
          usage: { capacity: 80241024, allocated: 41943040, allocated_snapshots: 0, allocated_all_snapshots: 0 },
        },
        [REPLICA_B]: {
          node: 'node-b',
          pool: 'pool-b',
          state: 'Online',
          'child-status': 'Degraded',
          'rebuild-progress': 42,
        },
      },
      ...state,
    },
  };
}

export function poolJson({ id = 'pool-a', spec = {}, state = {} }: { id?: string; spec?: Json; state?: Json } = {}) {
  const node = id.replace('pool', 'node');
  const disks = ['/dev/disk/by-id/nvme-1'];
  return {
    id,
    spec: { id, node, disks, status: 'Created', labels: { tier: 'hot' }, ...spec },
    state: { id, node, disks, capacity: 1000, used: 400, committed: 700, status: 'Online', ...state },
  };
}

export function nodeJson({ id = 'node-a', spec = {}, state = {} }: { id?: string; spec?: Json; state?: Json } = {}) {
  const common = { id, grpcEndpoint: '10.1.0.5:10124', node_nqn: 'nqn.2019-05.io.openebs:node-name:node-a' };
  return { id, spec: { ...common, ...spec }, state: { ...common, status: 'Online', ...state } };
}

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Received {
  readonly method: string;
  /** As it was sent, escapes and all. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string | undefined;
  /** Empty when there is none. */
  readonly body: string;
}

/** By path, or by method and path; without one, 404 in Mayastor's words. */
export class MayastorServer {
  readonly answers = new Map<string, Answer>();
  readonly requests: Received[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mayastor');
      const { method = '', headers } = request;
      const received = { method, path: pathname, query: searchParams, token: headers.authorization, body: '' };
      this.requests.push(received);
      const notFound = { details: '', message: `${pathname} not found`, kind: 'NotFound' };
      const answer = this.answers.get(`${method} ${pathname}`) ?? this.answers.get(pathname) ?? sends(notFound, 404);
      request.setEncoding('utf8').on('data', (text: string) => (received.body += text));
      request.on('end', () => answer(response, request));
    });
    this.answers.set('/v0/volumes', sends({ entries: [volumeJson()] }));
    this.answers.set('/v0/pools', sends([poolJson(), poolJson({ id: 'pool-b' })]));
    this.answers.set('/v0/nodes', sends([nodeJson(), nodeJson({ id: 'node-b' })]));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function sends(body: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

/** Answers with each in turn, the last one for ever. */
export function inTurn(...answers: readonly Answer[]): Answer {
  let count = 0;
  return (response, request) => {
    answers[Math.min(count, answers.length - 1)]?.(response, request);
    count += 1;
  };
}

/** Objects in Kubernetes; what is not given is not served. */
export class FakeOpenEbsObjects implements OpenEbsObjects {
  readonly listings: Partial<Record<OpenEbsResource, OpenEbsListing | Error>>;

  constructor(listings: Partial<Record<OpenEbsResource, OpenEbsListing | Error>> = {}) {
    this.listings = listings;
  }

  async list(resource: OpenEbsResource): Promise<OpenEbsListing> {
    const listing = await Promise.resolve(this.listings[resource]);
    if (listing instanceof Error) throw listing;
    return listing ?? { kind: 'notServed' };
  }
}

export function objectsListed(...objects: readonly Json[]): OpenEbsListing {
  const common = { name: 'unnamed', labels: {}, spec: {}, status: undefined };
  return { kind: 'listed', objects: objects.map((object) => ({ ...common, ...object })) };
}
