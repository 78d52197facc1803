/** Whatever a client sends, it gets a Status that blames the client, and the server goes on. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Api, configMap, configMaps } from '../api.fixture.ts';

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'fuzzes.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural: 'fuzzes', kind: 'Fuzz' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer' }, any: { type: 'array', items: { type: 'string' } } },
              },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};

let api: Api;
const seeds = [configMap('seed', { a: 'b' }), { apiVersion: 'example.com/v1', kind: 'Fuzz', metadata: { name: 'a' } }];
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

interface Asked {
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

async function isAnswered({ method, path, body, headers }: Asked): Promise<void> {
  const reply = await api.call(method, path, body, headers);
  // Where a real server answers 500 to a broken patch, the sandbox does so too, but not with this reason.
  if (reply.body.reason === 'InternalError') {
    throw new Error(`${JSON.stringify(reply.body)} for ${JSON.stringify({ method, path, headers, body })}`);
  }
  if (reply.code >= 400 && typeof reply.body === 'object') {
    expect(reply.body).toMatchObject({ kind: 'Status', code: reply.code });
  }
}

const check = (asked: fc.Arbitrary<Asked>, numRuns: number): Promise<void> =>
  fc.assert(fc.asyncProperty(asked, isAnswered), { numRuns, endOnFailure: true });

const few = { requiredKeys: [] };
/** JSON that looks like what is expected in most places and is wrong in some. */
const anything = fc.jsonValue({ maxDepth: 3 });
const or = (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 7, arbitrary: right }, { weight: 1, arbitrary: anything });
const oneOf = (...values: unknown[]): fc.Arbitrary<unknown> => or(fc.constantFrom(...values));

const targets = [
  { path: configMaps, apiVersion: 'v1', kind: 'ConfigMap', name: 'seed' },
  { path: '/apis/example.com/v1/fuzzes', apiVersion: 'example.com/v1', kind: 'Fuzz', name: 'a' },
  {
    path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    name: 'others.example.com',
  },
  { path: '/apis/apps/v1/namespaces/default/deployments', apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
  { path: '/api/v1/namespaces/default/services', apiVersion: 'v1', kind: 'Service', name: 's' },
  { path: '/api/v1/namespaces', apiVersion: 'v1', kind: 'Namespace', name: 'default' },
  { path: '/apis/events.k8s.io/v1/namespaces/default/events', apiVersion: 'v1', kind: 'Event', name: 'e' },
  { path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', apiVersion: '', kind: '', name: '' },
  { path: '/api/v1/namespaces/default/serviceaccounts/default/token', apiVersion: '', kind: '', name: '' },
];

const owner = fc.record({ uid: oneOf('u'), kind: anything, name: anything, apiVersion: oneOf('v1') }, few);
const labels = fc.dictionary(fc.string({ maxLength: 4 }), or(fc.string({ maxLength: 4 })));
const metadata = (name: string): fc.Arbitrary<unknown> =>
  fc.record(
    {
      name: oneOf(name, name, name, '__proto__'),
      generateName: oneOf('g-'),
      labels: or(labels),
      finalizers: or(fc.array(oneOf('a.b/c', 'orphan', ''), { maxLength: 2 })),
      ownerReferences: or(fc.array(or(owner), { maxLength: 2 })),
      managedFields: or(fc.array(anything, { maxLength: 2 })),
      resourceVersion: oneOf('1', '0', 'x'),
    },
    { requiredKeys: ['name'] },
  );
const schema = fc.record(
  { type: oneOf('object'), properties: fc.dictionary(fc.constantFrom('spec', 'x'), anything) },
  few,
);
const version = fc.record(
  {
    name: oneOf('v1'),
    served: or(fc.boolean()),
    storage: oneOf(true),
    schema: or(fc.record({ openAPIV3Schema: or(schema) })),
    subresources: anything,
    additionalPrinterColumns: anything,
  },
  few,
);
const container = fc.record({ name: oneOf('c'), image: oneOf('i'), ports: anything, env: anything }, few);
const spec = fc.record(
  {
    ...{ size: anything, any: anything, replicas: anything, ports: anything, selector: anything, clusterIP: anything },
    template: or(fc.record({ metadata: anything, spec: or(fc.record({ containers: or(fc.array(or(container))) })) })),
    group: oneOf('example.com'),
    names: or(fc.record({ plural: oneOf('others'), kind: oneOf('Other'), shortNames: anything }, few)),
    scope: oneOf('Cluster'),
    versions: or(fc.array(or(version), { maxLength: 2 })),
    resourceAttributes: anything,
    expirationSeconds: anything,
    audiences: anything,
  },
  few,
);

const mediaTypes = [
  ...['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'],
  ...['application/apply-patch+yaml', 'application/json', 'application/vnd.kubernetes.protobuf', 'text/html', '/;;='],
];
const write: fc.Arbitrary<Asked> = fc.constantFrom(...targets).chain(({ path, apiVersion, kind, name }) => {
  const object = {
    apiVersion: oneOf(apiVersion),
    kind: oneOf(kind),
    metadata: or(metadata(name)),
    ...{ spec: or(spec), data: or(labels), stringData: anything, status: anything, regarding: anything },
  };
  const one = `${path}/${name}`;
  return fc
    .record({
      method: fc.constantFrom('POST', 'PUT', 'PATCH', 'PATCH', 'DELETE'),
      path: fc.constantFrom(path, one, one, `${one}/status`, `${one}/scale`, `${one}/finalize`),
      body: or(fc.record(object, { requiredKeys: ['apiVersion', 'kind', 'metadata'] })),
      type: fc.constantFrom(...mediaTypes),
    })
    .map(({ type, ...asked }) => {
      const applies = asked.method === 'PATCH' && type === 'application/apply-patch+yaml';
      const headers = { 'content-type': asked.method === 'PATCH' ? type : 'application/json' };
      return { ...asked, headers, path: applies ? `${asked.path}?fieldManager=f&force=true` : asked.path };
    });
});

const parameters = [
  ...['limit', 'continue', 'resourceVersion', 'resourceVersionMatch', 'labelSelector', 'fieldSelector', 'dryRun'],
  ...[
    'fieldManager',
    'fieldValidation',
    'gracePeriodSeconds',
    'propagationPolicy',
    'orphanDependents',
    'includeObject',
  ],
];
const value = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    '1',
    '99999999999999999999',
    'true',
    'All',
    'Exact',
    'NotOlderThan',
    'a=b',
    'a in (b',
    '%',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const query = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...parameters), value), { maxLength: 4 })
  .map((pairs) => new URLSearchParams(pairs).toString());

const pointer = oneOf(
  '',
  '/',
  '/metadata',
  '/metadata/name',
  '/data/a',
  '/data/-',
  '/x/y',
  '/__proto__/x',
  '/metadata/-',
);
const operation = fc.record(
  { op: oneOf('add', 'remove', 'replace', 'move', 'copy', 'test'), path: pointer, from: pointer, value: anything },
  few,
);
const segment = fc.constantFrom(
  'api',
  'apis',
  'v1',
  'apps',
  'namespaces',
  'default',
  'pods',
  'x',
  '%00',
  '%2e',
  '%E0',
  '',
);

describe('no request makes the server fail', () => {
  it('by its query', () => {
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE');
    const path = fc.constantFrom(...targets).map((target) => target.path);
    return check(
      fc.tuple(method, path, query).map(([verb, where, text]) => ({ method: verb, path: `${where}?${text}` })),
      300,
    );
  }, 60_000);

  it('by its body', async () => {
    api.server.apply([definition, ...seeds]);
    await check(write, 1_500);
  }, 60_000);

  it('by a JSON patch', async () => {
    api.server.apply([definition, ...seeds]);
    const headers = { 'content-type': 'application/json-patch+json' };
    const path = fc.constantFrom(`${configMaps}/seed`, '/apis/example.com/v1/fuzzes/a');
    const patch = fc.record({ path, body: or(fc.array(operation, { maxLength: 3 })) });
    await check(
      patch.map((asked) => ({ method: 'PATCH', headers, ...asked })),
      400,
    );
  }, 60_000);

  it('by bytes that are no text', () => {
    const content = fc.record({
      body: fc.string({ unit: 'binary', maxLength: 60 }),
      type: fc.constantFrom(...mediaTypes),
    });
    const asked = content.map(({ body, type }) => ({
      method: 'POST',
      path: configMaps,
      body,
      headers: { 'content-type': type },
    }));
    return check(asked, 300);
  }, 60_000);

  it('by its path', () =>
    check(
      fc.array(segment, { maxLength: 7 }).map((segments) => ({ method: 'GET', path: `/${segments.join('/')}` })),
      300,
    ));

  it('by its Accept header', () => {
    const accept = fc.stringMatching(/^[a-zA-Z/;=,.*+ 0-9]{0,40}$/);
    const path = fc.constantFrom(configMaps, '/apis', '/openapi/v2');
    return check(
      fc
        .record({ path, accept })
        .map((asked) => ({ method: 'GET', path: asked.path, headers: { accept: asked.accept } })),
      300,
    );
  }, 60_000);

  it('and it is still there', async () => {
    expect((await api.call('GET', '/readyz')).body).toBe('ok');
    expect((await api.call('GET', configMaps)).code).toBe(200);
  });
});

describe('bounds', () => {
  it('of a body are 3 MiB', async () => {
    const reply = await api.call('POST', configMaps, configMap('large', { text: 'x'.repeat(3 * 1024 * 1024) }));
    expect([reply.code, reply.body.reason]).toEqual([413, 'RequestEntityTooLarge']);
    const fits = await api.call('POST', configMaps, configMap('large', { text: 'x'.repeat(900_000) }));
    expect(fits.code).toBe(201);
  });

  it('keep a small YAML document from unfolding', async () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      lines.push(`${to}: &${to} [${`*${from}, `.repeat(8)}*${from}]`);
    }
    const headers = { 'content-type': 'application/yaml' };
    expect((await api.call('POST', configMaps, lines.join('\n'), headers)).code).toBe(400);
  });
});
