import { describe, expect, it } from '@jest/globals';
import { openTarget } from './harness/target.ts';
import { installWidgets } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;

interface Schema {
  type?: string;
  description?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  $ref?: string;
  allOf?: Schema[];
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  [extension: string]: unknown;
}

interface Swagger {
  swagger: string;
  info: { title: string; version: string };
  definitions: Record<string, Schema>;
  paths: Record<string, Record<string, { parameters?: { name: string }[]; 'x-kubernetes-action'?: string }>>;
}

const v2 = async (): Promise<Swagger> => JSON.parse((await admin.get('/openapi/v2')).text) as Swagger;

/** Clients find a type by its group, version and kind; the names of definitions are the server's own affair. */
const definitionOf = (
  schemas: Record<string, Schema>,
  wanted: { group: string; version: string; kind: string },
): Schema => {
  const found = Object.values(schemas).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some(
      ({ group, version, kind }) => group === wanted.group && version === wanted.version && kind === wanted.kind,
    ),
  );
  if (found === undefined) throw new Error(`no definition of ${wanted.kind}`);
  return found;
};

const refOf = (schema: Schema): string | undefined => schema.$ref ?? schema.allOf?.[0]?.$ref;

/** The schema of one property, behind its reference. */
const follow = (schemas: Record<string, Schema>, schema: Schema, property: string): Schema => {
  const inner = schema.properties![property]!;
  const name = refOf(inner)?.split('/').at(-1);
  return name === undefined ? inner : schemas[name]!;
};

const builtIn = [
  { group: '', version: 'v1', kind: 'ConfigMap' },
  { group: '', version: 'v1', kind: 'Pod' },
  { group: 'apps', version: 'v1', kind: 'Deployment' },
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
  { group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole' },
  { group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass' },
];

describe('OpenAPI v2', () => {
  it.each(builtIn)('defines $kind', async (wanted) => {
    const definition = definitionOf((await v2()).definitions, wanted);
    expect(definition.type).toBe('object');
    expect(Object.keys(definition.properties!)).toEqual(expect.arrayContaining(['apiVersion', 'kind', 'metadata']));
  });

  it('is Swagger 2.0 and says how lists of built-in types merge', async () => {
    const { swagger, definitions } = await v2();
    expect(swagger).toBe('2.0');
    const pod = definitionOf(definitions, { group: '', version: 'v1', kind: 'Pod' });
    expect(follow(definitions, pod, 'spec').properties!.containers).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });

  it('has an action and the dryRun parameter at the path of a resource', async () => {
    const path = (await v2()).paths['/api/v1/namespaces/{namespace}/configmaps/{name}'];
    expect(path!.patch!['x-kubernetes-action']).toBe('patch');
    expect(path!.patch!.parameters!.map(({ name }) => name)).toContain('dryRun');
  });

  it('is served as protobuf to clients that ask for it', async () => {
    const type = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { status, headers, text } = await admin.get('/openapi/v2', { accept: type });
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(
      /^application\/(octet-stream|com\.github\.proto-openapi\.spec\.v2.*protobuf)$/,
    );
    expect(text.includes('ConfigMap holds configuration data for pods to consume.')).toBe(true);
  });

  it('describes custom resources with the descriptions of their schema', async () => {
    const { group } = await installWidgets(target);
    const name = `${group.split('.').reverse().join('.')}.v1.Widget`;
    await eventually(async () => name in (await v2()).definitions, name);
    const definition = (await v2()).definitions[name]!;
    expect(definition.properties!.spec).toMatchObject({
      required: ['size'],
      properties: { size: { type: 'integer', description: 'How large the widget is.' } },
    });
    expect(definition['x-kubernetes-group-version-kind']).toEqual([{ group, version: 'v1', kind: 'Widget' }]);
  });
});

describe('OpenAPI v3', () => {
  const ready = target.when('openApiV3');

  ready('has an index of one document for each group and version', async () => {
    const { body } = await admin.get('/openapi/v3');
    const paths = body.paths as Record<string, { serverRelativeURL: string }>;
    for (const key of ['api/v1', 'apis/apps/v1', 'apis/apiextensions.k8s.io/v1']) {
      expect(paths[key]!.serverRelativeURL).toMatch(new RegExp(`^/openapi/v3/${key}\\?hash=`));
    }
  });

  ready('serves the document of a group at its URL', async () => {
    const index = (await admin.get('/openapi/v3')).body.paths as Record<string, { serverRelativeURL: string }>;
    const { body } = await admin.get(index['apis/apps/v1']!.serverRelativeURL);
    expect(body.openapi).toBe('3.0.0');
    const { schemas } = body.components as { schemas: Record<string, Schema> };
    const deployment = definitionOf(schemas, { group: 'apps', version: 'v1', kind: 'Deployment' });
    expect(follow(schemas, deployment, 'spec').properties!.replicas).toMatchObject({
      type: 'integer',
      format: 'int32',
    });
  });

  ready('tells clients that the server validates fields', async () => {
    const paths = (await admin.get('/openapi/v3/api/v1')).body.paths as Swagger['paths'];
    const patch = paths['/api/v1/namespaces/{namespace}/configmaps/{name}']!.patch!;
    expect(patch.parameters!.map(({ name }) => name)).toEqual(expect.arrayContaining(['fieldValidation', 'dryRun']));
  });

  ready('describes custom resources', async () => {
    const { group } = await installWidgets(target);
    const path = `/openapi/v3/apis/${group}/v1`;
    await eventually(async () => (await admin.get(path)).status === 200, path);
    const { schemas } = (await admin.get(path)).body.components as { schemas: Record<string, Schema> };
    const widget = definitionOf(schemas, { group, version: 'v1', kind: 'Widget' });
    expect(widget.properties!.spec!.properties!.size).toMatchObject({
      type: 'integer',
      minimum: 0,
      maximum: 100,
    });
  });
});
