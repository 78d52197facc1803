import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { inTurn, MayastorServer, sends, type Answer } from './mayastor.fixture.ts';
import { RestClient, type RestClientOptions } from './rest-client.ts';

let server: MayastorServer;
let url: string;
let client: RestClient;
const clock = new VirtualClock();
const { signal } = new AbortController();

beforeEach(async () => {
  server = new MayastorServer();
  url = await server.start();
});

afterEach(async () => {
  client.close();
  await server.stop();
});

/** Waits between tries are of no length. */
function connect(options: Partial<RestClientOptions> = {}): RestClient {
  client = new RestClient({ url, clock, random: () => 0, ...options });
  return client;
}

/** Pauses between tries, even those of no length, need a turn of the virtual clock. */
async function get(path = '/v0/nodes', query = {}): Promise<unknown> {
  const done = new AbortController();
  const ticking = (async () => {
    while (!done.signal.aborted) {
      await clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  try {
    return await client.get(path, query, signal);
  } finally {
    done.abort();
    await ticking;
  }
}

const resets: Answer = (response) => void response.destroy();

describe('a read', () => {
  it('is of the path below the URL, with its query', async () => {
    server.answers.set('/v0/volumes', sends({ entries: [] }));
    connect();
    expect(await get('/v0/volumes', { max_entries: 7, starting_token: 'a b' })).toEqual({ entries: [] });
    expect(Object.fromEntries(server.requests[0]!.query)).toEqual({ max_entries: '7', starting_token: 'a b' });
  });

  it.each(['', '/', '/v0', '/v0/'])('works with the URL ending in "%s"', async (end) => {
    connect({ url: url + end });
    expect(await get()).toHaveLength(2);
  });

  it('keeps the path of a URL that a proxy serves', async () => {
    server.answers.set('/mayastor/v0/nodes', sends([]));
    connect({ url: `${url}/mayastor/` });
    expect(await get()).toEqual([]);
  });

  it('asks for the token every time', async () => {
    const tokens = ['first\n', 'second'];
    connect({ bearerToken: () => tokens.shift() });
    await get();
    await get();
    await get();
    expect(server.requests.map(({ token }) => token)).toEqual(['Bearer first', 'Bearer second', undefined]);
  });

  it.each([
    ['cannot be read', () => Promise.reject(Object.assign(new Error('no file'), { code: 'EACCES' }))],
    ['is empty', () => ' \n'],
    ['is of two lines', () => 'one\r\nX-Evil: two'],
  ])('fails when the token %s, without asking Mayastor or repeating it', async (_, bearerToken) => {
    connect({ bearerToken });
    const failed = await get().catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 'unauthorized',
      retryable: false,
      message: 'The bearer token for Mayastor cannot be read.',
      fields: { path: '/v0/nodes', remedy: expect.stringContaining('file') },
    });
    expect(inspect(failed, { depth: 9 })).not.toContain('Evil');
    expect(server.requests).toEqual([]);
  });

  it.each(['nonsense', 'ftp://host', '', 'htps://user:secret@host'])('is of no Mayastor at "%s"', (text) => {
    connect();
    const make = (): RestClient => new RestClient({ url: text, clock });
    expect(make).toThrow(expect.objectContaining({ code: 'invalid', message: expect.not.stringContaining('secret') }));
  });
});

describe('a read that fails', () => {
  it.each([
    ['a server error', sends({ kind: 'Unavailable' }, 503)],
    ['a reset', resets],
    ['half an answer', sends('[{"id": "node-')],
    ['a page of a proxy', sends('<html>')],
    ['an answer shorter than announced', sends('[]', 200, { 'content-length': '100' })],
  ])('by %s is tried again', async (_, fault) => {
    const broken: Answer = (response, request) => {
      fault(response, request);
      response.socket?.end();
    };
    server.answers.set('/v0/nodes', inTurn(broken, broken, sends([])));
    connect();
    expect(await get()).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  it('is given up after the last try, with its error', async () => {
    server.answers.set('/v0/nodes', sends({ kind: 'Internal', message: 'broken' }, 500));
    connect({ attempts: 2 });
    await expect(get()).rejects.toMatchObject({ code: 'unavailable', fields: { path: '/v0/nodes', status: 500 } });
    expect(server.requests).toHaveLength(2);
  });

  it('because Mayastor refuses it is not tried again', async () => {
    server.answers.set('/v0/nodes', sends({ kind: 'Unauthenticated' }, 401));
    connect();
    await expect(get()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(server.requests).toHaveLength(1);
  });

  it('is not redirected, so that the token goes nowhere else', async () => {
    server.answers.set('/v0/nodes', sends('', 302, { location: '/v0/pools' }));
    connect({ bearerToken: () => 'secret' });
    await expect(get()).rejects.toMatchObject({ code: 'unsupported' });
    expect(server.requests.map(({ path }) => path)).toEqual(['/v0/nodes']);
  });

  it('because nobody listens says so', async () => {
    connect({ attempts: 1 });
    await server.stop();
    await expect(get()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    server = new MayastorServer();
    await server.start();
  });
});

describe('an answer', () => {
  it('that is too large is not read to its end', async () => {
    server.answers.set('/v0/nodes', sends(JSON.stringify(['x'.repeat(1_000)])));
    connect({ maxAnswerBytes: 1_000 });
    await expect(get()).rejects.toMatchObject({ code: 'resourceExhausted', retryable: false });
    expect(server.requests).toHaveLength(1);
    connect({ maxAnswerBytes: 2_000 });
    expect(await get()).toHaveLength(1);
  });

  it.each([
    ['never comes', () => undefined],
    ['stops in the middle', (response: Parameters<Answer>[0]) => void response.write('[')],
  ])('that %s runs into the deadline', async (_, answer: Answer) => {
    const asked = Promise.withResolvers<undefined>();
    server.answers.set('/v0/nodes', (response, request) => {
      answer(response, request);
      asked.resolve(undefined);
    });
    connect({ attempts: 1, requestTimeoutMs: 5_000 });
    const failed = client.get('/v0/nodes', {}, signal).catch((error: unknown) => error);
    await asked.promise;
    await clock.advance(5_000);
    expect(await failed).toMatchObject({ code: 'timeout', retryable: true, fields: { path: '/v0/nodes' } });
    expect(clock.pendingTimerCount).toBe(0);
  });

  it('is not waited for once the caller has gone', async () => {
    const asked = Promise.withResolvers<undefined>();
    server.answers.set('/v0/nodes', () => asked.resolve(undefined));
    connect();
    const caller = new AbortController();
    const failed = client.get('/v0/nodes', {}, caller.signal).catch((error: unknown) => error);
    await asked.promise;
    caller.abort();
    expect(await failed).toBeInstanceOf(CoucheStorError);
    expect(await failed).toMatchObject({ code: 'cancelled' });
    expect(server.requests).toHaveLength(1);
  });
});
