/**
 * The roles and bindings that every cluster starts with, as far as its users meet them: what the server creates when
 * they are absent. admin, edit and view are put together from labelled parts, so that charts can add to them.
 */
import type { JsonObject } from '../types.ts';
import { RBAC_GROUP, SUPERUSERS } from './rbac.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const META = {
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
  annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
};
const PUBLIC_PATHS = ['/healthz', '/livez', '/readyz', '/version', '/version/'];
const DISCOVERY_PATHS = ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', ...PUBLIC_PATHS];

const rule = (apiGroup: string, resources: string, verbs: readonly string[]): JsonObject => {
  return { apiGroups: [apiGroup], resources: resources.split(' '), verbs };
};

/** What the holders of a namespace see and change; secrets are seen with the right to change them, roles by admin. */
const CONTENT: readonly (readonly [apiGroup: string, resources: string])[] = [
  ['', 'configmaps endpoints events persistentvolumeclaims pods serviceaccounts services'],
  ['apps', 'daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale'],
  ['coordination.k8s.io', 'leases'],
  ['networking.k8s.io', 'networkpolicies'],
  ['policy', 'poddisruptionbudgets'],
];

const PARTS = {
  view: [
    ...CONTENT.map(([group, resources]) => rule(group, resources, READ)),
    rule('', 'namespaces persistentvolumeclaims/status pods/status', READ),
    rule('apps', 'daemonsets/status deployments/status replicasets/status statefulsets/status', READ),
  ],
  edit: [
    ...CONTENT.map(([group, resources]) => rule(group, resources, WRITE)),
    rule('', 'secrets', [...READ, ...WRITE]),
    rule('', 'serviceaccounts/token', ['create']),
    rule('', 'serviceaccounts', ['impersonate']),
  ],
  admin: [
    rule('authorization.k8s.io', 'localsubjectaccessreviews', ['create']),
    rule(RBAC_GROUP, 'roles rolebindings', [...READ, ...WRITE]),
  ],
};

const DISCOVERY = 'system:discovery';
const BASIC_USER = 'system:basic-user';
const PUBLIC_INFO = 'system:public-info-viewer';

/** Fresh copies of every bootstrap object, ready to be created. */
export function bootstrapObjects(): JsonObject[] {
  const role = (name: string, content: JsonObject, labels: JsonObject = {}): JsonObject => ({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { ...META, name, labels: { ...META.labels, ...labels } },
    ...content,
  });
  const binding = (name: string, ...groups: readonly string[]): JsonObject => ({
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { ...META, name },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: RBAC_GROUP, kind: 'Group', name: group })),
  });
  const label = (part: string): string => `${RBAC_GROUP}/aggregate-to-${part}`;
  const aggregated = (name: string, into: JsonObject = {}): JsonObject =>
    role(
      name,
      { rules: [], aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label(name)]: 'true' } }] } },
      into,
    );
  return structuredClone([
    role('cluster-admin', { rules: [rule('*', '*', ['*']), { nonResourceURLs: ['*'], verbs: ['*'] }] }),
    aggregated('admin'),
    aggregated('edit', { [label('admin')]: 'true' }),
    aggregated('view', { [label('edit')]: 'true' }),
    ...Object.entries(PARTS).map(([part, rules]) =>
      role(`system:aggregate-to-${part}`, { rules }, { [label(part)]: 'true' }),
    ),
    role(DISCOVERY, { rules: [{ nonResourceURLs: DISCOVERY_PATHS, verbs: ['get'] }] }),
    role(PUBLIC_INFO, { rules: [{ nonResourceURLs: PUBLIC_PATHS, verbs: ['get'] }] }),
    role(BASIC_USER, {
      rules: [
        rule('authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', ['create']),
        rule('authentication.k8s.io', 'selfsubjectreviews', ['create']),
      ],
    }),
    binding('cluster-admin', SUPERUSERS),
    binding(DISCOVERY, 'system:authenticated'),
    binding(BASIC_USER, 'system:authenticated'),
    binding(PUBLIC_INFO, 'system:authenticated', 'system:unauthenticated'),
  ]);
}
