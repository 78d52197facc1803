import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { JsonObject } from '../types.ts';
import { caught } from './caught.fixture.ts';
import { deployments, OneObject, sorted } from './one-object.fixture.ts';

interface Step {
  verb: 'apply' | 'apply-status' | 'create' | 'merge' | 'json';
  manager: string;
  body: JsonObject;
  force?: boolean;
  expect:
    | { code: number; message: string; fields?: string[] }
    | { unchanged?: true; owners: Record<string, string>; spec: unknown };
}

function perform(object: OneObject, { verb, manager, body, force = false }: Step): boolean {
  switch (verb) {
    case 'apply':
      return object.apply(manager, body, { force });
    case 'apply-status':
      return object.apply(manager, body, { force, subresource: 'status' });
    case 'create':
      return object.create(manager, body);
    default:
      return object.patch(manager, `application/${verb === 'merge' ? 'merge' : 'json'}-patch+json`, body);
  }
}

/** Several conflicts of one manager are told in any order. */
const lines = (message: string): string[] => message.split('\n').sort();

describe('server-side apply, as recorded from a real server', () => {
  const scenarios = JSON.parse(readFileSync(new URL('recorded-applies.json', import.meta.url), 'utf8')) as {
    name: string;
    steps: Step[];
  }[];

  it.each(scenarios)('$name', ({ steps }) => {
    const object = new OneObject();
    for (const step of steps) {
      if ('code' in step.expect) {
        const { code, message, fields } = step.expect;
        const error = caught(() => perform(object, step));
        expect([error.code, lines(error.message), error.details?.causes?.map(({ field }) => field).sort()]).toEqual([
          code,
          lines(message),
          fields?.toSorted(),
        ]);
        continue;
      }
      const before = object.current;
      const changed = perform(object, step);
      const { unchanged = false, owners, ...parts } = step.expect;
      const { metadata, spec, status } = object.current!;
      const { labels, annotations, finalizers } = metadata;
      expect(sorted({ labels, annotations, finalizers, spec, status })).toEqual(sorted(parts));
      expect(object.owners).toEqual(
        Object.fromEntries(
          Object.entries(owners).map(([owner, fields]) => [owner, JSON.stringify(sorted(JSON.parse(fields)))]),
        ),
      );
      if (before !== undefined) expect(changed).toBe(!unchanged);
    }
  });
});

describe('server-side apply of lists', () => {
  it.each([
    ['ports', [{ port: 1 }, { port: 1, protocol: 'TCP' }]],
    ['ports', [{ protocol: 'TCP' }]],
    ['set', ['x', 'x']],
  ])('refuses %s whose items cannot be told apart: %j', (field, list) => {
    expect(caught(() => new OneObject().apply('a', { spec: { [field]: list } }))).toMatchObject({
      code: 400,
      message: `.spec.${field}: an item without its keys, or two with the same`,
    });
  });
});

describe('server-side apply of built-in types', () => {
  const container = (name: string, rest: JsonObject = {}): JsonObject => ({ name, image: 'i', ...rest });
  const deployment = (containers: JsonObject[], rest: JsonObject = {}): JsonObject => ({
    spec: { ...rest, template: { spec: { containers } } },
  });

  it('merges containers and their ports by key', () => {
    const object = new OneObject(deployments);
    object.apply('a', deployment([container('x', { ports: [{ containerPort: 80 }] })], { replicas: 1 }));
    object.apply('b', deployment([container('y'), { name: 'x', ports: [{ containerPort: 81, protocol: 'UDP' }] }]));
    object.apply('a', deployment([{ name: 'x', image: 'j' }]));
    expect(object.current?.spec).toMatchObject({
      template: {
        spec: {
          containers: [
            { name: 'x', image: 'j', ports: [{ containerPort: 81, protocol: 'UDP' }] },
            { name: 'y', image: 'i' },
          ],
        },
      },
    });
  });

  it('tracks an update without owning the structures of the type', () => {
    const object = new OneObject(deployments);
    object.create('kubectl', deployment([container('x')], { replicas: 1 }));
    object.patch('scaler', 'application/merge-patch+json', { spec: { replicas: 3 } });
    expect(object.owners['scaler Update']).toBe('{"f:spec":{"f:replicas":{}}}');
    expect(JSON.parse(object.owners['kubectl Update']!)).toMatchObject({
      'f:spec': {
        'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {}, 'f:name': {} } } } },
      },
    });
    expect(JSON.parse(object.owners['kubectl Update']!)).not.toHaveProperty(['f:spec', '.']);
  });

  it('names the manager, the version and the subresource in a conflict', () => {
    const object = new OneObject(deployments);
    object.create('kubectl', deployment([container('x')], { replicas: 1 }));
    const error = caught(() => object.apply('ci', { spec: { replicas: 2 } }));
    expect(error.message).toBe('Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas');
    object.apply('hpa', { status: { replicas: 1 } }, { subresource: 'status' });
    const inStatus = caught(() => object.apply('x', { status: { replicas: 2 } }, { subresource: 'status' }));
    expect(inStatus.message).toBe(
      'Apply failed with 1 conflict: conflict with "hpa" with subresource "status": .status.replicas',
    );
  });
});

describe('managedFields a client writes', () => {
  it('replace what is recorded, unless they are malformed', () => {
    const object = new OneObject();
    object.apply('a', { spec: { replicas: 1 } });
    const entry = {
      manager: 'm',
      operation: 'Apply',
      apiVersion: 'example.com/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    };
    object.patch('u', 'application/merge-patch+json', { metadata: { managedFields: [entry] } });
    expect(object.owners).toEqual({ 'm Apply': '{"f:spec":{"f:replicas":{}}}' });
    for (const malformed of [
      { ...entry, operation: 'Steal' },
      { ...entry, fieldsV1: { spec: {} } },
      { ...entry, fieldsV1: { 'f:spec': 1 } },
      { ...entry, fieldsV1: [] },
    ]) {
      object.patch('u', 'application/merge-patch+json', { metadata: { managedFields: [malformed] } });
      expect(object.owners).toEqual({ 'm Apply': '{"f:spec":{"f:replicas":{}}}' });
    }
  });
});
