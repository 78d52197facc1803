/** The resources this process uses, and their paths. Names of objects are escaped, so that none can leave its collection. */
import { API_GROUP, API_VERSION, STORAGE_POLICY, VOLUME_MIGRATION } from '@couchestor/common/api';

export interface KubeResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
}

const couchestor = { group: API_GROUP, version: API_VERSION } as const;

export const STORAGE_POLICIES: KubeResource = {
  ...couchestor,
  plural: STORAGE_POLICY.plural,
  kind: STORAGE_POLICY.kind,
};
export const VOLUME_MIGRATIONS: KubeResource = {
  ...couchestor,
  plural: VOLUME_MIGRATION.plural,
  kind: VOLUME_MIGRATION.kind,
};
export const NAMESPACES: KubeResource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
};
export const LEASES: KubeResource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};
export const EVENTS: KubeResource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
};

export const NODES: KubeResource = { group: '', version: 'v1', plural: 'nodes', kind: 'Node' };
export const PERSISTENT_VOLUMES: KubeResource = {
  group: '',
  version: 'v1',
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
};
export const PERSISTENT_VOLUME_CLAIMS: KubeResource = {
  group: '',
  version: 'v1',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
};
export const DEPLOYMENTS: KubeResource = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' };

const openebs = (kind: string, plural: string, versions: readonly string[]): readonly KubeResource[] =>
  versions.map((version) => ({ group: 'openebs.io', version, plural, kind }));

/** In every version that Mayastor has served, the latest first. */
export const DISK_POOLS = openebs('DiskPool', 'diskpools', ['v1beta3', 'v1beta2', 'v1beta1', 'v1alpha1']);
export const MAYASTOR_VOLUMES = openebs('MayastorVolume', 'mayastorvolumes', ['v1alpha1']);
export const MAYASTOR_POOLS = openebs('MayastorPool', 'mayastorpools', ['v1alpha1']);
export const MAYASTOR_NODES = openebs('MayastorNode', 'mayastornodes', ['v1alpha1']);

export function apiVersionOf(resource: KubeResource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** As messages and RBAC name it: `storagepolicies.storage.billyronks.io`, `namespaces`. */
export function qualifiedName(resource: KubeResource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

export interface PathOptions {
  /** Absent: the whole cluster, or a cluster-scoped resource. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: 'status' | undefined;
}

export function pathOf(resource: KubeResource, { namespace, name, subresource }: PathOptions = {}): string {
  const prefix = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const scope = namespace === undefined || namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${prefix}/${resource.version}${scope}/${resource.plural}${object}${subresource === undefined ? '' : `/${subresource}`}`;
}
