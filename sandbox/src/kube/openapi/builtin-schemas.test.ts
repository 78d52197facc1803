import { describe, expect, it } from '@jest/globals';
import { builtinTypes } from '../builtins.ts';
import type { JsonObject } from '../types.ts';
import { builtinSchema, patchStrategyOf } from './builtin-schemas.ts';

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

it.each<[string, string, unknown]>([
  ['Pod', 'spec.containers', { mergeKey: 'name', strategy: 'merge' }],
  ['Deployment', 'spec.template.spec.containers.ports', { mergeKey: 'containerPort', strategy: 'merge' }],
  ['Pod', 'spec.tolerations', { strategy: 'replace' }],
  ['ConfigMap', 'metadata.finalizers', { strategy: 'set' }],
  ['ConfigMap', 'metadata.ownerReferences', { mergeKey: 'uid', strategy: 'merge' }],
  ['Node', 'status.conditions', { mergeKey: 'type', strategy: 'merge' }],
  ['Node', 'spec.taints', { strategy: 'replace' }],
  ['Node', 'spec.podCIDRs', { strategy: 'set' }],
  ['Service', 'spec.ports', { mergeKey: 'port', strategy: 'merge' }],
  ['ServiceAccount', 'secrets', { mergeKey: 'name', strategy: 'merge' }],
  ['ClusterRoleBinding', 'subjects', { strategy: 'replace' }],
  ['ClusterRole', 'rules', { strategy: 'replace' }],
  ['Pod', 'spec', undefined],
  ['Pod', 'spec.nope.deeper', undefined],
  ['ConfigMap', 'data.a', undefined],
])('%s merges %s by %j', (kind, path, expected) => {
  expect(patchStrategyOf(kind, path.split('.'))).toEqual(expected);
});
