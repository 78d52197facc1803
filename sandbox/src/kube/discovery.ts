/**
 * The discovery documents: which groups, versions and resources a server has, in the plain form of every Kubernetes
 * release and in the aggregated form that current clients ask for first.
 */
import { createHash } from 'node:crypto';
import { apiVersionOf, type JsonObject, type ResourceType } from './types.ts';

interface Subresource {
  name: string;
  group: string;
  version: string;
  kind: string;
  verbs: readonly string[];
}

const STATUS_VERBS = ['get', 'patch', 'update'];
const KUBE_VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** `/api` */
export function apiVersions(serverAddress = ''): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis` */
export function apiGroupList(types: readonly ResourceType[]): JsonObject {
  const groups = [...versionsByGroup(types)].filter(([group]) => group !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(([group, versions]) => groupOf(group, versions)),
  };
}

/** `/apis/GROUP`, or undefined if there is no such group. */
export function apiGroup(types: readonly ResourceType[], group: string): JsonObject | undefined {
  const versions = versionsByGroup(types).get(group);
  if (versions === undefined || group === '') return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group, versions) };
}

/** `/api/v1` and `/apis/GROUP/VERSION`, or undefined if there is no such version. */
export function apiResourceList(
  types: readonly ResourceType[],
  group: string,
  version: string,
): JsonObject | undefined {
  const served = types.filter((type) => type.group === group && type.version === version);
  if (served.length === 0) return undefined;
  const resources = served.flatMap((type) => [
    {
      name: type.resource,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: type.verbs,
      ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
      ...(type.categories.length === 0 ? {} : { categories: type.categories }),
      storageVersionHash: storageVersionHash(type),
    },
    ...subresourcesOf(type).map((subresource) => ({
      name: `${type.resource}/${subresource.name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(subresource.group === group ? {} : { group: subresource.group, version: subresource.version }),
      kind: subresource.kind,
      verbs: subresource.verbs,
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources };
}

/** The `APIGroupDiscoveryList` of `/api` or `/apis`. */
export function aggregatedDiscovery(types: readonly ResourceType[], which: 'api' | 'apis'): JsonObject {
  const groups = [...versionsByGroup(types)].filter(([group]) => (group === '') === (which === 'api'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: types.filter((type) => type.group === group && type.version === version).map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource(type: ResourceType): JsonObject {
  const { group, version, kind } = type;
  const subresources = subresourcesOf(type).map((subresource) => ({
    subresource: subresource.name,
    responseKind: { group: subresource.group, version: subresource.version, kind: subresource.kind },
    verbs: subresource.verbs,
  }));
  return {
    resource: type.resource,
    responseKind: { group, version, kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function subresourcesOf(type: ResourceType): Subresource[] {
  const { group, version, kind } = type;
  const result: Subresource[] = [];
  if (type.subresources.status) result.push({ name: 'status', group, version, kind, verbs: STATUS_VERBS });
  if (type.subresources.scale !== undefined) {
    result.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: STATUS_VERBS });
  }
  if (type.builtIn && type.kind === 'Namespace') {
    result.push({ name: 'finalize', group, version, kind, verbs: ['update'] });
  }
  if (type.builtIn && type.kind === 'ServiceAccount') {
    result.push({
      name: 'token',
      group: 'authentication.k8s.io',
      version: 'v1',
      kind: 'TokenRequest',
      verbs: ['create'],
    });
  }
  return result;
}

function groupOf(group: string, versions: readonly string[]): JsonObject {
  const list = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

/** The versions of each group, the preferred one first. */
function versionsByGroup(types: readonly ResourceType[]): Map<string, string[]> {
  const groups = new Map<string, Set<string>>();
  for (const type of types) {
    const versions = groups.get(type.group) ?? new Set();
    groups.set(type.group, versions.add(type.version));
  }
  return new Map([...groups].map(([group, versions]) => [group, [...versions].toSorted(compareVersions)]));
}

/** Orders versions as Kubernetes prefers them: v2, v1, v1beta2, v1alpha1, then whatever else there is by name. */
export function compareVersions(a: string, b: string): number {
  const rank = (version: string): number[] => {
    const match = KUBE_VERSION.exec(version);
    if (match === null) return [0, 0, 0];
    const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? (a < b ? -1 : Number(a > b)) : (right[at] ?? 0) - (left[at] ?? 0);
}

function storageVersionHash(type: ResourceType): string {
  const name = `${type.group}/${type.storageVersion}/${type.kind}`;
  return createHash('sha256').update(name).digest().subarray(0, 8).toString('base64');
}
