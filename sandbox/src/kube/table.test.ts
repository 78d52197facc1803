import { describe, expect, it } from '@jest/globals';
import { builtinTypes } from './builtins.ts';
import { ageOf, findByPath } from './table-values.ts';
import { toTable } from './table.ts';
import type { JsonObject, KubeObject, PrinterColumn, ResourceType } from './types.ts';

const now = new Date('2024-03-01T12:00:00Z');
const BORN = '2024-03-01T11:55:00Z';

const kind = (group: string, name: string): ResourceType => {
  const type = builtinTypes.find((candidate) => candidate.group === group && candidate.kind === name);
  if (type === undefined) throw new Error(`no built-in kind ${name}`);
  return type;
};
const objectOf = (rest: JsonObject, metadata: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: BORN, ...metadata },
  ...rest,
});

/** The one row of a table by the names of its columns; wide columns carry a star. */
function rowOf(type: ResourceType, object: KubeObject): JsonObject {
  const { columnDefinitions, rows } = toTable(type, [object], { includeObject: 'None', now });
  const cells = (rows as { cells: unknown[] }[])[0]?.cells ?? [];
  const names = (columnDefinitions as { name: string; priority: number }[]).map(
    ({ name, priority }) => `${name}${priority > 0 ? '*' : ''}`,
  );
  return Object.fromEntries(names.map((name, index) => [name, cells[index]]));
}

describe('a table', () => {
  const custom = (printerColumns: PrinterColumn[]): ResourceType => ({
    ...kind('', 'ConfigMap'),
    group: 'test',
    builtIn: false,
    printerColumns,
  });

  it('shows printer columns by their type, and nothing where a value does not fit', () => {
    const column = (name: string, type: PrinterColumn['type'], jsonPath: string): PrinterColumn => ({
      name,
      type,
      jsonPath,
    });
    const type = custom([
      column('Text', 'string', '.spec.text'),
      column('Count', 'integer', '.spec.count'),
      column('Wrong', 'integer', '.spec.text'),
      column('Rate', 'number', '.spec.rate'),
      column('On', 'boolean', '.spec.on'),
      column('Object', 'string', '.spec.object'),
      column('Missing', 'string', '.spec.missing'),
      column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status'),
      { ...column('Age', 'date', '.metadata.creationTimestamp'), priority: 1 },
      column('Never', 'date', '.status.never'),
      column('When', 'date', '.spec.text'),
    ]);
    const object = objectOf({
      spec: { text: 'a', count: 3, rate: 0.5, on: false, object: { x: 1 } },
      status: {
        conditions: [
          { type: 'Synced', status: 'False' },
          { type: 'Ready', status: 'True' },
        ],
      },
    });
    expect(rowOf(type, object)).toEqual({
      Name: 'n',
      Text: 'a',
      Count: 3,
      Wrong: null,
      Rate: 0.5,
      On: false,
      Object: '{"x":1}',
      Missing: null,
      Ready: 'True',
      'Age*': '5m',
      Never: null,
      When: '<invalid>',
    });
  });

  it('shows name and age of a type without printer columns', () => {
    expect(rowOf(custom([]), objectOf({}))).toEqual({ Name: 'n', Age: '5m' });
  });

  it('carries list metadata, and as much of the objects as was asked for', () => {
    const object = objectOf({ data: { a: 'b' } });
    const table = (includeObject: 'None' | 'Metadata' | 'Object'): JsonObject =>
      toTable(kind('', 'ConfigMap'), [object], {
        includeObject,
        now,
        resourceVersion: '7',
        continue: 'c',
        remainingItemCount: 2,
      });
    expect(table('None')).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { resourceVersion: '7', continue: 'c', remainingItemCount: 2 },
      columnDefinitions: [
        { name: 'Name', type: 'string', format: 'name', priority: 0 },
        { name: 'Data' },
        { name: 'Age' },
      ],
      rows: [{ cells: ['n', 1, '5m'] }],
    });
    expect(table('Metadata').rows).toMatchObject([
      { object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'n' } } },
    ]);
    expect(table('Object').rows).toMatchObject([{ object }]);
  });

  it.each<[string, string, JsonObject, JsonObject, JsonObject?]>([
    ['', 'Namespace', { status: { phase: 'Active' } }, { Name: 'n', Status: 'Active', Age: '5m' }],
    ['', 'Namespace', { status: { phase: 'Active' } }, { Status: 'Terminating' }, { deletionTimestamp: BORN }],
    [
      '',
      'Node',
      {
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          nodeInfo: { kubeletVersion: 'v1.32.0' },
        },
      },
      {
        Status: 'Ready,SchedulingDisabled',
        Roles: 'b,a',
        Version: 'v1.32.0',
      },
      { labels: { 'node-role.kubernetes.io/b': '', 'node-role.kubernetes.io/a': '' } },
    ],
    [
      '',
      'Pod',
      {
        spec: { containers: [{ name: 'a' }, { name: 'b' }], nodeName: 'w' },
        status: {
          phase: 'Running',
          containerStatuses: [
            { ready: true, restartCount: 2 },
            { ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
          ],
        },
      },
      { Ready: '1/2', Status: 'Running', Restarts: '2' },
    ],
    [
      '',
      'Pod',
      { spec: { containers: [{ name: 'a' }] }, status: { phase: 'Pending' } },
      { Ready: '0/1', Status: 'Pending', Restarts: null },
    ],
    [
      '',
      'PersistentVolume',
      {
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: 's',
          claimRef: { namespace: 'ns', name: 'c' },
        },
        status: { phase: 'Bound' },
      },
      {
        Capacity: '1Gi',
        Status: 'Bound',
        Claim: 'c',
        StorageClass: 's',
      },
    ],
    [
      '',
      'PersistentVolumeClaim',
      { spec: { volumeName: 'v' }, status: { phase: 'Bound' } },
      { Status: 'Bound', Volume: 'v' },
    ],
    ['', 'Secret', { type: 'Opaque', data: { a: '', b: '' } }, { Name: 'n', Type: 'Opaque', Data: 2, Age: '5m' }],
    [
      '',
      'Service',
      {
        spec: {
          type: 'ClusterIP',
          ports: [
            { port: 80, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
          selector: { a: 'b' },
        },
      },
      { Type: 'ClusterIP', 'Cluster-IP': null, 'Port(s)': '80' },
    ],
    [
      '',
      'Event',
      {
        lastTimestamp: BORN,
        type: 'Normal',
        reason: 'Moved',
        involvedObject: { kind: 'Pod', name: 'p' },
        message: 'm',
        count: 4,
      },
      { 'Last Seen': '5m', Object: 'pod/p', Message: 'm', Reason: 'Moved' },
    ],
    [
      'events.k8s.io',
      'Event',
      { eventTime: BORN, regarding: { kind: 'Node', name: 'p' }, note: 'm' },
      { 'Last Seen': '5m', Object: 'node/p', Message: 'm' },
    ],
    [
      'apps',
      'Deployment',
      {
        spec: { replicas: 3, template: { spec: { containers: [{ name: 'a', image: 'i' }] } } },
        status: { readyReplicas: 2 },
      },
      { Ready: '2/3', 'Up-to-date': null },
    ],
    ['apps', 'DaemonSet', { status: { desiredNumberScheduled: 2, numberReady: 1 } }, { Desired: '2', Ready: '1' }],
    ['coordination.k8s.io', 'Lease', { spec: { holderIdentity: 'h' } }, { Name: 'n', Holder: 'h', Age: '5m' }],
    ['apiextensions.k8s.io', 'CustomResourceDefinition', {}, { Name: 'n', 'Created At': BORN }],
  ])('knows the columns of %s/%s', (...[group, name, rest, expected, metadata = {}]) => {
    expect(rowOf(kind(group, name), objectOf(rest, metadata))).toMatchObject(expected);
  });
});

it.each<[number, string]>([
  [-5, '<invalid>'],
  [-1, '0s'],
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [119 * 60, '119m'],
  [3.5 * 3600, '3h'],
  [47 * 3600, '47h'],
  [50 * 3600, '2d'],
  [729 * 86_400, '729d'],
  [800 * 86_400, '2y'],
])('what is %d seconds old is shown as %s', (seconds, text) => {
  expect(ageOf(new Date(now.getTime() - seconds * 1_000).toISOString(), now)).toBe(text);
});

it.each<[string, unknown[]]>([
  ['.a.b', [1]],
  ['{.a.b}', [1]],
  ['$.a.b', [1]],
  ['a.b', [1]],
  [".a['x.y']", [2]],
  ['.a.x\\.y', [2]],
  ['.list[0].n', ['p']],
  ['.list[-1].n', ['q']],
  ['.list[*].n', ['p', 'q']],
  ['.list[?(@.n=="q")].v', [true]],
  ["['list'][?(@.v==true)].n", ['q']],
  ['.list[?(@.n!="q")].n', []],
  ['.a.*', [1, 2]],
  ['.list[5]', []],
  ['.nope.b', []],
  ['.constructor', []],
  ['.list[?(@.n=~/q/)]', []],
])('the path %s finds %j', (path, expected) => {
  const root = {
    a: { b: 1, 'x.y': 2 },
    list: [
      { n: 'p', v: false },
      { n: 'q', v: true },
    ],
  };
  expect(findByPath(root, path)).toEqual(expected);
});
