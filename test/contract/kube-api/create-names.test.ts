import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);

describe('generateName', () => {
  it('makes a name of the prefix and five characters', async () => {
    const names = await Promise.all(
      [1, 2, 3].map(async () => {
        const object = widgets.object('', { size: 1 }, { generateName: 'made-' });
        return created(await admin.post(widgets.path, object)).metadata;
      }),
    );
    for (const { name, generateName } of names) {
      expect(name).toMatch(/^made-[a-z0-9]{5}$/);
      expect(generateName).toBe('made-');
    }
    expect(new Set(names.map(({ name }) => name)).size).toBe(3);
  });

  it('gives way to a name', async () => {
    const object = await widgets.create('chosen', { size: 1 }, { generateName: 'made-' });
    expect(object.metadata.name).toBe('chosen');
  });

  it('cuts a prefix that would make the name too long', async () => {
    const object = widgets.object('', { size: 1 }, { generateName: 'x'.repeat(70) });
    const { metadata } = created(await admin.post(widgets.path, object));
    expect(metadata.name).toMatch(/^x{58}[a-z0-9]{5}$/);
  });
});

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
  'and must start and end with an alphanumeric character';

describe('a name is refused', () => {
  it.each([
    ['Upper', subdomain],
    ['-dash', subdomain],
    ['dot.', subdomain],
    ['under_score', subdomain],
    ['x'.repeat(254), 'must be no more than 253 characters'],
  ])('%s', async (name, message) => {
    const { status, body } = await admin.post(widgets.path, widgets.object(name));
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(body.message).toContain(`metadata.name: Invalid value: "${name}": ${message}`);
  });

  it.each(['a/b', 'a%b', '..'])('with characters that paths use: %s', async (name) => {
    const { status, body } = await admin.post(widgets.path, widgets.object(name));
    expect([status, body.details!.causes![0]!.field]).toEqual([422, 'metadata.name']);
  });

  it('when there is none', async () => {
    const { status, body } = await admin.post(widgets.path, widgets.object('', { size: 1 }));
    expect([status, body.message]).toEqual([
      422,
      expect.stringContaining('metadata.name: Required value: name or generateName is required'),
    ]);
  });

  it('for a namespace unless it is a DNS label', async () => {
    const { status, body } = await admin.post('/api/v1/namespaces', { metadata: { name: 'a.b' } });
    expect([status, body.message]).toEqual([422, expect.stringMatching(/metadata\.name: Invalid value: "a\.b": /)]);
  });

  it.each([
    ['a role may be called system:reader', 'roles', { rules: [] }],
    [
      'a binding may be called a:b',
      'rolebindings',
      { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' } },
    ],
  ])('by other rules for other types: %s', async (_rule, resource, content) => {
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/${resource}`;
    const { status } = await admin.post(path, { metadata: { name: 'system:reader' }, ...content });
    expect(status).toBe(201);
  });
});

describe('metadata is refused', () => {
  it.each([
    [
      'a label key with a space',
      { labels: { 'a b': 'c' } },
      /metadata\.labels: Invalid value: "a b": name part must consist of/,
    ],
    [
      'a label value with a space',
      { labels: { a: 'b c' } },
      /metadata\.labels: Invalid value: "b c": a valid label must be an empty string or consist of/,
    ],
    [
      'a long label value',
      { labels: { a: 'x'.repeat(64) } },
      /metadata\.labels: Invalid value: "x+": must be no more than 63 characters/,
    ],
    [
      'an annotation key with a space',
      { annotations: { 'a b': 'c' } },
      /metadata\.annotations: Invalid value: "a b": name part must consist of/,
    ],
    [
      'an unqualified finalizer with a space',
      { finalizers: ['a b'] },
      /metadata\.finalizers(\[0\])?: Invalid value: "a b": name part must consist of/,
    ],
    [
      'an owner without uid',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '' }] },
      /metadata\.ownerReferences(\[0\])?\.uid: (Invalid value: ""|Required value): (uid )?must not be empty/,
    ],
    [
      'two controllers',
      {
        ownerReferences: ['a', 'b'].map((name) => ({
          apiVersion: 'v1',
          kind: 'Secret',
          name,
          uid: name,
          controller: true,
        })),
      },
      /metadata\.ownerReferences: Invalid value: .*Only one reference can have Controller set to true/s,
    ],
  ])('with %s', async (_why, metadata, message) => {
    const { status, body } = await admin.post(widgets.path, widgets.object('wrong', { size: 1 }, metadata));
    expect(body.message).toMatch(message);
    expect([status, body.reason]).toEqual([422, 'Invalid']);
  });

  it('with labels that are not strings', async () => {
    const { status, body } = await admin.post(widgets.path, widgets.object('wrong', { size: 1 }, { labels: { a: 1 } }));
    expect([status, body.reason]).toEqual([400, 'BadRequest']);
  });
});
