/**
 * The columns of `kubectl get` for built-in kinds. A column is a JSONPath where the cell is a field, and a function of
 * the object where it sums something up.
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

const NONE = '<none>';
const ACCESS_MODES: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  cell: (object) => object.metadata.name,
};

const texts = (object: KubeObject, path: string): string[] => findByPath(object, path).map(String);
const first = (object: KubeObject, path: string): string => texts(object, path)[0] ?? '';
const count = (object: KubeObject, path: string): number => findByPath(object, `${path}[*]`).length;
const joined = (object: KubeObject, path: string): string => texts(object, path).join(',') || NONE;
const labels = (object: KubeObject, path: string): string => {
  const [map] = findByPath(object, path);
  const entries = typeof map === 'object' && map !== null ? Object.entries(map) : [];
  return entries.map(([key, value]) => `${key}=${String(value)}`).join(',') || NONE;
};

const text = (name: string, path: string, empty = ''): Column => ({
  name,
  type: 'string',
  cell: (object) => first(object, path) || empty,
});
const number = (name: string, path: string): Column => ({
  name,
  type: 'integer',
  cell: (object) => Number(first(object, path)),
});
const of = (name: string, cell: Column['cell'], type = 'string'): Column => ({ name, type, cell });
const wide = (column: Column): Column => ({ ...column, priority: 1 });
const age = (name = 'Age', path = '.metadata.creationTimestamp'): Column =>
  of(name, (object, now) => ageOf(findByPath(object, path)[0], now));
export const AGE_COLUMN = age();

const accessModes = (path: string): Column =>
  of('Access Modes', (object) =>
    texts(object, path)
      .map((mode) => ACCESS_MODES[mode] ?? mode)
      .join(','),
  );
const workload = (): Column[] => [
  wide(of('Containers', (object) => joined(object, '.spec.template.spec.containers[*].name'))),
  wide(of('Images', (object) => joined(object, '.spec.template.spec.containers[*].image'))),
  wide(of('Selector', (object) => labels(object, '.spec.selector.matchLabels'))),
];
const ready = (): Column =>
  of('Ready', (object) => `${first(object, '.status.readyReplicas') || 0}/${first(object, '.spec.replicas') || 0}`);
const address = (name: string): Column =>
  wide(text(name, `.status.addresses[?(@.type=="${name.replace('-', '')}")].address`, NONE));
const binding = (): Column[] => [
  of('Role', (object) => `${first(object, '.roleRef.kind')}/${first(object, '.roleRef.name')}`),
  AGE_COLUMN,
  ...['User', 'Group', 'ServiceAccount'].map((kind) => wide(of(`${kind}s`, (object) => subjects(object, kind)))),
];

function subjects(object: KubeObject, kind: string): string {
  const path = `.subjects[?(@.kind=="${kind}")]`;
  const namespaces = kind === 'ServiceAccount' ? texts(object, `${path}.namespace`) : [];
  return texts(object, `${path}.name`)
    .map((name, index) => (namespaces[index] === undefined ? name : `${namespaces[index]}/${name}`))
    .join(', ');
}

function nodeStatus(node: KubeObject): string {
  const status = first(node, '.status.conditions[?(@.type=="Ready")].status');
  const name = status === 'True' ? 'Ready' : status === '' ? 'Unknown' : 'NotReady';
  return first(node, '.spec.unschedulable') === 'true' ? `${name},SchedulingDisabled` : name;
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const names = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return (
    names
      .map((label) => label.slice(prefix.length))
      .toSorted()
      .join(',') || NONE
  );
}

function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating';
  const reasons = texts(pod, '.status.containerStatuses[*].state.*.reason');
  return reasons.at(-1) ?? (first(pod, '.status.reason') || first(pod, '.status.phase') || 'Unknown');
}

function claimOf(volume: KubeObject): string {
  const name = first(volume, '.spec.claimRef.name');
  return name === '' ? '' : `${first(volume, '.spec.claimRef.namespace')}/${name}`;
}

const phase = (object: KubeObject, otherwise: string): string =>
  object.metadata.deletionTimestamp === undefined ? first(object, '.status.phase') || otherwise : 'Terminating';

const event = (regarding: string, note: string, source: string): Column[] => [
  of('Last Seen', (object, now) => {
    const times = ['.series.lastObservedTime', '.lastTimestamp', '.deprecatedLastTimestamp', '.eventTime'];
    return ageOf(
      times.map((path) => first(object, path)).find((time) => time !== ''),
      now,
    );
  }),
  text('Type', '.type'),
  text('Reason', '.reason'),
  of(
    'Object',
    (object) => `${first(object, `.${regarding}.kind`).toLowerCase()}/${first(object, `.${regarding}.name`)}`,
  ),
  wide(text('Subobject', `.${regarding}.fieldPath`)),
  wide(text('Source', source)),
  text('Message', `.${note}`),
  wide(age('First Seen', '.firstTimestamp')),
  wide(of('Count', (object) => first(object, '.series.count') || first(object, '.count') || '1')),
  wide(NAME_COLUMN),
];

/** By group and kind. Columns begin with the name, except for events, which end with it. */
export const BUILT_IN_COLUMNS: Record<string, Column[]> = {
  '/Event': event('involvedObject', 'message', '.source.component'),
  'events.k8s.io/Event': event('regarding', 'note', '.reportingController'),
  '/Namespace': [NAME_COLUMN, of('Status', (object) => phase(object, 'Active')), AGE_COLUMN],
  '/ConfigMap': [
    NAME_COLUMN,
    of('Data', (object) => count(object, '.data') + count(object, '.binaryData')),
    AGE_COLUMN,
  ],
  '/Secret': [NAME_COLUMN, text('Type', '.type'), of('Data', (object) => count(object, '.data')), AGE_COLUMN],
  '/ServiceAccount': [NAME_COLUMN, of('Secrets', (object) => count(object, '.secrets')), AGE_COLUMN],
  '/Service': [
    NAME_COLUMN,
    text('Type', '.spec.type', 'ClusterIP'),
    text('Cluster-IP', '.spec.clusterIP', NONE),
    of('External-IP', (object) => joined(object, '.spec.externalIPs[*]')),
    of('Port(s)', (object) => joined(object, '.spec.ports[*].port')),
    AGE_COLUMN,
    wide(of('Selector', (object) => labels(object, '.spec.selector'))),
  ],
  '/Pod': [
    NAME_COLUMN,
    of('Ready', (pod) => {
      const up = findByPath(pod, '.status.containerStatuses[?(@.ready=="true")]').length;
      return `${up}/${count(pod, '.spec.containers')}`;
    }),
    of('Status', podStatus),
    of('Restarts', (pod) =>
      findByPath(pod, '.status.containerStatuses[*].restartCount').reduce<number>((sum, item) => sum + Number(item), 0),
    ),
    AGE_COLUMN,
    wide(text('IP', '.status.podIP', NONE)),
    wide(text('Node', '.spec.nodeName', NONE)),
    wide(text('Nominated Node', '.status.nominatedNodeName', NONE)),
    wide(of('Readiness Gates', () => NONE)),
  ],
  '/Node': [
    NAME_COLUMN,
    of('Status', nodeStatus),
    of('Roles', nodeRoles),
    AGE_COLUMN,
    text('Version', '.status.nodeInfo.kubeletVersion'),
    address('Internal-IP'),
    address('External-IP'),
    wide(text('OS-Image', '.status.nodeInfo.osImage', '<unknown>')),
    wide(text('Kernel-Version', '.status.nodeInfo.kernelVersion', '<unknown>')),
    wide(text('Container-Runtime', '.status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ],
  '/PersistentVolume': [
    NAME_COLUMN,
    text('Capacity', '.spec.capacity.storage'),
    accessModes('.spec.accessModes[*]'),
    text('Reclaim Policy', '.spec.persistentVolumeReclaimPolicy'),
    of('Status', (object) => phase(object, '')),
    of('Claim', claimOf),
    text('StorageClass', '.spec.storageClassName'),
    text('Reason', '.status.reason'),
    AGE_COLUMN,
    wide(text('VolumeMode', '.spec.volumeMode', '<unset>')),
  ],
  '/PersistentVolumeClaim': [
    NAME_COLUMN,
    of('Status', (object) => phase(object, '')),
    text('Volume', '.spec.volumeName'),
    text('Capacity', '.status.capacity.storage'),
    accessModes('.status.accessModes[*]'),
    text('StorageClass', '.spec.storageClassName'),
    AGE_COLUMN,
    wide(text('VolumeMode', '.spec.volumeMode', '<unset>')),
  ],
  'apps/Deployment': [
    NAME_COLUMN,
    ready(),
    number('Up-to-date', '.status.updatedReplicas'),
    number('Available', '.status.availableReplicas'),
    AGE_COLUMN,
    ...workload(),
  ],
  'apps/StatefulSet': [NAME_COLUMN, ready(), AGE_COLUMN, ...workload().slice(0, 2)],
  'apps/ReplicaSet': [
    NAME_COLUMN,
    number('Desired', '.spec.replicas'),
    number('Current', '.status.replicas'),
    number('Ready', '.status.readyReplicas'),
    AGE_COLUMN,
    ...workload(),
  ],
  'apps/DaemonSet': [
    NAME_COLUMN,
    number('Desired', '.status.desiredNumberScheduled'),
    number('Current', '.status.currentNumberScheduled'),
    number('Ready', '.status.numberReady'),
    number('Up-to-date', '.status.updatedNumberScheduled'),
    number('Available', '.status.numberAvailable'),
    of('Node Selector', (object) => labels(object, '.spec.template.spec.nodeSelector')),
    AGE_COLUMN,
    ...workload(),
  ],
  'storage.k8s.io/StorageClass': [
    of('Name', ({ metadata }) => {
      const isDefault = metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
      return isDefault ? `${metadata.name} (default)` : metadata.name;
    }),
    text('Provisioner', '.provisioner'),
    text('ReclaimPolicy', '.reclaimPolicy', 'Delete'),
    text('VolumeBindingMode', '.volumeBindingMode', 'Immediate'),
    of('AllowVolumeExpansion', (object) => first(object, '.allowVolumeExpansion') === 'true'),
    AGE_COLUMN,
  ],
  'coordination.k8s.io/Lease': [NAME_COLUMN, text('Holder', '.spec.holderIdentity'), AGE_COLUMN],
  'rbac.authorization.k8s.io/RoleBinding': [NAME_COLUMN, ...binding()],
  'rbac.authorization.k8s.io/ClusterRoleBinding': [NAME_COLUMN, ...binding()],
  'rbac.authorization.k8s.io/Role': [NAME_COLUMN, text('Created At', '.metadata.creationTimestamp')],
  'rbac.authorization.k8s.io/ClusterRole': [NAME_COLUMN, text('Created At', '.metadata.creationTimestamp')],
  'apiextensions.k8s.io/CustomResourceDefinition': [NAME_COLUMN, text('Created At', '.metadata.creationTimestamp')],
  'policy/PodDisruptionBudget': [
    NAME_COLUMN,
    text('Min Available', '.spec.minAvailable', 'N/A'),
    text('Max Unavailable', '.spec.maxUnavailable', 'N/A'),
    number('Allowed Disruptions', '.status.disruptionsAllowed'),
    AGE_COLUMN,
  ],
  'networking.k8s.io/NetworkPolicy': [
    NAME_COLUMN,
    of('Pod-Selector', (object) => labels(object, '.spec.podSelector.matchLabels')),
    AGE_COLUMN,
  ],
};
