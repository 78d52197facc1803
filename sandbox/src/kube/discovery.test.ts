import { describe, expect, it } from '@jest/globals';
import { builtinTypes } from './builtins.ts';
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  compareVersions,
} from './discovery.ts';
import type { ResourceType } from './types.ts';

const deployment = builtinTypes.find((type) => type.kind === 'Deployment')!;
const custom = (version: string): ResourceType => ({
  ...deployment,
  group: 'test.io',
  version,
  kind: 'Thing',
  resource: 'things',
  singular: 'thing',
  shortNames: [],
  categories: ['stuff'],
  namespaced: false,
  storageVersion: 'v1',
  subresources: { status: true },
  builtIn: false,
});
const types = [...builtinTypes, custom('v1beta1'), custom('v1')];

describe('discovery', () => {
  it('lists the core group apart from the others', () => {
    expect(apiVersions().versions).toEqual(['v1']);
    const { groups } = apiGroupList(types) as { groups: { name: string }[] };
    expect(groups.map((group) => group.name)).toContain('apps');
    expect(groups.map((group) => group.name)).not.toContain('');
    expect(apiGroup(types, '')).toBeUndefined();
    expect(apiGroup(types, 'nope')).toBeUndefined();
  });

  it('prefers the most stable version of a group', () => {
    expect(apiGroup(types, 'test.io')).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'test.io',
      versions: [
        { groupVersion: 'test.io/v1', version: 'v1' },
        { groupVersion: 'test.io/v1beta1', version: 'v1beta1' },
      ],
      preferredVersion: { groupVersion: 'test.io/v1', version: 'v1' },
    });
    expect(['foo1', 'v1beta1', 'v10', 'v1alpha2', 'v2', 'v1', 'v1beta2', 'bar'].toSorted(compareVersions)).toEqual([
      'v10',
      'v2',
      'v1',
      'v1beta2',
      'v1beta1',
      'v1alpha2',
      'bar',
      'foo1',
    ]);
  });

  it('lists resources and their subresources as a real server does', () => {
    expect(apiResourceList(types, 'apps', 'v1')?.resources).toEqual(
      expect.arrayContaining([
        {
          name: 'deployments',
          singularName: 'deployment',
          namespaced: true,
          kind: 'Deployment',
          verbs: deployment.verbs,
          shortNames: ['deploy'],
          categories: ['all'],
        },
        {
          name: 'deployments/status',
          singularName: '',
          namespaced: true,
          group: 'apps',
          version: 'v1',
          kind: 'Deployment',
          verbs: ['get', 'patch', 'update'],
        },
      ]),
    );
    const core = apiResourceList(types, '', 'v1') as { groupVersion: string; resources: { name: string }[] };
    expect(core.groupVersion).toBe('v1');
    expect(core.resources.map(({ name }) => name)).toContain('serviceaccounts/token');
    expect(apiResourceList(types, 'apps', 'v2')).toBeUndefined();
  });

  it('says the same in the aggregated form', () => {
    const apis = aggregatedDiscovery(types, 'apis') as { items: { metadata: { name: string }; versions: unknown[] }[] };
    const group = apis.items.find((item) => item.metadata.name === 'test.io');
    expect(group?.versions).toEqual(
      ['v1', 'v1beta1'].map((version) => ({
        version,
        freshness: 'Current',
        resources: [
          {
            resource: 'things',
            responseKind: { group: 'test.io', version, kind: 'Thing' },
            scope: 'Cluster',
            singularResource: 'thing',
            verbs: deployment.verbs,
            categories: ['stuff'],
            subresources: [
              {
                subresource: 'status',
                responseKind: { group: 'test.io', version, kind: 'Thing' },
                verbs: ['get', 'patch', 'update'],
              },
            ],
          },
        ],
      })),
    );
    const api = aggregatedDiscovery(types, 'api') as { items: { versions: { version: string }[] }[] };
    expect(api.items).toHaveLength(1);
    expect(api.items[0]?.versions.map(({ version }) => version)).toEqual(['v1']);
  });
});
