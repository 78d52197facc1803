/**
 * The resource types that exist without a CustomResourceDefinition, one row each. Behaviour beyond the row is in
 * rest/strategies.ts.
 */
import { builtinSchema } from './openapi/builtin-schemas.ts';
import { allVerbs } from './types.ts';
import type { CompiledSchema, ResourceType } from './types.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const eventFields = 'reason type reportingComponent source';
const eventFieldsAbout = (field: string): string =>
  ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']
    .map((part) => `${field}.${part}`)
    .join(' ');

/** Short names, traits and selectable fields are separated by spaces; `all` is the category of `kubectl get all`. */
type Row = readonly [
  apiVersion: string,
  kind: string,
  resource: string,
  short?: string,
  traits?: string,
  fields?: string,
];

const rows: readonly Row[] = [
  ['v1', 'Namespace', 'namespaces', 'ns', 'cluster status one-by-one', 'status.phase'],
  ['v1', 'Node', 'nodes', 'no', 'cluster status', 'spec.unschedulable'],
  ['v1', 'PersistentVolume', 'persistentvolumes', 'pv', 'cluster status'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', 'pvc', 'status'],
  ['v1', 'Event', 'events', 'ev', '', `${eventFields} ${eventFieldsAbout('involvedObject')}`],
  ['v1', 'ConfigMap', 'configmaps', 'cm'],
  ['v1', 'Secret', 'secrets', '', '', 'type'],
  ['v1', 'ServiceAccount', 'serviceaccounts', 'sa'],
  ['v1', 'Service', 'services', 'svc', 'status all', 'spec.clusterIP spec.type'],
  ['v1', 'Endpoints', 'endpoints', 'ep'],
  ['v1', 'Pod', 'pods', 'po', 'status all', 'status.phase status.podIP spec.nodeName spec.serviceAccountName'],
  ['apps/v1', 'Deployment', 'deployments', 'deploy', 'status generation all'],
  ['apps/v1', 'DaemonSet', 'daemonsets', 'ds', 'status generation all'],
  ['apps/v1', 'StatefulSet', 'statefulsets', 'sts', 'status generation all'],
  ['apps/v1', 'ReplicaSet', 'replicasets', 'rs', 'status generation all', 'status.replicas'],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', 'sc', 'cluster'],
  ['coordination.k8s.io/v1', 'Lease', 'leases'],
  ['events.k8s.io/v1', 'Event', 'events', 'ev', '', `${eventFields} ${eventFieldsAbout('regarding')}`],
  [rbac, 'ClusterRole', 'clusterroles', '', 'cluster'],
  [rbac, 'ClusterRoleBinding', 'clusterrolebindings', '', 'cluster'],
  [rbac, 'Role', 'roles'],
  [rbac, 'RoleBinding', 'rolebindings'],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', 'pdb', 'status generation'],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', 'netpol', 'generation'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', '', 'generation'],
  [
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    'crd crds',
    'cluster status generation api-extensions',
  ],
  ['authentication.k8s.io/v1', 'TokenReview', 'tokenreviews', '', 'cluster review'],
  ['authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews', '', 'cluster review'],
  ['authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews', '', 'cluster review'],
  ['authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', '', 'cluster review'],
  ['authorization.k8s.io/v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', '', 'cluster review'],
  ['authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', '', 'review'],
];

const wordsOf = (text: string): string[] => text.split(' ').filter(Boolean);

function toType([apiVersion, kind, resource, short = '', traitText = '', fields = '']: Row): ResourceType {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const traits = new Set(wordsOf(traitText));
  // A review is asked, never stored; namespaces are deleted one by one.
  const served = traits.has('review') ? (['create'] as const) : allVerbs;
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    resource,
    singular: kind.toLowerCase(),
    shortNames: wordsOf(short),
    categories: ['all', 'api-extensions'].filter((category) => traits.has(category)),
    namespaced: !traits.has('cluster'),
    storageVersion: version,
    subresources: { status: traits.has('status') },
    verbs: traits.has('one-by-one') ? served.filter((verb) => verb !== 'deletecollection') : served,
    hasGeneration: traits.has('generation'),
    printerColumns: [],
    selectableFields: wordsOf(fields),
    builtIn: true,
    // Compiled on first use: most processes touch few kinds.
    get schema(): CompiledSchema {
      return builtinSchema(kind, group);
    },
  };
}

export const builtinTypes: readonly ResourceType[] = rows.map(toType);
