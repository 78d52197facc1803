import { describe, expect, it } from '@jest/globals';
import type { Answer } from './harness/client.ts';
import { openTarget } from './harness/target.ts';
import { installWidgets } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
await widgets.create('one');

interface Row {
  title: string;
  request: () => Promise<Answer>;
  code: number;
  reason: string;
  message: string | RegExp;
  details?: unknown;
}

const rows: Row[] = [
  {
    title: '401 for a token that nobody issued',
    request: () => target.client({ token: 'made-up' }).get('/api/v1/namespaces'),
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
  },
  {
    title: '401 for a malformed JSON web token',
    request: () => target.client({ token: 'a.b.c' }).get('/api/v1/namespaces'),
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
  },
  {
    title: '403 for an anonymous list',
    request: () => target.client().get('/api/v1/namespaces'),
    code: 403,
    reason: 'Forbidden',
    message:
      'namespaces is forbidden: User "system:anonymous" cannot list resource "namespaces" in API group "" at the cluster scope',
    details: { kind: 'namespaces' },
  },
  {
    title: '403 for an anonymous get in a namespace',
    request: () => target.client().get('/api/v1/namespaces/default/secrets/s'),
    code: 403,
    reason: 'Forbidden',
    message:
      'secrets "s" is forbidden: User "system:anonymous" cannot get resource "secrets" in API group "" in the namespace "default"',
    details: { name: 's', kind: 'secrets' },
  },
  {
    title: '403 for an anonymous path',
    request: () => target.client().get('/metrics'),
    code: 403,
    reason: 'Forbidden',
    message: 'forbidden: User "system:anonymous" cannot get path "/metrics"',
    details: {},
  },
  {
    title: '404 for an object of a built-in type',
    request: () => admin.get('/api/v1/namespaces/default/configmaps/none'),
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "none" not found',
    details: { name: 'none', kind: 'configmaps' },
  },
  {
    title: '404 for an object of a custom type',
    request: () => admin.get(`${widgets.path}/none`),
    code: 404,
    reason: 'NotFound',
    message: `widgets.${widgets.group} "none" not found`,
    details: { name: 'none', group: widgets.group, kind: 'widgets' },
  },
  {
    title: '404 for a resource that a group lacks',
    request: () => admin.get('/apis/apps/v1/sprockets'),
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  },
  {
    title: '404 for a subresource that a type lacks',
    request: () => admin.get('/api/v1/namespaces/default/configmaps/none/status'),
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
    details: {},
  },
  {
    title: '405 for a method that a collection lacks',
    request: () => admin.put('/api/v1/namespaces/default/configmaps', {}),
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  },
  {
    title: '405 for a POST to one object',
    request: () => admin.post('/api/v1/namespaces/default/configmaps/one', { metadata: { name: 'one' } }),
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  },
  {
    title: '406 for a media type that is not served',
    request: () => admin.get('/api/v1/namespaces', { accept: 'text/plain' }),
    code: 406,
    reason: 'NotAcceptable',
    message: /^(406: Not Acceptable|only the following media types are accepted: application\/json)/,
  },
  {
    title: '409 for a name that is taken',
    request: () => admin.post('/api/v1/namespaces', { metadata: { name: 'default' } }),
    code: 409,
    reason: 'AlreadyExists',
    message: 'namespaces "default" already exists',
    details: { name: 'default', kind: 'namespaces' },
  },
  {
    title: '415 for a body that is neither JSON nor YAML',
    request: () => admin.post('/api/v1/namespaces', 'x', { contentType: 'text/plain' }),
    code: 415,
    reason: 'UnsupportedMediaType',
    message:
      /^the body of the request was in an unknown format - accepted media types include: application\/json, application\/yaml/,
  },
  {
    title: '400 for a body that is not JSON',
    request: () => admin.post('/api/v1/namespaces', '{"metadata":'),
    code: 400,
    reason: 'BadRequest',
    message: /(couldn't get version\/kind; json parse error|unexpected (EOF|end of JSON input)|json parse error)/,
  },
  {
    title: '400 for a body of another kind',
    request: () =>
      admin.post('/api/v1/namespaces/default/configmaps', {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'x' },
      }),
    code: 400,
    reason: 'BadRequest',
    message: /Secret in version "v1" cannot be handled as a ConfigMap/,
  },
  {
    title: '422 for an invalid object of a built-in type',
    request: () => admin.post('/api/v1/namespaces', { metadata: { name: 'Upper' } }),
    code: 422,
    reason: 'Invalid',
    message: /^Namespace "Upper" is invalid: metadata\.name: Invalid value: "Upper": /,
  },
];

describe('a failure is a Status with its code, reason, message and details', () => {
  it.each(rows)('$title', async ({ request, code, reason, message, details }) => {
    const { status, headers, body } = await request();
    expect(body).toMatchObject({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code });
    expect(status).toBe(code);
    expect(headers['content-type']).toMatch(/^application\/json/);
    if (typeof message === 'string') expect(body.message).toBe(message);
    else expect(body.message).toMatch(message);
    if (details !== undefined) expect(body.details ?? {}).toEqual(details);
  });
});

describe('what a request is written in', () => {
  it('may be YAML', async () => {
    const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-yaml\n`;
    const options = { contentType: 'application/yaml', query: { dryRun: 'All' } };
    expect((await admin.post('/api/v1/namespaces/default/configmaps', yaml, options)).status).toBe(201);
  });

  it('takes apiVersion and kind from the path for built-in types when they are left out', async () => {
    const { body } = await admin.post(
      '/api/v1/namespaces/default/configmaps',
      { metadata: { name: 'x' } },
      { query: { dryRun: 'All' } },
    );
    expect([body.apiVersion, body.kind]).toEqual(['v1', 'ConfigMap']);
  });

  it('needs apiVersion and kind for custom resources', async () => {
    const { status, body } = await admin.post(widgets.path, { metadata: { name: 'x' }, spec: { size: 1 } });
    expect([status, body.message]).toEqual([400, expect.stringContaining("Object 'Kind' is missing in")]);
  });

  it('may be answered with any media type the client prefers, and */* is JSON', async () => {
    const { headers } = await admin.get('/api/v1/namespaces/default', { accept: '*/*' });
    expect(headers['content-type']).toBe('application/json');
  });
});
