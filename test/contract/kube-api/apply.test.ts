import { describe, expect, it } from '@jest/globals';
import type { Body, ManagedFields } from './harness/body.ts';
import type { Answer } from './harness/client.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { installWidgets, ok, schemaWithoutIntOrString } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target, { schema: schemaWithoutIntOrString() });
const namespace = await createNamespace(target);

interface ApplyOptions {
  manager?: string;
  force?: boolean;
  labels?: Record<string, string>;
  subresource?: string;
}

function apply(name: string, spec: object | undefined, options: ApplyOptions = {}): Promise<Answer> {
  const { manager = 'one', force = false, labels, subresource = '' } = options;
  const content = subresource === '' ? { spec } : { status: spec };
  const body = {
    apiVersion: widgets.apiVersion,
    kind: 'Widget',
    metadata: { name, ...(labels && { labels }) },
    ...content,
  };
  return admin.patch(`${widgets.path}/${name}${subresource}`, 'apply', body, {
    query: { fieldManager: manager, force },
  });
}

const entryOf = (body: Body, manager: string, operation = 'Apply'): ManagedFields | undefined =>
  body.metadata.managedFields?.find((entry) => entry.manager === manager && entry.operation === operation);

describe('an apply', () => {
  it('creates what is missing, with 201', async () => {
    const { status, body } = await apply('created', { size: 1 });
    expect([status, body.spec, body.metadata.generation]).toEqual([201, { size: 1, mode: 'Slow' }, 1]);
    expect(entryOf(body, 'one')).toEqual({
      manager: 'one',
      operation: 'Apply',
      apiVersion: widgets.apiVersion,
      time: expect.stringMatching(/Z$/),
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:size': {} } },
    });
  });

  it('again without a change leaves resourceVersion alone', async () => {
    const first = (await apply('idle', { size: 1 })).body;
    const second = ok(await apply('idle', { size: 1 }));
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('removes the fields that its manager applied before and leaves out now', async () => {
    await apply('shrinking', { size: 1, note: 'x', weights: { a: 1, b: 2 } }, { labels: { a: '1', b: '2' } });
    const body = ok(await apply('shrinking', { size: 1, weights: { b: 2 } }, { labels: { b: '2' } }));
    expect(body.spec).toEqual({ size: 1, mode: 'Slow', weights: { b: 2 } });
    expect(body.metadata.labels).toEqual({ b: '2' });
  });

  it('leaves the fields of others alone', async () => {
    await apply('shared', { size: 1 });
    await apply('shared', { note: 'two' }, { manager: 'two' });
    const body = ok(await apply('shared', { size: 3 }));
    expect(body.spec).toEqual({ size: 3, mode: 'Slow', note: 'two' });
    expect(entryOf(body, 'two')!.fieldsV1).toEqual({ 'f:spec': { 'f:note': {} } });
  });

  it('shares a field that two managers apply with the same value', async () => {
    await apply('agreed', { size: 1, note: 'x' });
    expect((await apply('agreed', { note: 'x' }, { manager: 'two' })).status).toBe(200);
    const body = ok(await apply('agreed', { size: 1 }));
    expect(body.spec).toMatchObject({ note: 'x' });
  });

  it('merges lists of type map by key and sets by value', async () => {
    await apply('lists', { size: 1, ports: [{ name: 'a', port: 1 }], tags: ['x'] });
    const body = ok(await apply('lists', { ports: [{ name: 'b', port: 2 }], tags: ['y'] }, { manager: 'two' }));
    expect(body.spec).toMatchObject({
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
      tags: ['x', 'y'],
    });
    expect(entryOf(body, 'two')!.fieldsV1).toEqual({
      'f:spec': {
        'f:ports': { 'k:{"name":"b"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
        'f:tags': { 'v:"y"': {} },
      },
    });
    const removed = ok(await apply('lists', { size: 1 }));
    expect(removed.spec).toMatchObject({ ports: [{ name: 'b', port: 2 }], tags: ['y'] });
  });

  it('takes YAML', async () => {
    const yaml = `apiVersion: ${widgets.apiVersion}\nkind: Widget\nmetadata:\n  name: yaml\nspec:\n  size: 4\n`;
    const { status, body } = await admin.patch(`${widgets.path}/yaml`, 'apply', yaml, {
      query: { fieldManager: 'one' },
    });
    expect([status, body.spec]).toEqual([201, { size: 4, mode: 'Slow' }]);
  });

  it('needs a field manager', async () => {
    const { status, body } = await admin.patch(`${widgets.path}/x`, 'apply', widgets.object('x'));
    expect([status, body.message]).toEqual([
      422,
      expect.stringContaining('fieldManager: Required value: is required for apply patch'),
    ]);
  });

  it('is validated', async () => {
    const { status, body } = await apply('wrong', { size: -1 });
    expect([status, body.reason]).toEqual([422, 'Invalid']);
  });

  it('may not carry managedFields', async () => {
    const object = widgets.object('mf', { size: 1 }, { managedFields: [] });
    const filled = {
      ...object,
      metadata: {
        name: 'mf',
        managedFields: [{ manager: 'x', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
      },
    };
    const { status, body } = await admin.patch(`${widgets.path}/mf`, 'apply', filled, {
      query: { fieldManager: 'one' },
    });
    expect([status, body.message]).toEqual([400, expect.stringContaining('metadata.managedFields must be nil')]);
  });
});

describe('a conflict', () => {
  it('names the manager, the field and what to do', async () => {
    await apply('fought', { size: 1, note: 'x' });
    const { status, body } = await apply('fought', { size: 2 }, { manager: 'two' });
    expect([status, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "one": .spec.size');
    expect(body.details!.causes).toEqual([
      { reason: 'FieldManagerConflict', message: 'conflict with "one"', field: '.spec.size' },
    ]);
    expect(ok(await admin.get(`${widgets.path}/fought`)).spec).toMatchObject({ size: 1 });
  });

  it('is settled by force, which takes the field over', async () => {
    await apply('forced', { size: 1, note: 'x' });
    const body = ok(await apply('forced', { size: 2 }, { manager: 'two', force: true }));
    expect(body.spec).toMatchObject({ size: 2, note: 'x' });
    expect(entryOf(body, 'one')!.fieldsV1).toEqual({ 'f:spec': { 'f:note': {} } });
    expect(entryOf(body, 'two')!.fieldsV1).toEqual({ 'f:spec': { 'f:size': {} } });
  });

  it('arises with plain updates too', async () => {
    await apply('updated', { size: 1 });
    const query = { fieldManager: 'editor' };
    ok(await admin.patch(`${widgets.path}/updated`, 'merge', { spec: { size: 5 } }, { query }));
    const { status, body } = await apply('updated', { size: 2 });
    expect(status).toBe(409);
    expect(body.message).toMatch(/^Apply failed with 1 conflict: conflict with "editor" using .*: \.spec\.size$/);
  });

  it('counts every field', async () => {
    await apply('many', { size: 1, note: 'x' });
    const { body } = await apply('many', { size: 2, note: 'y' }, { manager: 'two' });
    expect(body.message).toBe('Apply failed with 2 conflicts: conflicts with "one":\n- .spec.note\n- .spec.size');
  });
});

describe('managedFields', () => {
  it('record who wrote what by plain create, update and patch', async () => {
    const created = await admin.post(widgets.path, widgets.object('plain'), { query: { fieldManager: 'maker' } });
    expect(entryOf(created.body, 'maker', 'Update')).toMatchObject({
      apiVersion: widgets.apiVersion,
      fieldsV1: { 'f:spec': { '.': {}, 'f:mode': {}, 'f:size': {} } },
    });
    const query = { fieldManager: 'editor' };
    const body = ok(await admin.patch(`${widgets.path}/plain`, 'merge', { spec: { size: 2 } }, { query }));
    expect(entryOf(body, 'editor', 'Update')!.fieldsV1).toEqual({ 'f:spec': { 'f:size': {} } });
    expect(entryOf(body, 'maker', 'Update')!.fieldsV1).toEqual({ 'f:spec': { '.': {}, 'f:mode': {} } });
  });

  it('are named after the user agent when no manager is given', async () => {
    const { body } = await admin.post(widgets.path, widgets.object('agent'), {
      headers: { 'user-agent': 'couch/1.0 (x)' },
    });
    expect(entryOf(body, 'couch', 'Update')).toBeDefined();
  });

  target.when('managedFieldsSubresource')('keep status writes apart', async () => {
    await apply('statused', { size: 1 });
    const { status, body } = await apply('statused', { phase: 'Ready' }, { subresource: '/status' });
    expect([status, body.status]).toEqual([200, { phase: 'Ready' }]);
    const entries = body.metadata.managedFields!.filter(({ manager }) => manager === 'one');
    expect(entries.map(({ subresource }) => subresource ?? '').sort()).toEqual(['', 'status']);
    const again = ok(await apply('statused', { size: 2 }));
    expect(again.status).toEqual({ phase: 'Ready' });
  });

  it('can be reset', async () => {
    await apply('reset', { size: 1 });
    const body = ok(await admin.patch(`${widgets.path}/reset`, 'merge', { metadata: { managedFields: [{}] } }));
    expect(entryOf(body, 'one')).toBeUndefined();
  });
});

describe('an apply to built-in types', () => {
  it('merges containers by name', async () => {
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
    const deployment = (image: string, extra: object[] = []): object => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image }, ...extra] } },
      },
    });
    const query = { fieldManager: 'one' };
    expect((await admin.patch(path, 'apply', deployment('a:1', [{ name: 'b', image: 'b:1' }]), { query })).status).toBe(
      201,
    );
    const body = ok(await admin.patch(path, 'apply', deployment('a:2'), { query }));
    const { containers } = (body.spec as { template: { spec: { containers: { name: string; image: string }[] } } })
      .template.spec;
    expect(containers).toMatchObject([{ name: 'a', image: 'a:2' }]);
    expect(containers).toHaveLength(1);
    const keys = JSON.stringify(entryOf(body, 'one')!.fieldsV1);
    expect(keys).toContain('k:{\\"name\\":\\"a\\"}');
  });
});
