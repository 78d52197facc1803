import { describe, expect, it } from '@jest/globals';
import { builtinTypes } from '../builtins.ts';
import type { Schema } from '../schema/model.ts';
import type { JsonObject } from '../types.ts';
import { builtinSchema } from './builtin-schemas.ts';

const pod = (spec: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec });

describe('built-in schemas', () => {
  it('exist for every built-in kind and are made once', () => {
    for (const { kind, group } of builtinTypes) {
      expect(builtinSchema(kind, group)).toBe(builtinSchema(kind, group));
      expect(builtinSchema(kind, group).openapi).toMatchObject({ type: 'object', properties: { metadata: {} } });
    }
    expect(builtinSchema('Event', 'events.k8s.io')).not.toBe(builtinSchema('Event'));
  });

  it('prune, default and validate', () => {
    const schema = builtinSchema('Pod');
    const given = pod({
      zz: 1,
      volumes: null,
      containers: [{ name: 'a', ports: [{ containerPort: 80 }, { containerPort: 'x' }], env: [{ value: 'v' }], zz: 1 }],
    });
    expect(schema.prune(given)).toEqual(['spec.zz', 'spec.containers[0].zz']);
    schema.applyDefaults(given);
    expect(given.spec).toEqual({
      containers: [
        {
          name: 'a',
          ports: [
            { containerPort: 80, protocol: 'TCP' },
            { containerPort: 'x', protocol: 'TCP' },
          ],
          env: [{ value: 'v' }],
        },
      ],
    });
    expect(
      schema
        .validate(given)
        .map(({ field, reason }) => [field, reason])
        .toSorted(),
    ).toEqual([
      ['spec.containers[0].env[0].name', 'FieldValueRequired'],
      ['spec.containers[0].ports[1].containerPort', 'FieldValueTypeInvalid'],
    ]);
  });

  it('store quantities as text and take integers or text where both are allowed', () => {
    const schema = builtinSchema('PersistentVolume');
    const volume = { metadata: {}, spec: { capacity: { storage: 1024 } } };
    schema.applyDefaults(volume);
    expect(volume.spec.capacity.storage).toBe('1024');
    const budget = (minAvailable: unknown): JsonObject => ({ spec: { minAvailable } });
    expect(builtinSchema('PodDisruptionBudget').validate(budget('50%'))).toEqual([]);
    expect(builtinSchema('PodDisruptionBudget').validate(budget(1))).toEqual([]);
    expect(builtinSchema('PodDisruptionBudget').validate(budget(true))).toHaveLength(1);
  });

  it('do not insist on a complete status', () => {
    expect(builtinSchema('DaemonSet').validate({ metadata: { name: 'a' }, status: {} })).toEqual([]);
  });
});

/** The schema at a path that names fields alone, without indexes. */
function schemaAt(kind: string, path: string): Schema | undefined {
  const step = (schema: Schema | undefined, name: string): Schema | undefined =>
    (schema?.items ?? schema)?.properties?.[name];
  return path.split('.').reduce<Schema | undefined>(step, builtinSchema(kind).openapi);
}

it.each<[string, string, string | undefined, string | undefined]>([
  ['Pod', 'spec.containers', 'map', 'name'],
  ['Deployment', 'spec.template.spec.containers.ports', 'map', 'containerPort'],
  ['Pod', 'spec.tolerations', 'atomic', undefined],
  ['ConfigMap', 'metadata.finalizers', 'set', undefined],
  ['ConfigMap', 'metadata.ownerReferences', 'map', 'uid'],
  ['Node', 'status.conditions', 'map', 'type'],
  ['Node', 'spec.taints', 'atomic', undefined],
  ['Node', 'spec.podCIDRs', 'set', undefined],
  ['Service', 'spec.ports', 'map', 'port'],
  ['ServiceAccount', 'secrets', 'map', 'name'],
  ['ClusterRoleBinding', 'subjects', 'atomic', undefined],
  ['ClusterRole', 'rules', 'atomic', undefined],
  ['Pod', 'spec', undefined, undefined],
])('%s has %s, a list of type %s merged by %s', (kind, path, listType, mergeKey) => {
  expect(schemaAt(kind, path)?.['x-kubernetes-list-type']).toBe(listType);
  expect({ 'x-kubernetes-patch-merge-key': undefined, ...schemaAt(kind, path) }).toMatchObject({
    'x-kubernetes-patch-merge-key': mergeKey,
  });
});
