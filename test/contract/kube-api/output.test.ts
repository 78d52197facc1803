import { describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const asPartial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
const asPartialList = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';

interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

interface Row {
  cells: unknown[];
  object: Body;
}

const columnsOf = (body: Body): Column[] => body.columnDefinitions as Column[];
const rowsOf = (body: Body): Row[] => body.rows as Row[];

const widgets = await installWidgets(target, {
  columns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size', description: 'How large.' },
    { name: 'First tag', type: 'string', jsonPath: '.spec.tags[0]' },
    { name: 'Ports', type: 'string', jsonPath: '.spec.ports[*].name', priority: 1 },
    { name: 'Port of b', type: 'integer', jsonPath: ".spec.ports[?(@.name=='b')].port" },
    { name: 'Since', type: 'date', jsonPath: '.spec.since' },
    { name: 'Active', type: 'boolean', jsonPath: '.spec.active' },
    { name: 'Ratio', type: 'number', jsonPath: '.spec.ratio' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
await widgets.create('bare');
await widgets.create('full', {
  size: 5,
  tags: ['x', 'y'],
  ports: [{ name: 'a' }, { name: 'b', port: 81 }],
  since: new Date(Date.now() - 3 * 86_400_000 - 60_000).toISOString().replace(/\.\d+Z/, 'Z'),
  active: true,
  ratio: 0.5,
});

describe('a Table of custom resources', () => {
  it('has the name and the printer columns of the definition', async () => {
    const { headers, body } = await admin.get(widgets.path, { accept: asTable });
    expect(headers['content-type']).toBe('application/json');
    expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
    expect(columnsOf(body).map(({ name, type, priority }) => [name, type, priority])).toEqual([
      ['Name', 'string', 0],
      ['Size', 'integer', 0],
      ['First tag', 'string', 0],
      ['Ports', 'string', 1],
      ['Port of b', 'integer', 0],
      ['Since', 'date', 0],
      ['Active', 'boolean', 0],
      ['Ratio', 'number', 0],
      ['Age', 'date', 0],
    ]);
    expect(columnsOf(body)[0]).toMatchObject({ format: 'name' });
    expect(columnsOf(body)[1]).toMatchObject({ description: 'How large.' });
  });

  it('has a cell for each column, empty where there is no value', async () => {
    const body = ok(await admin.get(widgets.path, { accept: asTable }));
    const [bare, full] = rowsOf(body).map(({ cells }) => cells.slice(0, 8));
    expect(bare).toEqual(['bare', 1, null, null, null, null, null, null]);
    expect(full).toEqual(['full', 5, 'x', 'a', 81, '3d', true, 0.5]);
    expect(rowsOf(body)[0]!.cells[8]).toMatch(/^\d+[sm]$/);
  });

  it('carries the metadata of each object, unless asked for more or nothing', async () => {
    const partial = rowsOf(ok(await admin.get(widgets.path, { accept: asTable })))[0]!.object;
    expect(partial).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'bare' },
    });
    expect(partial.spec).toBeUndefined();
    const whole = ok(await admin.get(widgets.path, { accept: asTable, query: { includeObject: 'Object' } }));
    expect(rowsOf(whole)[0]!.object).toMatchObject({ kind: 'Widget', spec: { size: 1 } });
    const none = ok(await admin.get(widgets.path, { accept: asTable, query: { includeObject: 'None' } }));
    expect(rowsOf(none)[0]!.object ?? null).toBeNull();
  });

  it('of one object has one row', async () => {
    const body = ok(await admin.get(`${widgets.path}/full`, { accept: asTable }));
    expect(rowsOf(body).map(({ cells }) => cells[0])).toEqual(['full']);
  });

  it('is paged like the list', async () => {
    const body = ok(await admin.get(widgets.path, { accept: asTable, query: { limit: 1 } }));
    expect(rowsOf(body)).toHaveLength(1);
    expect(body.metadata).toMatchObject({ continue: expect.stringMatching(/./), remainingItemCount: 1 });
    const rest = ok(await admin.get(widgets.path, { accept: asTable, query: { continue: body.metadata.continue! } }));
    expect(rowsOf(rest).map(({ cells }) => cells[0])).toEqual(['full']);
  });

  it('shows the age alone when the definition has no columns', async () => {
    const plain = await installWidgets(target);
    await plain.create('a');
    const body = ok(await admin.get(plain.path, { accept: asTable }));
    expect(columnsOf(body).map(({ name }) => name)).toEqual(['Name', 'Age']);
    expect(rowsOf(body)[0]!.cells).toEqual(['a', expect.stringMatching(/^\d+s$/)]);
  });
});

describe('a Table of built-in types', () => {
  it.each([
    ['/api/v1/namespaces', ['Name', 'Status', 'Age']],
    ['/api/v1/namespaces/default/configmaps', ['Name', 'Data', 'Age']],
    ['/api/v1/nodes', ['Name', 'Status', 'Roles', 'Age', 'Version']],
    ['/api/v1/namespaces/default/pods', ['Name', 'Ready', 'Status', 'Restarts', 'Age']],
    ['/apis/apps/v1/namespaces/default/deployments', ['Name', 'Ready', 'Up-to-date', 'Available', 'Age']],
    ['/apis/coordination.k8s.io/v1/namespaces/default/leases', ['Name', 'Holder', 'Age']],
  ])('%s', async (path, names) => {
    const body = ok(await admin.get(path, { accept: asTable }));
    const shown = columnsOf(body).filter(({ priority }) => priority === 0);
    expect(shown.map(({ name }) => name)).toEqual(names);
  });

  it('shows what they are about', async () => {
    const namespace = await createNamespace(target);
    created(
      await admin.post(`/api/v1/namespaces/${namespace}/configmaps`, {
        metadata: { name: 'm' },
        data: { a: '1', b: '2' },
      }),
    );
    const body = ok(await admin.get(`/api/v1/namespaces/${namespace}/configmaps/m`, { accept: asTable }));
    expect(rowsOf(body)[0]!.cells).toEqual(['m', 2, expect.stringMatching(/^\d+s$/)]);
  });
});

describe('PartialObjectMetadata', () => {
  it('of one object has its metadata alone', async () => {
    const whole = ok(await admin.get(`${widgets.path}/full`));
    const body = ok(await admin.get(`${widgets.path}/full`, { accept: asPartial }));
    expect(body).toEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: whole.metadata });
  });

  it('of a list has the metadata of each item', async () => {
    const body = ok(await admin.get(widgets.path, { accept: asPartialList }));
    expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
    expect(body.items.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      ['bare', undefined],
      ['full', undefined],
    ]);
  });

  it('is offered for built-in types too', async () => {
    const body = ok(await admin.get('/api/v1/namespaces/default', { accept: asPartial }));
    expect([body.kind, body.spec]).toEqual(['PartialObjectMetadata', undefined]);
  });
});

describe('an unknown form', () => {
  it('is not acceptable', async () => {
    const accept = 'application/json;as=Poem;v=v1;g=meta.k8s.io';
    expect((await admin.get(widgets.path, { accept })).status).toBe(406);
  });

  it('falls back to plain JSON when that is accepted', async () => {
    const accept = 'application/json;as=Poem;v=v1;g=meta.k8s.io,application/json';
    expect(ok(await admin.get(widgets.path, { accept })).kind).toBe('WidgetList');
  });
});
