/**
 * Lists in the form of a `meta.k8s.io/v1` Table, which is what `kubectl get` prints: the server decides on columns and
 * cells, from the printer columns of a custom resource or a small set of built-in ones.
 */
import { ageOf, findByPath } from './table-values.ts';
import type { JsonObject, KubeObject, PrinterColumn, ResourceType } from './types.ts';

export interface TableOptions {
  includeObject: 'None' | 'Metadata' | 'Object';
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
  now: Date;
}

type Cell = string | number | boolean | null;
type CellOf = (object: KubeObject, now: Date) => Cell;
interface Column {
  definition: Omit<PrinterColumn, 'jsonPath'>;
  cell: CellOf;
}

const PARTIAL = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' };
const ROLE_LABEL = 'node-role.kubernetes.io/';
const NAME: Column = {
  definition: { name: 'Name', type: 'string', format: 'name' },
  cell: ({ metadata }) => metadata.name,
};

const first = (object: KubeObject, path: string): string => String((findByPath(object, path)[0] as Cell) ?? '');
const count = (object: KubeObject, path: string): number => findByPath(object, path).length;
const Age: CellOf = ({ metadata }, now) => ageOf(metadata.creationTimestamp, now);
const Data: CellOf = (object) => count(object, '.data.*');
const Status: CellOf = (object) =>
  object.metadata.deletionTimestamp === undefined ? first(object, '.status.phase') : 'Terminating';
const Ready: CellOf = (object) =>
  `${first(object, '.status.readyReplicas') || 0}/${first(object, '.spec.replicas') || 0}`;
const containersReady: CellOf = (pod) =>
  `${count(pod, '.status.containerStatuses[?(@.ready=="true")]')}/${count(pod, '.spec.containers[*]')}`;
const nodeStatus: CellOf = (node) => {
  const status = first(node, '.status.conditions[?(@.type=="Ready")].status');
  const name = status === 'True' ? 'Ready' : status === '' ? 'Unknown' : 'NotReady';
  return first(node, '.spec.unschedulable') === 'true' ? `${name},SchedulingDisabled` : name;
};
const nodeRoles: CellOf = ({ metadata: { labels = {} } }) => {
  const roles = Object.keys(labels).filter((label) => label.startsWith(ROLE_LABEL));
  return roles.map((label) => label.slice(ROLE_LABEL.length)).join() || '<none>';
};
const event = (regarding: string, message: string): Record<string, string | CellOf> => ({
  'Last Seen': (object, now) => ageOf(first(object, '.lastTimestamp') || first(object, '.eventTime'), now),
  Type: '.type',
  Reason: '.reason',
  Object: (object) => `${first(object, `${regarding}.kind`).toLowerCase()}/${first(object, `${regarding}.name`)}`,
  Message: message,
});

const StorageClass = '.spec.storageClassName';
/** By group and kind, behind the name, which only events do without. Others show their name and age. */
const BUILT_IN_COLUMNS: Readonly<Record<string, Readonly<Record<string, string | CellOf>>>> = {
  '/Event': event('.involvedObject', '.message'),
  'events.k8s.io/Event': event('.regarding', '.note'),
  '/Namespace': { Status, Age },
  '/Node': { Status: nodeStatus, Roles: nodeRoles, Age, Version: '.status.nodeInfo.kubeletVersion' },
  '/ConfigMap': { Data, Age },
  '/Secret': { Type: '.type', Data, Age },
  '/Service': { Type: '.spec.type', 'Cluster-IP': '.spec.clusterIP', 'Port(s)': '.spec.ports[*].port', Age },
  '/Pod': { Ready: containersReady, Status, Restarts: '.status.containerStatuses[0].restartCount', Age },
  '/PersistentVolume': { Capacity: '.spec.capacity.storage', Status, Claim: '.spec.claimRef.name', StorageClass, Age },
  '/PersistentVolumeClaim': { Status, Volume: '.spec.volumeName', StorageClass, Age },
  'apps/Deployment': { Ready, 'Up-to-date': '.status.updatedReplicas', Available: '.status.availableReplicas', Age },
  'apps/DaemonSet': { Desired: '.status.desiredNumberScheduled', Ready: '.status.numberReady', Age },
  'coordination.k8s.io/Lease': { Holder: '.spec.holderIdentity', Age },
  'apiextensions.k8s.io/CustomResourceDefinition': { 'Created At': '.metadata.creationTimestamp' },
};

export function toTable(type: ResourceType, objects: readonly KubeObject[], options: TableOptions): JsonObject {
  const columns = columnsOf(type);
  const { includeObject, now, ...metadata } = options;
  const defaults = { format: '', description: '', priority: 0 };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ definition }) => ({ ...defaults, ...definition })),
    rows: objects.map((object) => {
      const cells = columns.map((column) => column.cell(object, now));
      if (includeObject === 'None') return { cells };
      return { cells, object: includeObject === 'Object' ? object : { ...PARTIAL, metadata: object.metadata } };
    }),
  };
}

function columnsOf(type: ResourceType): readonly Column[] {
  const builtIn = type.builtIn ? BUILT_IN_COLUMNS[`${type.group}/${type.kind}`] : undefined;
  if (builtIn === undefined && type.printerColumns.length > 0) return [NAME, ...type.printerColumns.map(printed)];
  const columns = Object.entries(builtIn ?? { Age }).map(([name, cell]): Column => {
    const definition = { name, type: 'string' } as const;
    return typeof cell === 'string' ? printed({ ...definition, jsonPath: cell }) : { definition, cell };
  });
  return type.builtIn && type.kind === 'Event' ? columns : [NAME, ...columns];
}

function printed({ jsonPath, ...definition }: PrinterColumn): Column {
  return { definition, cell: (object, now) => cellOf(definition.type, findByPath(object, jsonPath)[0], now) };
}

/** A value that does not fit the type of its column shows nothing, as on a real server. */
function cellOf(type: PrinterColumn['type'], value: unknown, now: Date): Cell {
  if (value === undefined || value === null) return null;
  if (type === 'date') return ageOf(value, now);
  if (type === 'string') return typeof value === 'string' ? value : JSON.stringify(value);
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (typeof value !== 'number') return null;
  return type === 'integer' ? Math.trunc(value) : value;
}
