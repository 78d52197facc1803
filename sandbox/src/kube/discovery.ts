/**
 * The discovery documents: which groups, versions and resources a server has, in the plain form of every Kubernetes
 * release and in the aggregated form that current clients ask for first.
 */
import { apiVersionOf, type JsonObject, type ResourceType } from './types.ts';

const STATUS_VERBS = ['get', 'patch', 'update'];
const KUBE_VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;
const STAGES = ['alpha', 'beta', 'stable'];
const TOKEN = { name: 'token', group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] };

type Types = readonly ResourceType[];

/** `/api` */
export function apiVersions(): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }],
  };
}

/** `/apis` */
export function apiGroupList(types: Types): JsonObject {
  const groups = [...versionsByGroup(types)].filter(([group]) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupOf) };
}

/** `/apis/GROUP`, or undefined if there is no such group. */
export function apiGroup(types: Types, group: string): JsonObject | undefined {
  const versions = group === '' ? undefined : versionsByGroup(types).get(group);
  return versions === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf([group, versions]) };
}

/** `/api/v1` and `/apis/GROUP/VERSION`, or undefined if there is no such version. */
export function apiResourceList(types: Types, group: string, version: string): JsonObject | undefined {
  const served = servedIn(types, group, version);
  if (served.length === 0) return undefined;
  const resources = served.flatMap((type) => {
    const { namespaced, kind, verbs } = type;
    const subresources = subresourcesOf(type).map(({ name, ...subresource }) => {
      return { name: `${type.resource}/${name}`, singularName: '', namespaced, ...subresource };
    });
    const names = { name: type.resource, singularName: type.singular, ...otherNames(type) };
    return [{ ...names, namespaced, kind, verbs }, ...subresources];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources };
}

/** The `APIGroupDiscoveryList` of `/api` or `/apis`. */
export function aggregatedDiscovery(types: Types, which: 'api' | 'apis'): JsonObject {
  const groups = [...versionsByGroup(types)].filter(([group]) => (group === '') === (which === 'api'));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        freshness: 'Current',
        resources: servedIn(types, group, version).map(aggregatedResource),
      })),
    })),
  };
}

function aggregatedResource(type: ResourceType): JsonObject {
  const subresources = subresourcesOf(type).map(({ name: subresource, verbs, ...responseKind }) => {
    return { subresource, responseKind, verbs };
  });
  return {
    resource: type.resource,
    responseKind: { group: type.group, version: type.version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...otherNames(type),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}

function otherNames({ shortNames, categories }: ResourceType): JsonObject {
  return { ...(shortNames.length === 0 ? {} : { shortNames }), ...(categories.length === 0 ? {} : { categories }) };
}

function subresourcesOf(type: ResourceType): (typeof TOKEN)[] {
  const { group, version, kind, builtIn, subresources } = type;
  const own = { group, version, kind };
  const result: (typeof TOKEN)[] = [];
  if (subresources.status) result.push({ name: 'status', ...own, verbs: STATUS_VERBS });
  if (builtIn && kind === 'Namespace') result.push({ name: 'finalize', ...own, verbs: ['update'] });
  if (builtIn && kind === 'ServiceAccount') result.push(TOKEN);
  return result;
}

function servedIn(types: Types, group: string, version: string): ResourceType[] {
  return types.filter((type) => type.group === group && type.version === version);
}

function groupOf([group, versions]: [string, readonly string[]]): JsonObject {
  const list = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] };
}

/** The versions of each group, the preferred one first. */
function versionsByGroup(types: Types): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of types) {
    const others = (groups.get(group) ?? []).filter((other) => other !== version);
    groups.set(group, [...others, version].toSorted(compareVersions));
  }
  return groups;
}

/** Orders versions as Kubernetes prefers them: v2, v1, v1beta2, v1alpha1, then whatever else there is by name. */
export function compareVersions(a: string, b: string): number {
  return rankOf(b) - rankOf(a) || (a < b ? -1 : Number(a > b));
}

function rankOf(version: string): number {
  const [matched, major = 0, stage = 'stable', minor = 0] = KUBE_VERSION.exec(version) ?? [];
  return matched === undefined ? -1 : STAGES.indexOf(stage) * 1e6 + Number(major) * 1e3 + Number(minor);
}
