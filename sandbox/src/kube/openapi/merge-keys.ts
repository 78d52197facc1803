/**
 * How lists and objects of the built-in kinds merge: the keys of strategic merge patches and the list types of
 * server-side apply, which the models of the client do not tell. Facts of the Kubernetes API, one per field.
 */
import type { JsonObject } from '../types.ts';

const PORTS = 'containerPort:containerPort,protocol';
/** The merge key of a field, and behind a colon the map keys of apply where they differ from it. */
const LISTS: Record<string, Record<string, string>> = {
  PodSpec: { containers: 'name', initContainers: 'name', volumes: 'name', imagePullSecrets: 'name' },
  Container: { env: 'name', ports: PORTS, volumeMounts: 'mountPath' },
  ServiceAccount: { secrets: 'name' },
  ServiceSpec: { ports: 'port:port,protocol' },
  NodeStatus: { addresses: 'type' },
  ObjectMeta: { ownerReferences: 'uid' },
};
const SETS = ['ObjectMeta.finalizers', 'NodeSpec.podCIDRs'];
/** Objects that apply owns as a whole. */
const ATOMIC =
  /^(LabelSelector|NodeSelector|NodeSelectorTerm|RoleRef|Subject|SecretKeySelector|\w*FieldSelector|\w*ObjectReference)$/;

/** `RbacV1Subject` as `Subject`. */
const plain = (model: string): string => model.replace(/^[A-Za-z]*?V1/, '');

/** The `x-kubernetes-` extensions of one field, as OpenAPI publishes them. */
export function fieldExtensions(model: string, field: string, type: string): JsonObject {
  if (!type.startsWith('Array<')) return {};
  if (SETS.includes(`${plain(model)}.${field}`)) {
    return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
  }
  const isConditions = field === 'conditions' && model.endsWith('Status');
  const [mergeKey, mapKeys = mergeKey] = (isConditions ? 'type' : LISTS[plain(model)]?.[field])?.split(':') ?? [];
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
  return ATOMIC.test(plain(model)) ? { 'x-kubernetes-map-type': 'atomic' } : {};
}
