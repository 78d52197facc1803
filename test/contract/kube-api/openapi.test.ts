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

const builtIn = [
  { name: 'io.k8s.api.core.v1.ConfigMap', group: '', version: 'v1', kind: 'ConfigMap' },
  { name: 'io.k8s.api.core.v1.Pod', group: '', version: 'v1', kind: 'Pod' },
  { name: 'io.k8s.api.apps.v1.Deployment', group: 'apps', version: 'v1', kind: 'Deployment' },
  { name: 'io.k8s.api.coordination.v1.Lease', group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
  { name: 'io.k8s.api.rbac.v1.ClusterRole', group: 'rbac.authorization.k8s.io', version: 'v1', kind: 'ClusterRole' },
  { name: 'io.k8s.api.storage.v1.StorageClass', group: 'storage.k8s.io', version: 'v1', kind: 'StorageClass' },
];

describe('OpenAPI v2', () => {
  it.each(builtIn)('defines $name', async ({ name, group, version, kind }) => {
    const definition = (await v2()).definitions[name];
    expect(definition).toMatchObject({ type: 'object' });
    expect(definition!['x-kubernetes-group-version-kind']).toContainEqual({ group, version, kind });
    expect(Object.keys(definition!.properties!)).toEqual(expect.arrayContaining(['apiVersion', 'kind', 'metadata']));
  });

  it('is Swagger 2.0 and says how lists of built-in types merge', async () => {
    const { swagger, definitions } = await v2();
    expect(swagger).toBe('2.0');
    expect(definitions['io.k8s.api.core.v1.PodSpec']!.properties!.containers).toMatchObject({
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
    expect(text.includes('io.k8s.api.core.v1.ConfigMap')).toBe(true);
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
    expect(schemas['io.k8s.api.apps.v1.Deployment']!['x-kubernetes-group-version-kind']).toContainEqual({
      group: 'apps',
      version: 'v1',
      kind: 'Deployment',
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
    const widget = Object.values(schemas).find((schema) =>
      schema['x-kubernetes-group-version-kind']?.some(({ kind }) => kind === 'Widget'),
    );
    expect(widget!.properties!.spec!.properties!.size).toMatchObject({
      type: 'integer',
      minimum: 0,
      maximum: 100,
    });
  });
});
