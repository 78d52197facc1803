import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { builtinTypes } from '../builtins.ts';
import { compileSchema } from '../schema/index.ts';
import type { JsonObject, ResourceType } from '../types.ts';
import { openApiV2, openApiV2Protobuf, openApiV3, openApiV3Index } from './index.ts';

const custom: ResourceType = {
  ...builtinTypes.find((type) => type.kind === 'Lease')!,
  group: 'test.couchestor.io',
  version: 'v1',
  kind: 'Probe',
  resource: 'probes',
  namespaced: false,
  builtIn: false,
  schema: compileSchema({
    type: 'object',
    description: 'A probe.',
    properties: {
      spec: {
        type: 'object',
        required: ['a'],
        properties: {
          a: { type: 'string', minLength: 1, enum: ['x', 'y'], default: 'x' },
          n: { type: 'integer', nullable: true, minimum: 1 },
          p: { 'x-kubernetes-int-or-string': true },
          l: { type: 'array', items: { type: 'object', additionalProperties: { type: 'boolean' } } },
        },
      },
    },
  }),
};
const types = [...builtinTypes, custom];
const NAME = 'io.couchestor.test.v1.Probe';

const definitionsIn = (document: JsonObject): Record<string, JsonObject> =>
  (document.definitions ?? (document.components as JsonObject).schemas) as Record<string, JsonObject>;
const refsIn = (document: JsonObject): string[] =>
  [...JSON.stringify(document).matchAll(/"\$ref":"#\/(?:definitions|components\/schemas)\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );

describe('OpenAPI v3', () => {
  it('has a document for each group and version, under an address that changes with it', () => {
    const { paths } = openApiV3Index(types) as { paths: Record<string, { serverRelativeURL: string }> };
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['api/v1', 'apis/apps/v1', 'apis/test.couchestor.io/v1']),
    );
    expect(paths['api/v1']?.serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/);
    expect(openApiV3Index([...types])).toEqual({ paths });
    expect(openApiV3(types, 'nope', 'v1')).toBeUndefined();
  });

  it('refers only to what it defines', () => {
    for (const { group, version } of types) {
      const document = openApiV3(types, group, version)!;
      const defined = Object.keys(definitionsIn(document));
      expect([...new Set(refsIn(document))].filter((name) => !defined.includes(name))).toEqual([]);
    }
  });

  it('publishes a custom resource whole, and says that the server validates patches', () => {
    const document = openApiV3(types, custom.group, custom.version)!;
    expect(definitionsIn(document)[NAME]).toMatchObject({
      description: 'A probe.',
      properties: {
        apiVersion: { type: 'string' },
        metadata: { allOf: [{ $ref: '#/components/schemas/io.k8s.v1.ObjectMeta' }] },
        spec: { required: ['a'], properties: { a: { default: 'x', enum: ['x', 'y'] }, n: { nullable: true } } },
      },
      'x-kubernetes-group-version-kind': [{ group: 'test.couchestor.io', version: 'v1', kind: 'Probe' }],
    });
    const { paths } = document as { paths: Record<string, Record<string, { parameters: { name: string }[] }>> };
    const patch = paths['/apis/test.couchestor.io/v1/probes/{name}']?.patch;
    expect(patch).toMatchObject({
      'x-kubernetes-group-version-kind': { group: 'test.couchestor.io', version: 'v1', kind: 'Probe' },
    });
    expect(patch?.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['fieldValidation', 'dryRun']));
  });

  it('tells merge keys and required fields of built-in kinds', () => {
    const definitions = definitionsIn(openApiV3(types, '', 'v1')!);
    expect(definitions['io.k8s.v1.PodSpec']).toMatchObject({
      required: ['containers'],
      properties: {
        containers: {
          type: 'array',
          items: { allOf: [{ $ref: '#/components/schemas/io.k8s.v1.Container' }] },
          'x-kubernetes-list-map-keys': ['name'],
          'x-kubernetes-patch-merge-key': 'name',
        },
      },
    });
  });
});

describe('OpenAPI v2', () => {
  const document = openApiV2(types);

  it('is one document for all, whole in itself', () => {
    const defined = Object.keys(definitionsIn(document));
    expect([...new Set(refsIn(document))].filter((name) => !defined.includes(name))).toEqual([]);
  });

  it('leaves open what it cannot say', () => {
    const { spec } = definitionsIn(document)[NAME]!.properties as Record<string, { properties: JsonObject }>;
    expect(spec?.properties).toEqual({
      a: { type: 'string', minLength: 1, enum: ['x', 'y'] },
      n: { minimum: 1 },
      p: { 'x-kubernetes-int-or-string': true },
      l: { type: 'array', items: { type: 'object', additionalProperties: { type: 'boolean' } } },
    });
  });

  it('is readable as protobuf by the field numbers of gnostic', () => {
    // Numbers of OpenAPIv2.proto: Document.definitions 9, Definitions 1, NamedSchema 1 and 2, Schema.description 4,
    // .required 19, .properties 25, .vendor_extension 31, NamedAny 1 and 2, Any.yaml 2.
    const { root } = protobuf.parse(`
      syntax = "proto3";
      message D { string swagger = 1; Defs definitions = 9; }
      message Defs { repeated Named e = 1; }
      message Named { string name = 1; S value = 2; }
      message S {
        string ref = 1; string description = 4; repeated string required = 19;
        repeated Any enum = 20; Extra additional = 21; T type = 22; I items = 23; Defs properties = 25; repeated Ext ext = 31;
      }
      message Extra { S schema = 1; bool boolean = 2; }
      message T { repeated string value = 1; }
      message I { repeated S schema = 1; }
      message Any { string yaml = 2; }
      message Ext { string name = 1; Any value = 2; }
    `);
    const bytes = openApiV2Protobuf(document);
    const type = root.lookupType('D');
    const read = type.toObject(type.decode(bytes), { longs: Number }) as {
      swagger: string;
      definitions: { e: { name: string; value: JsonObject }[] };
    };
    expect(read.swagger).toBe('2.0');
    expect(read.definitions.e.map(({ name }) => name)).toEqual(Object.keys(definitionsIn(document)));
    const probe = read.definitions.e.find(({ name }) => name === NAME)!.value as {
      properties: { e: { name: string; value: JsonObject }[] };
    };
    const spec = probe.properties.e.find(({ name }) => name === 'spec')!.value;
    expect(spec).toEqual({
      type: { value: ['object'] },
      required: ['a'],
      properties: {
        e: [
          {
            name: 'a',
            value: { type: { value: ['string'] }, enum: [{ yaml: '"x"\n' }, { yaml: '"y"\n' }] },
          },
          { name: 'n', value: {} },
          { name: 'p', value: { ext: [{ name: 'x-kubernetes-int-or-string', value: { yaml: 'true\n' } }] } },
          {
            name: 'l',
            value: {
              type: { value: ['array'] },
              items: {
                schema: [{ type: { value: ['object'] }, additional: { schema: { type: { value: ['boolean'] } } } }],
              },
            },
          },
        ],
      },
    });
  });
});
