/**
 * What single built-in kinds do beyond their schema: the defaults that clients rely on, fields that the server owns,
 * and fields that cannot change. A kind without an entry is stored as it comes.
 */
import { isObject, jsonEqual } from '../patch/json.ts';
import type { FieldError, JsonObject, KubeObject, ResourceType } from '../types.ts';
import { prepareDefinition, validateDefinition } from './custom-resource-definitions.ts';
import { forbidden, immutable, invalid, required, tooLong } from '../schema/field-error.ts';
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
  /** Whether a PUT must carry a resourceVersion. */
  conditionalUpdate?: true;
}

const child = (object: JsonObject, field: string): JsonObject => {
  const value = object[field];
  return isObject(value) ? value : {};
};

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
  const { stringData } = after;
  if (isObject(stringData)) {
    const encoded = Object.entries(stringData).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString('base64'),
    ]);
    after.data = { ...child(after, 'data'), ...Object.fromEntries(encoded) };
  }
  Reflect.deleteProperty(after, 'stringData');
}

function podErrors(after: KubeObject): FieldError[] {
  const { containers } = child(after, 'spec');
  if (!Array.isArray(containers) || containers.length === 0) return [required('spec.containers')];
  return containers.flatMap((container: unknown, index) =>
    isObject(container) && (container.image ?? '') === '' ? [required(`spec.containers[${index}].image`)] : [],
  );
}

function claimErrors(after: KubeObject): FieldError[] {
  const spec = child(after, 'spec');
  const errors: FieldError[] = [];
  const modes = spec.accessModes;
  if (!Array.isArray(modes) || modes.length === 0) {
    errors.push(required('spec.accessModes', 'at least 1 access mode is required'));
  }
  if (child(child(spec, 'resources'), 'requests').storage === undefined) {
    errors.push(required('spec.resources[storage]'));
  }
  return errors;
}

function leaseErrors(after: KubeObject): FieldError[] {
  const seconds = child(after, 'spec').leaseDurationSeconds ?? 1;
  if (Number(seconds) > 0) return [];
  return [invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')];
}

/** Written through events.k8s.io, an Event must say more; both kinds must be about an object of their own namespace. */
function eventErrors(after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const modern = after.apiVersion !== 'v1';
  const about = modern ? 'regarding' : 'involvedObject';
  const namespace = child(after, about).namespace ?? '';
  const home = namespace === '' ? 'default' : namespace;
  const errors: FieldError[] = [];
  if (after.metadata.namespace !== home) {
    errors.push(invalid(`${modern ? 'involvedObject' : about}.namespace`, namespace, 'does not match event.namespace'));
  }
  if (!modern || before !== undefined) return errors;
  const needed = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason', 'type'];
  return [...errors, ...needed.filter((field) => (after[field] ?? '') === '').map((field) => required(field))];
}

const dataKeyRule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";

const dataLimitBytes = 1024 * 1024;

/** Keys and size of the data; data of an object marked immutable, and what a Secret is for, never change. */
function frozenData(after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const errors = ['data', 'binaryData', 'stringData'].flatMap((field) =>
    Object.keys(child(after, field))
      .filter((key) => !/^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key))
      .map((key) => invalid(`${field}[${key}]`, key, dataKeyRule)),
  );
  const secret = after.kind === 'Secret';
  const sizeOf = (field: string, encoding: BufferEncoding): number =>
    Object.values(child(after, field)).reduce<number>(
      (sum, value) => sum + Buffer.byteLength(String(value), encoding),
      0,
    );
  const size = sizeOf('data', secret ? 'base64' : 'utf8') + sizeOf('binaryData', 'base64');
  if (size > dataLimitBytes) errors.push(tooLong(secret ? 'data' : '[]', dataLimitBytes));
  if (before === undefined) return errors;
  if (after.type !== before.type) errors.push(immutable('type', after.type));
  if (before.immutable !== true) return errors;
  const why = 'field is immutable when `immutable` is set';
  for (const field of ['immutable', 'data', 'binaryData']) {
    if (!jsonEqual(after[field], before[field])) errors.push(forbidden(field, why));
  }
  return errors;
}

function prepareNamespace(after: KubeObject, before: KubeObject | undefined): void {
  after.spec = before?.spec ?? { finalizers: ['kubernetes'] };
  after.metadata.labels = { ...after.metadata.labels, 'kubernetes.io/metadata.name': after.metadata.name };
}

function prepareService(after: KubeObject, before: KubeObject | undefined): void {
  const spec = child(after, 'spec');
  for (const port of Array.isArray(spec.ports) ? (spec.ports as unknown[]) : []) {
    if (isObject(port)) port.targetPort ??= port.port;
  }
  if (spec.type === 'ExternalName') return;
  spec.clusterIP ??= (before && child(before, 'spec').clusterIP) ?? clusterAddress(after.metadata.uid);
  spec.clusterIPs ??= [spec.clusterIP];
}

/** An address from the uid: nothing routes it, and two services are unlikely to share it. */
function clusterAddress(uid: string): string {
  const bits = Number.parseInt(uid.replaceAll('-', '').slice(0, 5), 16);
  return `10.${96 + (bits >> 16)}.${(bits >> 8) & 255}.${bits & 255}`;
}

const frozenFields =
  (...paths: string[]): Check =>
  (after, before) => {
    const read = (object: KubeObject, path: string): unknown =>
      path.split('.').reduce<unknown>((value, field) => (isObject(value) ? value[field] : undefined), object);
    return paths
      .filter((path) => before !== undefined && !jsonEqual(read(after, path), read(before, path)))
      .map((path) => immutable(path, read(after, path)));
  };

/** A workload finds its pods by their labels, always the same way. */
function workloadErrors(after: KubeObject, before: KubeObject | undefined): FieldError[] {
  const spec = child(after, 'spec');
  const labels = child(child(child(spec, 'template'), 'metadata'), 'labels');
  const frozen = frozenFields('spec.selector')(after, before);
  if (matchesLabelSelector(spec.selector, labels as Record<string, string>)) return frozen;
  const why = '`selector` does not match template `labels`';
  return [invalid('spec.template.metadata.labels', labels, why), ...frozen];
}

const workload = (spec: JsonObject): Strategy => ({
  defaults: { spec: { ...spec, template: podTemplate } },
  initialStatus: {},
  validate: workloadErrors,
});

const binding: Strategy = {
  validate: (after, before) =>
    before === undefined || jsonEqual(after.roleRef, before.roleRef)
      ? []
      : [invalid('roleRef', after.roleRef, 'cannot change roleRef')],
};
const rolling = { type: 'RollingUpdate' };

const strategies: Readonly<Record<string, Strategy>> = {
  Namespace: { initialStatus: { phase: 'Active' }, prepare: prepareNamespace },
  ConfigMap: { validate: frozenData },
  Secret: { defaults: { type: 'Opaque' }, prepare: prepareSecret, validate: frozenData },
  Service: {
    defaults: {
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
        ports: [{ protocol: 'TCP' }],
      },
    },
    initialStatus: { loadBalancer: {} },
    prepare: prepareService,
  },
  Event: { validate: eventErrors },
  Pod: { validate: podErrors, defaults: podTemplate, initialStatus: { phase: 'Pending', qosClass: 'BestEffort' } },
  Deployment: workload({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600, strategy: rolling }),
  DaemonSet: workload({ revisionHistoryLimit: 10, updateStrategy: rolling }),
  StatefulSet: workload({ replicas: 1, podManagementPolicy: 'OrderedReady', updateStrategy: rolling }),
  ReplicaSet: workload({ replicas: 1 }),
  PersistentVolume: {
    defaults: { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' } },
    initialStatus: { phase: 'Pending' },
  },
  PersistentVolumeClaim: {
    validate: claimErrors,
    defaults: { spec: { volumeMode: 'Filesystem' } },
    initialStatus: { phase: 'Pending' },
  },
  PodDisruptionBudget: { initialStatus: {}, conditionalUpdate: true },
  StorageClass: {
    defaults: { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    validate: frozenFields('provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'),
  },
  CustomResourceDefinition: {
    initialStatus: {},
    conditionalUpdate: true,
    prepare: prepareDefinition,
    validate: validateDefinition,
  },
  Lease: { validate: leaseErrors, conditionalUpdate: true },
  RoleBinding: binding,
  ClusterRoleBinding: binding,
};

const customStrategy: Strategy = { initialStatus: {}, conditionalUpdate: true };

export function strategyOf(type: ResourceType): Strategy {
  if (!type.builtIn) return customStrategy;
  return (Object.hasOwn(strategies, type.kind) ? strategies[type.kind] : undefined) ?? {};
}

/** Sets what is absent; values that are there, whatever their type, stay. */
export function fillDefaults(target: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) {
    if (Array.isArray(value)) {
      const elements = Array.isArray(target[field]) ? (target[field] as unknown[]) : [];
      for (const element of elements) if (isObject(element)) fillDefaults(element, value[0] as JsonObject);
    } else if (isObject(value)) {
      const object = (target[field] ??= {});
      if (isObject(object)) fillDefaults(object, value);
    } else {
      target[field] ??= value;
    }
  }
}
