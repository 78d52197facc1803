/**
 * How lists and objects of the built-in kinds merge: the keys of strategic merge patches and the list types of
 * server-side apply, which the models of the client do not tell. Facts of the Kubernetes API, one per field.
 */
import type { JsonObject } from '../types.ts';
import { modelOfKind, readModel, type ModelField } from './models.ts';

export interface PatchStrategy {
  /** The field that tells the objects of a merged list apart. */
  mergeKey?: string;
  /** A `set` is a merged list of plain values. */
  strategy: 'merge' | 'replace' | 'set';
}

/** `MODEL.FIELD` to the merge key, and behind a colon the map keys of apply where they differ from it. */
const LISTS = new Map<string, string>();
for (const line of [
  'PodSpec containers=name initContainers=name ephemeralContainers=name volumes=name imagePullSecrets=name',
  'PodSpec hostAliases=ip topologySpreadConstraints=topologyKey:topologyKey,whenUnsatisfiable',
  'PodStatus podIPs=ip hostIPs=ip',
  'Container env=name ports=containerPort:containerPort,protocol volumeMounts=mountPath volumeDevices=devicePath',
  'EphemeralContainer env=name ports=containerPort:containerPort,protocol volumeMounts=mountPath',
  'EphemeralContainer volumeDevices=devicePath',
  'ServiceAccount secrets=name',
  'ServiceSpec ports=port:port,protocol',
  'NodeStatus addresses=type',
  'ObjectMeta ownerReferences=uid',
]) {
  const [model, ...fields] = line.split(' ');
  for (const [field = '', keys = ''] of fields.map((item) => item.split('='))) LISTS.set(`${model}.${field}`, keys);
}
const SETS = new Set(['ObjectMeta.finalizers', 'NodeSpec.podCIDRs']);
/** Objects that apply owns as a whole. */
const ATOMIC = new Set(
  (
    'LabelSelector ObjectReference LocalObjectReference TypedLocalObjectReference SecretKeySelector ' +
    'ConfigMapKeySelector ObjectFieldSelector ResourceFieldSelector NodeSelector NodeSelectorTerm RoleRef Subject'
  ).split(' '),
);

/** `RbacV1Subject` as `Subject`. */
const plain = (model: string): string => model.replace(/^[A-Za-z]*?V1/, '');

function keysOf(model: string, field: string): string | undefined {
  if (field === 'conditions' && model.endsWith('Status')) return 'type';
  return LISTS.get(`${plain(model)}.${field}`);
}

/** The `x-kubernetes-` extensions of one field, as OpenAPI publishes them. */
export function fieldExtensions(model: string, field: string, type: string): JsonObject {
  if (!type.startsWith('Array<')) return {};
  if (SETS.has(`${plain(model)}.${field}`)) {
    return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
  }
  const [mergeKey, mapKeys = mergeKey] = keysOf(model, field)?.split(':') ?? [];
  if (mergeKey === undefined) return { 'x-kubernetes-list-type': 'atomic' };
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': mapKeys?.split(','),
    'x-kubernetes-patch-merge-key': mergeKey,
    'x-kubernetes-patch-strategy': field === 'volumes' ? 'merge,retainKeys' : 'merge',
  };
}

/** The extensions of a model as a whole. */
export function modelExtensions(model: string): JsonObject {
  return ATOMIC.has(plain(model)) ? { 'x-kubernetes-map-type': 'atomic' } : {};
}

/**
 * How a strategic merge patch treats the list at `path` of a built-in kind. `path` names fields alone, without indexes:
 * `['spec', 'template', 'spec', 'containers']`. Undefined if there is no list.
 */
export function patchStrategyOf(kind: string, path: readonly string[], group = ''): PatchStrategy | undefined {
  let model: string | undefined = modelOfKind(kind, group);
  for (const [index, name] of path.entries()) {
    if (model === undefined) return undefined;
    const field: ModelField | undefined = readModel(model).fields.find((candidate) => candidate.name === name);
    if (field === undefined) return undefined;
    if (index === path.length - 1) return strategyOf(model, name, field.type);
    model = /\w*V1\w+/.exec(field.type)?.[0];
  }
  return undefined;
}

function strategyOf(model: string, field: string, type: string): PatchStrategy | undefined {
  if (!type.startsWith('Array<')) return undefined;
  if (SETS.has(`${plain(model)}.${field}`)) return { strategy: 'set' };
  const mergeKey = keysOf(model, field)?.split(':')[0];
  return mergeKey === undefined ? { strategy: 'replace' } : { mergeKey, strategy: 'merge' };
}
