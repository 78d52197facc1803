import { describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import { openTarget } from './harness/target.ts';
import { crdsPath, installCrd, installWidgets, ok, widgetCrd, widgetSchema } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;
const freshGroup = (): string => `${target.unique('w')}.contract.couchestor.test`;

/** A definition with one version is checked in the form that has one schema for all versions. */
const structural = String.raw`spec\.(?:validation|versions\[0\]\.schema)\.openAPIV3Schema`;

const withSchema = (schema: unknown): Record<string, unknown> => widgetCrd(freshGroup(), { schema });

const ofSpec = (spec: unknown): unknown => ({ type: 'object', properties: { spec } });

describe('a definition', () => {
  it('becomes established with its names accepted', async () => {
    const { crdPath } = await installWidgets(target);
    const { body } = await admin.get(crdPath);
    expect(body.metadata.generation).toBe(1);
    expect(body.status).toMatchObject({
      storedVersions: ['v1'],
      acceptedNames: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
        shortNames: ['wd'],
      },
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: 'NamesAccepted', status: 'True', reason: 'NoConflicts' }),
        expect.objectContaining({ type: 'Established', status: 'True', reason: 'InitialNamesAccepted' }),
      ]),
    });
  });

  it('gets defaults for what it leaves out', async () => {
    const group = freshGroup();
    const crd = widgetCrd(group);
    (crd.spec as { names: unknown }).names = { plural: 'widgets', kind: 'Widget' };
    const body = await installCrd(target, crd);
    expect(body.spec).toMatchObject({
      names: { singular: 'widget', listKind: 'WidgetList' },
      conversion: { strategy: 'None' },
    });
  });

  it('changes what is accepted when its schema changes', async () => {
    const widgets = await installWidgets(target);
    const schema = structuredClone(widgetSchema);
    schema.properties.spec.properties.size.maximum = 500;
    const path = '/spec/versions/0/schema/openAPIV3Schema';
    const body = ok(await admin.patch(widgets.crdPath, 'json', [{ op: 'replace', path, value: schema }]));
    expect(body.metadata.generation).toBe(2);
    const big = widgets.object('big', { size: 400 });
    await eventually(async () => (await admin.post(widgets.path, big)).status === 201, 'the wider bound');
  });

  it('takes its objects along when it is deleted', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('one');
    const watch = await admin.watch(widgets.path);
    expect(await watch.take(1)).toEqual(['ADDED one']);
    expect((await admin.delete(widgets.crdPath)).status).toBe(200);
    expect(await watch.take(1)).toEqual(['DELETED one']);
    watch.close();
    await eventually(async () => (await admin.get(widgets.path)).status === 404, 'the path to be gone');
    await eventually(async () => (await admin.get(widgets.crdPath)).status === 404, 'the definition to be gone');
  });

  it('that comes back starts empty', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('one');
    await admin.delete(widgets.crdPath);
    await eventually(async () => (await admin.get(widgets.crdPath)).status === 404, 'the definition to be gone');
    await installCrd(target, widgetCrd(widgets.group));
    expect((await admin.get(widgets.path)).body.items).toEqual([]);
  });

  it('has a scope that decides its paths', async () => {
    const { group } = await installWidgets(target, { scope: 'Cluster' });
    const object = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one' }, spec: { size: 1 } };
    expect((await admin.post(`/apis/${group}/v1/widgets`, object)).status).toBe(201);
    const namespaced = await admin.get(`/apis/${group}/v1/namespaces/default/widgets`);
    expect(namespaced.status).toBe(404);
  });
});

describe('several versions', () => {
  const group = freshGroup();
  const versioned = widgetCrd(group);
  const spec = versioned.spec as { versions: Record<string, unknown>[] };
  const first = spec.versions[0]!;
  spec.versions = [
    { ...first, name: 'v1', storage: true },
    { ...first, name: 'v2', storage: false },
    { ...first, name: 'v3', storage: false, served: false },
  ];
  const path = (version: string): string => `/apis/${group}/${version}/namespaces/default/widgets`;
  let installed: Promise<Body> | undefined;
  const install = (): Promise<Body> => (installed ??= installCrd(target, versioned));
  const object = (version: string, name: string): unknown => ({
    apiVersion: `${group}/${version}`,
    kind: 'Widget',
    metadata: { name },
    spec: { size: 1 },
  });

  it('show one object, each under its own apiVersion', async () => {
    await install();
    await admin.post(path('v1'), object('v1', 'shared'));
    const read = ok(await admin.get(`${path('v2')}/shared`));
    expect(read.apiVersion).toBe(`${group}/v2`);
    const first = ok(await admin.get(`${path('v1')}/shared`));
    expect([first.apiVersion, first.metadata.uid]).toEqual([`${group}/v1`, read.metadata.uid]);
  });

  it('hear of one another through watches', async () => {
    await install();
    const { metadata } = (await admin.get(path('v1'))).body;
    const watch = await admin.watch(path('v1'), { resourceVersion: metadata.resourceVersion });
    await admin.post(path('v2'), object('v2', 'from-v2'));
    const event = await watch.next();
    watch.close();
    expect(event).toMatchObject({
      type: 'ADDED',
      object: { apiVersion: `${group}/v1`, metadata: { name: 'from-v2' } },
    });
  });

  it('are refused when they are not served', async () => {
    await install();
    expect((await admin.get(path('v3'))).status).toBe(404);
  });

  it('are preferred by stability and number', async () => {
    await install();
    expect((await admin.get(`/apis/${group}`)).body).toMatchObject({ preferredVersion: { version: 'v2' } });
  });

  it('must match the apiVersion of what is sent', async () => {
    await install();
    const { status, body } = await admin.post(path('v2'), object('v1', 'other'));
    expect([status, body.reason]).toEqual([400, 'BadRequest']);
    expect(body.message).toMatch(
      /the API version in the data \(.*\/v1\) does not match the expected API version \(.*\/v2\)/,
    );
  });
});

describe('a definition is refused', () => {
  const wrong: [why: string, crd: () => Record<string, unknown>, message: RegExp][] = [
    [
      'when its name does not follow from its group',
      () => ({ ...widgetCrd(freshGroup()), metadata: { name: 'widgets.other' } }),
      /metadata\.name: Invalid value: "widgets\.other": must be spec\.names\.plural\+"\."\+spec\.group/,
    ],
    [
      'without a schema',
      () => {
        const crd = widgetCrd(freshGroup());
        delete (crd.spec as { versions: Record<string, unknown>[] }).versions[0]!.schema;
        return crd;
      },
      /spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value: schemas are required/,
    ],
    [
      'with no storage version',
      () => {
        const crd = widgetCrd(freshGroup());
        (crd.spec as { versions: Record<string, unknown>[] }).versions[0]!.storage = false;
        return crd;
      },
      /spec\.versions: Invalid value: .*must have exactly one version marked as storage version/,
    ],
    [
      'when a property has no type',
      () => withSchema(ofSpec({ description: 'no type' })),
      new RegExp(
        `${structural}\\.properties\\[spec\\]\\.type: Required value: must not be empty for specified object fields`,
      ),
    ],
    [
      'when the root is not an object',
      () => withSchema({ type: 'string' }),
      new RegExp(`${structural}\\.type: Invalid value: "string": must be object at the root`),
    ],
    [
      'when a default does not fit its type',
      () => withSchema(ofSpec({ type: 'object', properties: { size: { type: 'integer', default: 'big' } } })),
      /properties\[spec\]\.properties\[size\]\.default: Invalid value: "string": .*must be of type integer: "string"/,
    ],
    [
      'with an unknown scope',
      () => {
        const crd = widgetCrd(freshGroup());
        (crd.spec as Record<string, unknown>).scope = 'Galactic';
        return crd;
      },
      /spec\.scope: Unsupported value: "Galactic": supported values: "Cluster", "Namespaced"/,
    ],
  ];

  it.each(wrong)('%s', async (_why, crd, message) => {
    const { status, body } = await admin.post(crdsPath, crd());
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(body.message).toMatch(/^CustomResourceDefinition\.apiextensions\.k8s\.io "widgets\..*" is invalid: /);
    expect(body.message).toMatch(message);
  });
});
