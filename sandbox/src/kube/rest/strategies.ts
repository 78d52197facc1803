/**
 * What single built-in kinds do beyond their schema: the defaults that clients rely on, fields that the server owns,
 * and fields that cannot change. A kind without an entry is stored as it comes.
 */
import { fieldOf, isObject, jsonEqual, listOf } from '../patch/json.ts';
import type { FieldError, JsonObject, KubeObject, ResourceType } from '../types.ts';
import { prepareDefinition, validateDefinition } from './custom-resource-definitions.ts';
import { immutable, invalid, required } from '../schema/field-error.ts';
import { matchesLabelSelector } from '../selectors.ts';

/** `before` is absent when the object is new. */
type Check = (after: KubeObject, before: KubeObject | undefined) => FieldError[];

export interface Strategy {
  /** Filled in wherever absent, on every write; an array stands for each of its elements. */
  defaults?: JsonObject;
  /** The status of a new object. Kinds without it keep what the client sent. */
  initialStatus?: JsonObject;
  /** Adjusts an object before it is validated. */
  prepare?: (after: KubeObject, before: KubeObject | undefined) => void;
  validate?: Check;
  /** Paths of fields that never change. */
  frozen?: readonly string[];
  /** Whether a PUT must carry a resourceVersion. */
  conditionalUpdate?: true;
}

const readPath = (object: KubeObject, path: string): unknown => path.split('.').reduce<unknown>(fieldOf, object);

const podTemplate: JsonObject = {
  spec: {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    containers: [{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File', resources: {} }],
  },
};

function prepareSecret(after: KubeObject): void {
  const texts = isObject(after.stringData) ? Object.entries(after.stringData) : [];
  const encoded = texts.map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')] as const);
  if (encoded.length > 0) after.data = { ...(after.data as JsonObject | undefined), ...Object.fromEntries(encoded) };
  Reflect.deleteProperty(after, 'stringData');
}

function prepareNamespace(after: KubeObject, before: KubeObject | undefined): void {
  after.spec = before?.spec ?? { finalizers: ['kubernetes'] };
  after.metadata.labels = { ...after.metadata.labels, 'kubernetes.io/metadata.name': after.metadata.name };
}

function prepareService({ spec }: KubeObject): void {
  for (const port of listOf(fieldOf(spec, 'ports'))) {
    if (isObject(port)) port.targetPort ??= port.port;
  }
}

const podErrors: Check = (after) =>
  listOf(readPath(after, 'spec.containers')).length === 0 ? [required('spec.containers')] : [];

/** A workload finds its pods by their labels. */
const workloadErrors: Check = (after) => {
  const labels = readPath(after, 'spec.template.metadata.labels');
  if (matchesLabelSelector(readPath(after, 'spec.selector'), (labels ?? {}) as Record<string, string>)) return [];
  return [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
};

const leaseErrors: Check = (after) => {
  const seconds = readPath(after, 'spec.leaseDurationSeconds') ?? 1;
  return Number(seconds) > 0 ? [] : [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
};

const workload = (spec: JsonObject): Strategy => ({
  defaults: { spec: { ...spec, template: podTemplate } },
  initialStatus: {},
  validate: workloadErrors,
  frozen: ['spec.selector'],
});

const rolling = { type: 'RollingUpdate' };
const customStrategy: Strategy = { initialStatus: {}, conditionalUpdate: true };
const pending = { phase: 'Pending' };

const strategies: Readonly<Record<string, Strategy>> = {
  Namespace: { initialStatus: { phase: 'Active' }, prepare: prepareNamespace },
  Secret: { defaults: { type: 'Opaque' }, prepare: prepareSecret, frozen: ['type'] },
  Service: {
    defaults: { spec: { type: 'ClusterIP', sessionAffinity: 'None', ports: [{ protocol: 'TCP' }] } },
    initialStatus: { loadBalancer: {} },
    prepare: prepareService,
  },
  Pod: { defaults: podTemplate, initialStatus: { ...pending, qosClass: 'BestEffort' }, validate: podErrors },
  Deployment: workload({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: rolling }),
  DaemonSet: workload({ revisionHistoryLimit: 10, updateStrategy: rolling }),
  StatefulSet: workload({ replicas: 1, podManagementPolicy: 'OrderedReady', updateStrategy: rolling }),
  ReplicaSet: workload({ replicas: 1 }),
  PersistentVolume: {
    defaults: { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' } },
    initialStatus: pending,
  },
  PersistentVolumeClaim: { defaults: { spec: { volumeMode: 'Filesystem' } }, initialStatus: pending },
  PodDisruptionBudget: customStrategy,
  StorageClass: {
    defaults: { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    frozen: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
  },
  CustomResourceDefinition: { ...customStrategy, prepare: prepareDefinition, validate: validateDefinition },
  Lease: { validate: leaseErrors, conditionalUpdate: true },
  RoleBinding: { frozen: ['roleRef'] },
  ClusterRoleBinding: { frozen: ['roleRef'] },
};

export function strategyOf(type: ResourceType): Strategy {
  if (!type.builtIn) return customStrategy;
  return (Object.hasOwn(strategies, type.kind) ? strategies[type.kind] : undefined) ?? {};
}

/** What the checks of a kind, which rely on its schema, find. */
export function kindErrors(type: ResourceType, after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const { validate, frozen = [] } = strategyOf(type);
  const changed = frozen.filter((path) => before && !jsonEqual(readPath(after, path), readPath(before, path)));
  return [...(validate?.(after, before) ?? []), ...changed.map((path) => immutable(path, readPath(after, path)))];
}

/** Sets what is absent; values that are there, whatever their type, stay. */
export function fillDefaults(target: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) {
    if (Array.isArray(value)) {
      for (const element of listOf(target[field])) if (isObject(element)) fillDefaults(element, value[0] as JsonObject);
    } else if (isObject(value)) {
      const object = (target[field] ??= {});
      if (isObject(object)) fillDefaults(object, value);
    } else {
      target[field] ??= value;
    }
  }
}
