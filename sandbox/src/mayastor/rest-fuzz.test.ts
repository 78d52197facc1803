/** Whatever a client sends, it gets an answer that blames the client, and the server goes on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { connect } from 'node:net';
import { GIB } from './cluster.fixture.ts';
import { RestFixture } from './rest.fixture.ts';
import type { Sent } from './rest.fixture.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

let api: RestFixture;
let volumeId: string;
beforeAll(async () => {
  api = await RestFixture.start(['a', 'b', 'c'], { release: '2.10' });
  volumeId = api.test.volume(['a', 'b']);
});
afterAll(() => api.rest.stop());

const creation = { policy: { self_heal: true }, replicas: 1, size: GIB, thin: false };

describe('input that cannot be decoded is refused with 400', () => {
  it.each([
    ['an identifier that is none', 'GET', '/volumes/not-a-uuid'],
    ['a count that is no number', 'PUT', '/volumes/ID/replica_count/two'],
    ['a count beyond a byte', 'PUT', '/volumes/ID/replica_count/256'],
    ['a negative count', 'PUT', '/volumes/ID/replica_count/-1'],
    ['a negative number of entries', 'GET', '/volumes?max_entries=-1'],
    ['a token that is no number', 'GET', '/volumes?max_entries=1&starting_token=x'],
    ['a flag that is none', 'DELETE', '/volumes/ID/target?force=yes'],
  ])('%s', async (_, method, path) => {
    const { status, body } = await api.call(method, path.replace('ID', volumeId));
    expect({ status, body }).toEqual({
      status: 400,
      body: { kind: 'Deserialize', message: '', details: expect.stringMatching(/./) },
    });
  });

  const path = '/volumes/00000000-0000-4000-8000-000000000009';
  it.each<[string, Sent]>([
    ['no body', {}],
    ['a body of another type', { rawBody: JSON.stringify(creation), headers: { 'content-type': 'text/plain' } }],
    ['JSON that ends early', { rawBody: '{"size":' }],
    ['a list', { body: [creation] }],
    ['a missing field', { body: { ...creation, thin: undefined } }],
    ['null for what is needed', { body: { ...creation, size: null } }],
    ['a size that is no integer', { body: { ...creation, size: 1.5 } }],
    ['a negative size', { body: { ...creation, size: -1 } }],
    ['a size beyond what numbers hold', { rawBody: JSON.stringify(creation).replace(String(GIB), '1e30') }],
    ['a text for a flag', { body: { ...creation, thin: 'true' } }],
    ['labels that are no texts', { body: { ...creation, labels: { a: 1 } } }],
    ['a topology without its parts', { body: { ...creation, topology: { pool_topology: { labelled: {} } } } }],
    ['a body that is too large', { rawBody: ' '.repeat(MAX_BODY_BYTES + 1) }],
  ])('%s', async (_, sent) => {
    expect(await api.call('PUT', path, sent)).toMatchObject({ status: 400, body: { kind: 'Deserialize' } });
  });

  it('and unknown fields are ignored', async () => {
    const { status } = await api.call('PUT', path, { body: { ...creation, later: { field: 1 }, __proto__: null } });
    expect(status).toBe(200);
    await api.call('DELETE', path);
  });
});

describe('what is not a path of the API is not found', () => {
  it.each([
    ['POST', '/volumes'],
    ['PUT', '/volumes'],
    ['GET', '/volumes/'],
    ['GET', '/nowhere'],
    ['GET', '/../volumes?max_entries=0'],
    ['PATCH', '/nodes/a'],
  ])('%s %s', async (method, path) => {
    expect(await api.call(method, path)).toEqual({ status: 404, body: '' });
  });
});

describe('whatever is sent', () => {
  const word = fc.oneof(
    fc.constantFrom(
      'volumes',
      'nodes',
      'pools',
      'nexuses',
      'replicas',
      'specs',
      'target',
      'cordon',
      'label',
      'property',
    ),
    fc.constantFrom(
      'replica_count',
      'size',
      'children',
      'a',
      'pool-a',
      'x=y',
      '%',
      '%2f',
      '%ff',
      '..',
      '__proto__',
      '2',
    ),
    fc.string({ maxLength: 8 }).map(encodeURIComponent),
    fc.constant('ID'),
  );
  const json = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        size: fc.jsonValue(),
        replicas: fc.integer({ min: -1, max: 300 }),
        thin: fc.boolean(),
        policy: fc.oneof(fc.constant({ self_heal: true }), fc.jsonValue()),
        topology: fc.jsonValue(),
        max_snapshots: fc.jsonValue(),
        publish_context: fc.oneof(fc.constant({}), fc.jsonValue()),
        protocol: fc.oneof(fc.constant('nvmf'), fc.jsonValue()),
        labels: fc.dictionary(fc.string(), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  );
  const asked = fc.record({
    method: fc.constantFrom('GET', 'PUT', 'DELETE', 'PUT', 'POST'),
    words: fc.array(word, { minLength: 1, maxLength: 5 }),
    query: fc.oneof(
      fc.constant(''),
      fc.constant('?max_entries=2'),
      fc.string({ maxLength: 10 }).map((text) => `?${encodeURI(text)}`),
    ),
    body: fc.oneof(
      json.map((value) => JSON.stringify(value)),
      fc.string(),
    ),
  });

  it('is answered, never with an internal error, and nothing is on one node twice', async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ method, words, query, body }) => {
        const path = `/${words.map((text) => (text === 'ID' ? volumeId : text)).join('/')}${query}`;
        const reply = await api.call(method, path, method === 'GET' ? {} : { rawBody: body });
        expect(reply.status).not.toBe(500);
        if (reply.status >= 400 && reply.body !== '') {
          expect(Object.keys(reply.body as object).sort()).toEqual(['details', 'kind', 'message']);
        }
        expect(api.test.cluster.violations.map(({ message }) => message)).not.toContain('two replicas are on one node');
        const alive = await api.call('GET', '/volumes?max_entries=1');
        expect(alive.status).toBe(200);
      }),
      { numRuns: 200 },
    );
  });

  it('also when it is no HTTP, or ends in the middle', async () => {
    const port = Number(new URL(api.rest.url).port);
    for (const text of [
      'GARBAGE\r\n\r\n',
      'PUT /v0/volumes/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"size"',
    ]) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(text));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    expect((await api.call('GET', '/nodes')).status).toBe(200);
  });
});
