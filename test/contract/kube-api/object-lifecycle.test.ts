import { describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

const read = async (name: string): Promise<Body> => ok(await admin.get(`${widgets.path}/${name}`));

describe('a created object', () => {
  it('gets uid, resourceVersion, creationTimestamp and generation 1', async () => {
    const { metadata } = await widgets.create('fresh');
    expect(metadata.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(metadata.resourceVersion).toMatch(/^\d+$/);
    expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(metadata).toMatchObject({ generation: 1, namespace: 'default' });
  });

  it('keeps nothing of what only the server may set', async () => {
    const { metadata } = await widgets.create(
      'modest',
      { size: 1 },
      {
        uid: 'mine',
        creationTimestamp: '2000-01-01T00:00:00Z',
        generation: 7,
        deletionTimestamp: '2000-01-01T00:00:00Z',
      },
    );
    expect(metadata).toMatchObject({ generation: 1, uid: expect.not.stringMatching(/^mine$/) });
    expect(metadata.creationTimestamp).not.toMatch(/^2000/);
    expect(metadata.deletionTimestamp).toBeUndefined();
  });

  it('takes its namespace from the path', async () => {
    const { status, body } = await admin.post(
      widgets.path,
      widgets.object('lost', { size: 1 }, { namespace: 'other' }),
    );
    expect([status, body.message]).toEqual([
      400,
      expect.stringContaining('the namespace of the provided object does not match the namespace sent on the request'),
    ]);
  });

  it('starts without status where status is a subresource', async () => {
    const { status, body } = await admin.post(widgets.path, {
      ...widgets.object('silent'),
      status: { phase: 'Ready' },
    });
    expect([status, body.status]).toEqual([201, undefined]);
  });

  it('may not exist already', async () => {
    await widgets.create('twice');
    const { status, body } = await admin.post(widgets.path, widgets.object('twice'));
    expect([status, body.reason, body.message]).toEqual([
      409,
      'AlreadyExists',
      `widgets.${widgets.group} "twice" already exists`,
    ]);
    expect(body.details).toEqual({ name: 'twice', group: widgets.group, kind: 'widgets' });
  });

  it('gets another uid when its name is used again', async () => {
    const before = await widgets.create('phoenix');
    await admin.delete(`${widgets.path}/phoenix`);
    const after = await widgets.create('phoenix');
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
  });

  it('may not carry a resourceVersion', async () => {
    const { status, body } = await admin.post(
      widgets.path,
      widgets.object('again', { size: 1 }, { resourceVersion: '5' }),
    );
    expect([status, body.message]).toEqual([
      expect.any(Number),
      expect.stringContaining('resourceVersion should not be set on objects to be created'),
    ]);
  });
});

describe('an update', () => {
  it('raises resourceVersion always and generation with the spec', async () => {
    const before = await widgets.create('counted');
    const spec = { ...before, spec: { size: 2, mode: 'Slow' } };
    const first = ok(await admin.put(`${widgets.path}/counted`, spec));
    expect(first.metadata.generation).toBe(2);
    const labelled = { ...first, metadata: { ...first.metadata, labels: { a: 'b' } } };
    const second = ok(await admin.put(`${widgets.path}/counted`, labelled));
    expect(second.metadata.generation).toBe(2);
    const versions = [before, first, second].map(({ metadata }) => Number(metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('that changes nothing leaves resourceVersion alone', async () => {
    const before = await widgets.create('idle');
    const after = ok(await admin.put(`${widgets.path}/idle`, before));
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    const patched = ok(await admin.patch(`${widgets.path}/idle`, 'merge', { spec: { size: 1 } }));
    expect(patched.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
  });

  it('with a stale resourceVersion is a conflict', async () => {
    const before = await widgets.create('raced');
    ok(await admin.patch(`${widgets.path}/raced`, 'merge', { spec: { size: 2 } }));
    const { status, body } = await admin.put(`${widgets.path}/raced`, { ...before, spec: { size: 3 } });
    expect([status, body.reason, body.message]).toEqual([
      409,
      'Conflict',
      `Operation cannot be fulfilled on widgets.${widgets.group} "raced": the object has been modified; ` +
        'please apply your changes to the latest version and try again',
    ]);
    expect(body.details).toEqual({ name: 'raced', group: widgets.group, kind: 'widgets' });
  });

  it('of a custom resource needs a resourceVersion', async () => {
    await widgets.create('blind');
    const { status, body } = await admin.put(`${widgets.path}/blind`, widgets.object('blind', { size: 2 }));
    expect([status, body.message]).toEqual([
      422,
      expect.stringMatching(/metadata\.resourceVersion: Invalid value: 0(x0)?: must be specified for an update/),
    ]);
  });

  it('of a ConfigMap needs none', async () => {
    created(await admin.post(configMaps, { metadata: { name: 'blind' }, data: { a: '1' } }));
    const { status, body } = await admin.put(`${configMaps}/blind`, { metadata: { name: 'blind' }, data: { a: '2' } });
    expect([status, body.data]).toEqual([200, { a: '2' }]);
  });

  it('of what does not exist is not found', async () => {
    const object = widgets.object('ghost', { size: 1 }, { resourceVersion: '1' });
    const { status, body } = await admin.put(`${widgets.path}/ghost`, object);
    expect([status, body.message]).toEqual([404, `widgets.${widgets.group} "ghost" not found`]);
  });

  it('may not change the name', async () => {
    const object = await widgets.create('named');
    const renamed = { ...object, metadata: { ...object.metadata, name: 'other' } };
    const { status, body } = await admin.put(`${widgets.path}/named`, renamed);
    expect([status, body.message]).toEqual([
      400,
      expect.stringMatching(/the name of the object \(other\) does not match the name on the URL \(named\)/),
    ]);
  });

  it('may not change the uid', async () => {
    const object = await widgets.create('identified');
    const other = { ...object, metadata: { ...object.metadata, uid: '00000000-0000-0000-0000-000000000000' } };
    const { status, body } = await admin.put(`${widgets.path}/identified`, other);
    expect([status, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toMatch(/Precondition failed: UID in precondition: 0000.*, UID in object meta: /);
  });

  it('ignores a changed creationTimestamp and generation', async () => {
    const object = await widgets.create('aged');
    const metadata = { ...object.metadata, creationTimestamp: '2000-01-01T00:00:00Z', generation: 9 };
    const after = ok(await admin.put(`${widgets.path}/aged`, { ...object, metadata }));
    expect(after.metadata).toMatchObject({ creationTimestamp: object.metadata.creationTimestamp, generation: 1 });
  });
});

describe('the status subresource', () => {
  it('changes status alone, and no generation', async () => {
    const object = await widgets.create('reported');
    const status = { phase: 'Ready', seen: 1 };
    const path = `${widgets.path}/reported/status`;
    const after = ok(await admin.put(path, { ...object, spec: { size: 50 }, status }));
    expect([after.spec, after.status, after.metadata.generation]).toEqual([{ size: 1, mode: 'Slow' }, status, 1]);
    expect(after.metadata.resourceVersion).not.toBe(object.metadata.resourceVersion);
  });

  it('is out of reach of a plain update', async () => {
    const object = await widgets.create('walled');
    ok(await admin.patch(`${widgets.path}/walled/status`, 'merge', { status: { phase: 'Ready' } }));
    ok(await admin.patch(`${widgets.path}/walled`, 'merge', { status: { phase: 'Broken' }, spec: { size: 2 } }));
    const after = await read('walled');
    expect([after.status, after.spec]).toEqual([{ phase: 'Ready' }, { size: 2, mode: 'Slow' }]);
    expect(after.metadata.generation).toBe(object.metadata.generation! + 1);
  });

  it('leaves labels and finalizers to the main resource', async () => {
    await widgets.create('kept');
    const change = { metadata: { labels: { a: 'b' }, finalizers: ['x.test/y'] }, status: { phase: 'Ready' } };
    const after = ok(await admin.patch(`${widgets.path}/kept/status`, 'merge', change));
    expect([after.metadata.labels, after.metadata.finalizers]).toEqual([undefined, undefined]);
  });

  it('is read as the whole object', async () => {
    await widgets.create('whole');
    expect(ok(await admin.get(`${widgets.path}/whole/status`)).spec).toMatchObject({ size: 1 });
  });

  it('checks resourceVersion like any update', async () => {
    const before = await widgets.create('contended');
    ok(await admin.patch(`${widgets.path}/contended`, 'merge', { spec: { size: 2 } }));
    const late = await admin.put(`${widgets.path}/contended/status`, { ...before, status: { phase: 'Late' } });
    expect(late.status).toBe(409);
  });

  it('exists for built-in types that have one', async () => {
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    created(await admin.post(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }));
    const after = ok(await admin.patch(`${pods}/p/status`, 'merge', { status: { phase: 'Running' } }));
    expect(after.status).toMatchObject({ phase: 'Running' });
    expect((await admin.get(`${configMaps}/blind/status`)).status).toBe(404);
  });
});
