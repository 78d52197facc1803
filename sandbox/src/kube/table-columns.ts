/**
 * The columns of `kubectl get` for built-in kinds, one line of text for each. Columns are separated by `;` and read
 * `NAME: CELL`, where `#` behind the name says that it is an integer and `*` that only `-o wide` shows it. A cell is a
 * JSONPath with what stands for nothing behind `|`, or `@FUNCTION PATH`. `Name` and `Age` alone are the usual ones.
 */
import { ageOf, findByPath } from './table-values.ts';
import type { KubeObject } from './types.ts';

export type Cell = string | number | boolean | null;

export interface Column {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
  cell: (object: KubeObject, now: Date) => Cell;
}

const EVENT = (regarding: string, message: string, source: string): string =>
  `Last Seen: @lastSeen; Type: .type; Reason: .reason; Object: @regarding .${regarding}; ` +
  `Subobject*: .${regarding}.fieldPath; Source*: ${source}; Message: .${message}; First Seen*: @age .firstTimestamp; ` +
  'Count*: .count | 1; Name*';
const TEMPLATE = '.spec.template.spec';
const WORKLOAD =
  `Containers*: @joined ${TEMPLATE}.containers[*].name; Images*: @joined ${TEMPLATE}.containers[*].image; ` +
  'Selector*: @labels .spec.selector.matchLabels';
const BINDING =
  'Name; Role: @regarding .roleRef; Age; Users*: @subjects User; Groups*: @subjects Group; ' +
  'ServiceAccounts*: @subjects ServiceAccount';
const CREATED = 'Name; Created At: .metadata.creationTimestamp';

const KINDS: Record<string, string> = {
  '/Event': EVENT('involvedObject', 'message', '.source.component'),
  'events.k8s.io/Event': EVENT('regarding', 'note', '.reportingController'),
  '/Namespace': 'Name; Status: @phase; Age',
  '/ConfigMap': 'Name; Data: @count .data; Age',
  '/Secret': 'Name; Type: .type; Data: @count .data; Age',
  '/ServiceAccount': 'Name; Secrets: @count .secrets; Age',
  '/Service':
    'Name; Type: .spec.type; Cluster-IP: .spec.clusterIP | <none>; External-IP: @joined .spec.externalIPs[*]; ' +
    'Port(s): @ports .spec.ports[*]; Age; Selector*: @labels .spec.selector',
  '/Pod':
    'Name; Ready: @podReady; Status: @podStatus; Restarts#: @sum .status.containerStatuses[*].restartCount; Age; ' +
    'IP*: .status.podIP | <none>; Node*: .spec.nodeName | <none>; ' +
    'Nominated Node*: .status.nominatedNodeName | <none>; Readiness Gates*: @joined .spec.readinessGates[*].conditionType',
  '/Node':
    'Name; Status: @nodeStatus; Roles: @nodeRoles; Age; Version: .status.nodeInfo.kubeletVersion; ' +
    'Internal-IP*: .status.addresses[?(@.type=="InternalIP")].address | <none>; ' +
    'External-IP*: .status.addresses[?(@.type=="ExternalIP")].address | <none>; ' +
    'OS-Image*: .status.nodeInfo.osImage | <unknown>; Kernel-Version*: .status.nodeInfo.kernelVersion | <unknown>; ' +
    'Container-Runtime*: .status.nodeInfo.containerRuntimeVersion | <unknown>',
  '/PersistentVolume':
    'Name; Capacity: .spec.capacity.storage; Access Modes: @accessModes .spec.accessModes[*]; ' +
    'Reclaim Policy: .spec.persistentVolumeReclaimPolicy; Status: @phase; Claim: @claim; ' +
    'StorageClass: .spec.storageClassName; Reason: .status.reason; Age; VolumeMode*: .spec.volumeMode | <unset>',
  '/PersistentVolumeClaim':
    'Name; Status: @phase; Volume: .spec.volumeName; Capacity: .status.capacity.storage; ' +
    'Access Modes: @accessModes .status.accessModes[*]; StorageClass: .spec.storageClassName; Age; ' +
    'VolumeMode*: .spec.volumeMode | <unset>',
  'apps/Deployment':
    'Name; Ready: @replicas; Up-to-date#: .status.updatedReplicas; Available#: .status.availableReplicas; Age; ' +
    WORKLOAD,
  'apps/StatefulSet': `Name; Ready: @replicas; Age; ${WORKLOAD}`,
  'apps/ReplicaSet':
    'Name; Desired#: .spec.replicas; Current#: .status.replicas; Ready#: .status.readyReplicas; Age; ' + WORKLOAD,
  'apps/DaemonSet':
    'Name; Desired#: .status.desiredNumberScheduled; Current#: .status.currentNumberScheduled; ' +
    'Ready#: .status.numberReady; Up-to-date#: .status.updatedNumberScheduled; Available#: .status.numberAvailable; ' +
    `Node Selector: @labels ${TEMPLATE}.nodeSelector; Age; ${WORKLOAD}`,
  'storage.k8s.io/StorageClass':
    'Name: @className; Provisioner: .provisioner; ReclaimPolicy: .reclaimPolicy | Delete; ' +
    'VolumeBindingMode: .volumeBindingMode | Immediate; AllowVolumeExpansion: .allowVolumeExpansion | false; Age',
  'coordination.k8s.io/Lease': 'Name; Holder: .spec.holderIdentity; Age',
  'rbac.authorization.k8s.io/RoleBinding': BINDING,
  'rbac.authorization.k8s.io/ClusterRoleBinding': BINDING,
  'rbac.authorization.k8s.io/Role': CREATED,
  'rbac.authorization.k8s.io/ClusterRole': CREATED,
  'apiextensions.k8s.io/CustomResourceDefinition': CREATED,
  'policy/PodDisruptionBudget':
    'Name; Min Available: .spec.minAvailable | N/A; Max Unavailable: .spec.maxUnavailable | N/A; ' +
    'Allowed Disruptions#: .status.disruptionsAllowed; Age',
  'networking.k8s.io/NetworkPolicy': 'Name; Pod-Selector: @labels .spec.podSelector.matchLabels; Age',
};

const ACCESS_MODES: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const ROLE_LABEL = 'node-role.kubernetes.io/';
const EVENT_TIMES = ['.series.lastObservedTime', '.lastTimestamp', '.deprecatedLastTimestamp', '.eventTime'];

const texts = (object: KubeObject, path: string): string[] => findByPath(object, path).map(String);
const first = (object: KubeObject, path: string): string => texts(object, path)[0] ?? '';
const count = (object: KubeObject, path: string): number => findByPath(object, `${path}[*]`).length;
const isTerminating = (object: KubeObject): boolean => object.metadata.deletionTimestamp !== undefined;

const FUNCTIONS: Record<string, (object: KubeObject, path: string, now: Date) => Cell> = {
  age: (object, path, now) => ageOf(findByPath(object, path)[0], now),
  joined: (object, path) => texts(object, path).join(',') || '<none>',
  count,
  sum: (object, path) => findByPath(object, path).reduce<number>((sum, item) => sum + Number(item), 0),
  labels: (object, path) => {
    const entries = Object.entries(findByPath(object, path)[0] ?? {});
    return entries.map(([key, value]) => `${key}=${String(value)}`).join(',') || '<none>';
  },
  ports: (object, path) =>
    findByPath(object, path)
      .map((port) => `${findByPath(port, '.port').join('')}/${findByPath(port, '.protocol').join('')}`)
      .join(',') || '<none>',
  accessModes: (object, path) =>
    texts(object, path)
      .map((mode) => ACCESS_MODES[mode] ?? mode)
      .join(','),
  phase: (object) => (isTerminating(object) ? 'Terminating' : first(object, '.status.phase')),
  claim: (volume) => texts(volume, '.spec.claimRef.namespace').concat(texts(volume, '.spec.claimRef.name')).join('/'),
  replicas: (object) => `${first(object, '.status.readyReplicas') || 0}/${first(object, '.spec.replicas') || 0}`,
  className: ({ metadata: { name, annotations } }) =>
    annotations?.[DEFAULT_CLASS] === 'true' ? `${name} (default)` : name,
  podReady: (pod) => {
    const ready = findByPath(pod, '.status.containerStatuses[?(@.ready=="true")]').length;
    return `${ready}/${count(pod, '.spec.containers')}`;
  },
  podStatus: (pod) => {
    if (isTerminating(pod)) return 'Terminating';
    const reasons = texts(pod, '.status.containerStatuses[*].state.*.reason');
    return reasons.at(-1) ?? (first(pod, '.status.reason') || first(pod, '.status.phase'));
  },
  nodeStatus: (node) => {
    const status = first(node, '.status.conditions[?(@.type=="Ready")].status');
    const name = status === 'True' ? 'Ready' : status === '' ? 'Unknown' : 'NotReady';
    return first(node, '.spec.unschedulable') === 'true' ? `${name},SchedulingDisabled` : name;
  },
  nodeRoles: ({ metadata: { labels = {} } }) => {
    const roles = Object.keys(labels).filter((label) => label.startsWith(ROLE_LABEL));
    return (
      roles
        .map((label) => label.slice(ROLE_LABEL.length))
        .toSorted()
        .join(',') || '<none>'
    );
  },
  lastSeen: (event, _, now) =>
    ageOf(
      EVENT_TIMES.map((path) => first(event, path)).find((time) => time !== ''),
      now,
    ),
  regarding: (object, path) => {
    const kind = first(object, `${path}.kind`);
    return `${path === '.roleRef' ? kind : kind.toLowerCase()}/${first(object, `${path}.name`)}`;
  },
  subjects: (object, kind) => {
    const path = `.subjects[?(@.kind=="${kind}")]`;
    const namespaces = kind === 'ServiceAccount' ? texts(object, `${path}.namespace`) : [];
    const names = texts(object, `${path}.name`);
    return names.map((name, index) => [...namespaces.slice(index, index + 1), name].join('/')).join(', ');
  },
};

function columnOf(text: string): Column {
  const [, name = '', marks = '', cell = ''] = /^\s*([^:#*]+)([#*]*)(?::\s*(.*?))?\s*$/.exec(text) ?? [];
  const shared = { name, type: marks.includes('#') ? 'integer' : 'string', priority: marks.includes('*') ? 1 : 0 };
  if (name === 'Name' && cell === '') return { ...shared, ...NAME_COLUMN, priority: shared.priority };
  const [source = '', argument = ''] = (cell === '' ? '@age .metadata.creationTimestamp' : cell).split(/\s+\|?\s*/, 2);
  const run = source.startsWith('@') ? FUNCTIONS[source.slice(1)] : undefined;
  if (run !== undefined) return { ...shared, cell: (object, now) => run(object, argument, now) };
  const value = (object: KubeObject): string => first(object, source) || argument;
  return { ...shared, cell: (object) => (shared.type === 'integer' ? Number(value(object)) : value(object)) };
}

export const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};
export const AGE_COLUMN = columnOf('Age');

/** By group and kind. Columns begin with the name, except for events, which end with it. */
export const BUILT_IN_COLUMNS: ReadonlyMap<string, readonly Column[]> = new Map(
  Object.entries(KINDS).map(([kind, text]) => [kind, text.split(';').map(columnOf)]),
);
