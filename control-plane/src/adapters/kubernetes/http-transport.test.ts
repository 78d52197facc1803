import { getEventListeners, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { realClock, VirtualClock } from '@couchestor/common/base';
import { HttpTransport } from './http-transport.ts';
import { TransportError, type TransportRequest } from './transport.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let server: http.Server;
let handler: Handler;
let sockets: Set<Socket>;
let folder: string;
let opened: HttpTransport[];

beforeEach(async () => {
  sockets = new Set();
  opened = [];
  handler = (_, response) => response.end('{}');
  server = http.createServer((request, response) => handler(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  folder = await mkdtemp(join(tmpdir(), 'transport-'));
});

afterEach(async () => {
  for (const transport of opened) transport.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function transport({
  user = {},
  port = (server.address() as AddressInfo).port,
  clock = realClock,
} = {}): HttpTransport {
  const config = new KubeConfig();
  const cluster = { name: 'c', server: `http://127.0.0.1:${String(port)}/prefix/`, skipTLSVerify: false };
  config.loadFromClusterAndUser(cluster, { name: 'u', ...user });
  const made = new HttpTransport({ config, clock });
  opened.push(made);
  return made;
}

const never = new AbortController().signal;
const get = (path = '/x?y=1'): TransportRequest => ({ method: 'GET', path, headers: {}, signal: never });
const put = (signal = never): TransportRequest => ({ ...get(), method: 'PUT', body: '"ä"', signal });
const failureOf = async (promise: Promise<unknown>): Promise<TransportError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof TransportError) return error;
  throw new Error('expected a TransportError');
};

describe('HttpTransport', () => {
  it('sends method, path under the server, headers and body, and returns the answer', async () => {
    handler = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(207, { 'X-Mixed': 'Case' });
        response.end(`${request.method ?? ''} ${request.url ?? ''} ${Buffer.concat(chunks).toString()}`);
      });
    };
    const answer = await transport().request(put());
    expect(answer).toMatchObject({ status: 207, body: 'PUT /prefix/x?y=1 "ä"', headers: { 'x-mixed': 'Case' } });
  });

  it('uses one connection for many requests, and leaves nothing behind on their signal', async () => {
    const subject = transport();
    const { signal } = new AbortController();
    let connections = 0;
    server.on('connection', () => (connections += 1));
    for (let time = 0; time < 5; time += 1) await subject.request({ ...get(), signal });
    expect(connections).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('knows that a refused connection carried nothing, and that a lost answer may have been a success', async () => {
    const { port } = server.address() as AddressInfo;
    handler = (request) => request.socket.destroy();
    expect(await failureOf(transport().request(put()))).toMatchObject({ sent: true });
    server.close();
    server.closeAllConnections();
    expect(await failureOf(transport({ port }).request(put()))).toMatchObject({ sent: false });
  });

  it('knows that an answer that broke off was sent', async () => {
    handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{"half":', () => response.destroy());
    };
    expect(await failureOf(transport().request(put()))).toMatchObject({ sent: true });
  });

  it('repeats a read on a pooled connection that the server had closed, and no write', async () => {
    const subject = transport();
    let requests = 0;
    handler = (request, response) => {
      requests += 1;
      // Every second request on a connection finds it closing.
      if (requests % 2 === 0) request.socket.destroy();
      else response.end('{}');
    };
    await subject.request(get());
    expect((await subject.request(get())).status).toBe(200);
    expect(requests).toBe(3);
    expect(await failureOf(subject.request(put()))).toMatchObject({ sent: true });
    expect(requests).toBe(4);
  });

  it('reads on although every pooled connection was closed by the server meanwhile', async () => {
    const subject = transport();
    const fresh = new Set<Socket>();
    handler = ({ socket }, response) => {
      if (fresh.has(socket)) socket.destroy();
      else response.end('{}');
      fresh.add(socket);
    };
    await Promise.all([get('/1'), get('/2'), get('/3')].map((request) => subject.request(request)));
    expect(fresh.size).toBe(3);
    expect((await subject.request(get())).status).toBe(200);
    expect(fresh.size).toBe(4);
  });

  it('says that it was stopped, and not that the connection broke, while an answer arrives', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    handler = (_, response) =>
      void response.writeHead(200).write('{"half":', () => setTimeout(() => stop.abort(reason), 20));
    expect(await failureOf(transport().request({ ...get(), signal: stop.signal }))).toMatchObject({ cause: reason });
  });

  it('stops a request and a stream when told to', async () => {
    handler = (_, response) => void response.writeHead(200).write('one\n');
    const stop = new AbortController();
    const stream = await transport().open({ ...get(), signal: stop.signal });
    const chunks = stream.chunks[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('one\n');
    const reason = new Error('enough');
    stop.abort(reason);
    expect(await failureOf(Promise.resolve(chunks.next()))).toMatchObject({ cause: reason });
    expect(await failureOf(transport().request({ ...get(), signal: stop.signal }))).toMatchObject({ sent: false });
    handler = () => undefined;
    const later = new AbortController();
    const pending = transport().request(put(later.signal));
    await once(server, 'request');
    later.abort(reason);
    expect(await failureOf(pending)).toMatchObject({ sent: true, cause: reason });
  });

  it('closes the connection of a stream that nobody reads to its end', async () => {
    handler = (_, response) => void response.writeHead(200).write('one\n');
    const stream = await transport().open(get());
    const [socket] = sockets;
    const closed = once(socket!, 'close');
    for await (const chunk of stream.chunks) {
      expect(chunk.length).toBe(4);
      break;
    }
    await closed;
  });

  it('reads a mounted token anew after 30 s of its own time and after a 401, whatever the wall clock says', async () => {
    const tokenFile = join(folder, 'token');
    const clock = new VirtualClock();
    const seen: (string | undefined)[] = [];
    let status = 200;
    handler = (request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(status).end('{}');
    };
    await writeFile(tokenFile, 'first\n');
    const subject = transport({ clock, user: { authProvider: { name: 'tokenFile', config: { tokenFile } } } });
    await subject.request(get());
    await writeFile(tokenFile, 'second');
    clock.stepWall(-3_600_000);
    await subject.request(get());
    await clock.advance(30_000);
    await subject.request(get());
    await writeFile(tokenFile, 'third');
    status = 401;
    await subject.request(get());
    await subject.request(get());
    expect(seen).toEqual(['Bearer first', 'Bearer first', 'Bearer second', 'Bearer second', 'Bearer third']);
    await rm(tokenFile);
    expect(await failureOf(subject.request(get()))).toMatchObject({ sent: false });
  });

  it('sends a static token or a user and password', async () => {
    const seen: (string | undefined)[] = [];
    handler = (request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    };
    await transport({ user: { token: 't' } }).request(get());
    await transport({ user: { username: 'a', password: 'b' } }).request(get());
    expect(seen).toEqual(['Bearer t', `Basic ${Buffer.from('a:b').toString('base64')}`]);
  });

  it('says when the kubeconfig names no cluster', async () => {
    const failure = await failureOf(new HttpTransport({ config: new KubeConfig() }).request(get()));
    expect(failure.sent).toBe(false);
  });
});
