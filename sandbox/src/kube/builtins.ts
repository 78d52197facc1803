/**
 * The resource types that exist without a CustomResourceDefinition, one row each. Behaviour beyond the row is in
 * rest/strategies.ts.
 */
import { builtinSchema } from './openapi/builtin-schemas.ts';
import type { CompiledSchema, ResourceType, Verb } from './types.ts';

const allVerbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

interface RowOptions {
  short?: readonly string[];
  cluster?: boolean;
  status?: boolean;
  generation?: boolean;
  categories?: readonly string[];
  fields?: readonly string[];
  verbs?: readonly Verb[];
  scale?: boolean;
}

type Row = readonly [apiVersion: string, kind: string, resource: string, options?: RowOptions];

const workload: RowOptions = { status: true, generation: true, categories: ['all'], scale: true };
const review: RowOptions = { cluster: true, verbs: ['create'] };
const eventFields = ['reason', 'type', 'reportingComponent', 'source'];
const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const podFields = ['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName'].map((field) => `spec.${field}`);
const rbac = 'rbac.authorization.k8s.io/v1';

const rows: readonly Row[] = [
  [
    'v1',
    'Namespace',
    'namespaces',
    {
      short: ['ns'],
      cluster: true,
      status: true,
      fields: ['status.phase'],
      verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
    },
  ],
  ['v1', 'Node', 'nodes', { short: ['no'], cluster: true, status: true, fields: ['spec.unschedulable'] }],
  ['v1', 'PersistentVolume', 'persistentvolumes', { short: ['pv'], cluster: true, status: true }],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { short: ['pvc'], status: true }],
  [
    'v1',
    'Event',
    'events',
    { short: ['ev'], fields: [...eventFields, ...involved.map((field) => `involvedObject.${field}`)] },
  ],
  ['v1', 'ConfigMap', 'configmaps', { short: ['cm'] }],
  ['v1', 'Secret', 'secrets', { fields: ['type'] }],
  ['v1', 'ServiceAccount', 'serviceaccounts', { short: ['sa'] }],
  [
    'v1',
    'Service',
    'services',
    { short: ['svc'], status: true, categories: ['all'], fields: ['spec.clusterIP', 'spec.type'] },
  ],
  ['v1', 'Endpoints', 'endpoints', { short: ['ep'] }],
  [
    'v1',
    'Pod',
    'pods',
    { short: ['po'], status: true, categories: ['all'], fields: ['status.phase', 'status.podIP', ...podFields] },
  ],
  ['apps/v1', 'Deployment', 'deployments', { ...workload, short: ['deploy'] }],
  ['apps/v1', 'DaemonSet', 'daemonsets', { ...workload, short: ['ds'], scale: false }],
  ['apps/v1', 'StatefulSet', 'statefulsets', { ...workload, short: ['sts'] }],
  ['apps/v1', 'ReplicaSet', 'replicasets', { ...workload, short: ['rs'], fields: ['status.replicas'] }],
  ['storage.k8s.io/v1', 'StorageClass', 'storageclasses', { short: ['sc'], cluster: true }],
  ['coordination.k8s.io/v1', 'Lease', 'leases'],
  [
    'events.k8s.io/v1',
    'Event',
    'events',
    { short: ['ev'], fields: [...eventFields, ...involved.map((field) => `regarding.${field}`)] },
  ],
  [rbac, 'ClusterRole', 'clusterroles', { cluster: true }],
  [rbac, 'ClusterRoleBinding', 'clusterrolebindings', { cluster: true }],
  [rbac, 'Role', 'roles'],
  [rbac, 'RoleBinding', 'rolebindings'],
  ['policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', { short: ['pdb'], status: true, generation: true }],
  ['networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { short: ['netpol'], generation: true }],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', { generation: true }],
  [
    'apiextensions.k8s.io/v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    { short: ['crd', 'crds'], cluster: true, status: true, generation: true, categories: ['api-extensions'] },
  ],
  ['authentication.k8s.io/v1', 'TokenReview', 'tokenreviews', review],
  ['authentication.k8s.io/v1', 'SelfSubjectReview', 'selfsubjectreviews', review],
  ['authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews', review],
  ['authorization.k8s.io/v1', 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', review],
  ['authorization.k8s.io/v1', 'SelfSubjectRulesReview', 'selfsubjectrulesreviews', review],
  ['authorization.k8s.io/v1', 'LocalSubjectAccessReview', 'localsubjectaccessreviews', { verbs: ['create'] }],
];

function toType([apiVersion, kind, resource, options = {}]: Row): ResourceType {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const replicas = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    resource,
    singular: kind.toLowerCase(),
    shortNames: options.short ?? [],
    categories: options.categories ?? [],
    namespaced: options.cluster !== true,
    storageVersion: version,
    subresources: { status: options.status === true, ...(options.scale === true ? { scale: replicas } : {}) },
    verbs: options.verbs ?? allVerbs,
    hasGeneration: options.generation === true,
    printerColumns: [],
    selectableFields: options.fields ?? [],
    builtIn: true,
    // Compiled on first use: most processes touch few kinds.
    get schema(): CompiledSchema {
      return builtinSchema(kind, group);
    },
  };
}

export const builtinTypes: readonly ResourceType[] = rows.map(toType);
