import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { builtinTypes } from '../builtins.ts';
import type { JsonObject, KubeObject, ResourceType } from '../types.ts';
import { caught } from './caught.fixture.ts';
import { applyPatch, mergePatch } from './index.ts';

const typeOf = (resource: string): ResourceType => builtinTypes.find((type) => type.resource === resource)!;
const x = {
  name: 'x',
  image: 'i',
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ],
  ports: [{ containerPort: 80 }, { containerPort: 81 }],
  args: ['1', '2'],
};
const y = { name: 'y', image: 'j' };
const volumes = ['v', 'w'].map((name) => ({ name, emptyDir: {} }));
const current: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'd',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '',
    labels: { l: '1' },
    finalizers: ['a.x/1', 'a.x/2'],
  },
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [x, y],
        volumes,
        tolerations: [{ key: 'k', operator: 'Exists' }],
        imagePullSecrets: [{ name: 's1' }, { name: 's2' }],
      },
    },
  },
};

const patched = (patch: unknown): KubeObject =>
  applyPatch({ contentType: 'application/strategic-merge-patch+json', patch, current, type: typeOf('deployments') });
const inPod = (spec: JsonObject): JsonObject => ({ spec: { template: { spec } } });
/** The pod's part of the result. */
const podAfter = (spec: JsonObject): JsonObject =>
  (patched(inPod(spec)).spec as { template: { spec: JsonObject } }).template.spec;
const metadataAfter = (metadata: JsonObject): KubeObject['metadata'] => patched({ metadata }).metadata;

// What a real server answered to the same patches, but for the place of items that no directive orders.
describe('strategic merge patch', () => {
  it('merges containers by name, putting new items last', () => {
    const { containers } = podAfter({
      containers: [
        { name: 'x', image: 'new' },
        { name: 'z', image: 'k' },
      ],
    });
    expect(containers).toEqual([{ ...x, image: 'new' }, y, { name: 'z', image: 'k' }]);
    expect(podAfter({ imagePullSecrets: [{ name: 's3' }] }).imagePullSecrets).toEqual([
      { name: 's1' },
      { name: 's2' },
      { name: 's3' },
    ]);
  });

  it('merges lists inside of list items, and replaces those without a merge key', () => {
    const change = {
      name: 'x',
      env: [
        { name: 'A', $patch: 'delete' },
        { name: 'C', value: '3' },
      ],
      args: ['9'],
      ports: [{ containerPort: 81, name: 'p' }],
    };
    const [first] = podAfter({ containers: [change] }).containers as JsonObject[];
    expect(first).toEqual({
      name: 'x',
      image: 'i',
      env: [
        { name: 'B', value: '2' },
        { name: 'C', value: '3' },
      ],
      args: ['9'],
      ports: [{ containerPort: 80 }, { containerPort: 81, name: 'p' }],
    });
    expect(podAfter({ tolerations: [{ key: 'z' }] }).tolerations).toEqual([{ key: 'z' }]);
  });

  it('deletes and replaces by directive', () => {
    expect(podAfter({ containers: [{ name: 'y', $patch: 'delete' }] }).containers).toEqual([x]);
    expect(podAfter({ containers: [{ $patch: 'replace' }, { name: 'q' }] }).containers).toEqual([{ name: 'q' }]);
    expect(podAfter({ containers: [{ name: 'x', $patch: 'replace', image: 'only' }] }).containers).toEqual([]);
    expect(metadataAfter({ labels: { $patch: 'replace', z: '1' } }).labels).toEqual({ z: '1' });
    expect(metadataAfter({ labels: { $patch: 'delete' } }).labels).toBeUndefined();
  });

  it('deletes what is null', () => {
    expect(metadataAfter({ labels: null }).labels).toBeUndefined();
    expect(metadataAfter({ labels: { l: null, m: '2', n: null } }).labels).toEqual({ m: '2' });
    expect(podAfter({ volumes: null })).not.toHaveProperty('volumes');
    expect(podAfter({ volumes: [] }).volumes).toEqual(volumes);
    expect(podAfter({ securityContext: { runAsUser: 1, a: null, b: { c: null } } }).securityContext).toEqual({
      runAsUser: 1,
      b: {},
    });
  });

  it('keeps only the named keys of a union', () => {
    const v = { name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } };
    expect(podAfter({ volumes: [v] }).volumes).toEqual([{ name: 'v', configMap: { name: 'c' } }, volumes[1]]);
    expect(patched({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }).spec).toHaveProperty(
      'strategy',
      { type: 'Recreate' },
    );
  });

  it('treats finalizers as a set', () => {
    expect(metadataAfter({ finalizers: ['b.x/1'] }).finalizers).toEqual(['a.x/1', 'a.x/2', 'b.x/1']);
    expect(metadataAfter({ '$deleteFromPrimitiveList/finalizers': ['a.x/1'] }).finalizers).toEqual(['a.x/2']);
    const all = {
      '$deleteFromPrimitiveList/finalizers': ['a.x/1'],
      '$setElementOrder/finalizers': ['b.x/1', 'a.x/2'],
      finalizers: ['b.x/1'],
    };
    expect(metadataAfter(all).finalizers).toEqual(['b.x/1', 'a.x/2']);
  });

  it('orders by directive, with items that it does not name last', () => {
    const order = (...names: string[]): JsonObject[] => names.map((name) => ({ name }));
    const z = { name: 'z', image: 'k' };
    expect(podAfter({ '$setElementOrder/containers': order('y', 'x', 'z'), containers: [z] }).containers).toEqual([
      y,
      x,
      z,
    ]);
    expect(podAfter({ '$setElementOrder/volumes': order('w', 'v') }).volumes).toEqual([volumes[1], volumes[0]]);
    expect(
      podAfter({ '$setElementOrder/containers': order('y'), containers: [{ name: 'y', image: 'yy' }] }).containers,
    ).toEqual([{ ...y, image: 'yy' }, x]);
  });

  it.each([
    [inPod({ containers: [{ image: 'nokey' }] }), /does not contain declared merge key: name$/],
    [inPod({ containers: [{ name: 'x', $patch: 'bogus' }] }), /^unknown patch directive: "bogus"$/],
    [{ metadata: { labels: { $patch: 'merge', z: '1' } } }, /^unknown patch directive: "merge"$/],
    [{ metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } }, /^unknown patch directive: /],
    [{ metadata: { '$bogus/finalizers': [] } }, /^unknown patch directive: "\$bogus\/finalizers"$/],
    [[], /it must be an object$/],
    [1, /it must be an object$/],
    [{ $patch: 'delete' }, /may not change apiVersion or kind, nor remove metadata$/],
  ])('refuses %j', (patch, message) => {
    const refusal = caught(() => patched(patch));
    expect([refusal.code, refusal.message]).toEqual([400, expect.stringMatching(message)]);
  });

  it('is for built-in types only', () => {
    const type = { ...typeOf('deployments'), builtIn: false };
    const contentType = 'application/strategic-merge-patch+json';
    const message =
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml';
    expect(caught(() => applyPatch({ contentType, patch: {}, current, type }))).toMatchObject({ code: 415, message });
  });

  it('is a merge patch where there are no lists', () => {
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    const json = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.constant(null),
        fc.dictionary(fc.constantFrom('a', 'b', 'constructor', '__proto__'), tie('node')),
      ),
    })).node;
    const objects = fc.dictionary(fc.constantFrom('a', 'b', 'c'), json) as fc.Arbitrary<JsonObject>;
    fc.assert(
      fc.property(objects, objects, (before, patch) => {
        const data = mergePatch({}, before);
        const object: KubeObject = { ...current, data };
        const input = { current: object, type: typeOf('configmaps') };
        const configMap = { ...object, apiVersion: 'v1', kind: 'ConfigMap' };
        const result = applyPatch({
          ...input,
          current: configMap,
          contentType: 'application/strategic-merge-patch+json',
          patch: { data: patch },
        });
        expect(result).toEqual(
          applyPatch({
            ...input,
            current: configMap,
            contentType: 'application/merge-patch+json',
            patch: { data: patch },
          }),
        );
      }),
    );
  });

  it('answers any patch with a result or a refusal, and changes neither input', () => {
    const key = fc.constantFrom(
      'spec',
      'metadata',
      'template',
      'containers',
      'finalizers',
      'env',
      'name',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '$deleteFromPrimitiveList/finalizers',
      'labels',
    );
    const anything = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('x', 'delete', 'replace', null, 1),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(key, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    const before = JSON.stringify(current);
    fc.assert(
      fc.property(anything, (patch) => {
        const text = JSON.stringify(patch);
        try {
          patched(patch);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
        }
        expect(JSON.stringify(patch)).toBe(text);
        expect(JSON.stringify(current)).toBe(before);
      }),
      { numRuns: 500 },
    );
  });
});
