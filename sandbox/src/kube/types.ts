/**
 * The nouns of the sandbox API server. Everything is generic over resource types: a built-in type and a custom one
 * differ only in where their {@link ResourceType} comes from.
 */

/** A JSON object whose values are not known to the type system. */
export type JsonObject = Record<string, unknown>;

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One entry of `metadata.managedFields`; `fieldsV1` is the FieldsV1 trie of the Kubernetes API conventions. */
export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: JsonObject;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
}

/** A stored object. Values taken out of the store are shared and frozen by convention: clone before changing one. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** A group and the plural name of a resource: what RBAC names and the store keys by, whatever the version. */
export interface GroupResource {
  group: string;
  resource: string;
}

export interface PrinterColumn {
  name: string;
  type: 'integer' | 'number' | 'string' | 'boolean' | 'date';
  format?: string;
  description?: string;
  /** 0 is shown always, anything above only by `-o wide`. */
  priority?: number;
  jsonPath: string;
}

/** A problem at one field, in the words of `field.Error` of the Kubernetes API machinery. */
export interface FieldError {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid';
  /** As kubectl prints it: `spec.hotPoolSelector.matchLabels[tier]`; `<nil>` for the root. */
  field: string;
  /** Without the field: `Invalid value: -1: should be greater than or equal to 0`. */
  message: string;
}

/** A structural schema, ready to work on objects. */
export interface CompiledSchema {
  /** The schema as OpenAPI publishes it. */
  readonly openapi: JsonObject;
  /** Removes unspecified fields in place and returns their paths; metadata, apiVersion and kind are left alone. */
  prune(object: JsonObject): string[];
  /** Sets defaults in place. */
  applyDefaults(object: JsonObject): void;
  /** Types, bounds, and CEL rules; rules that name `oldSelf` run only when `old` is given. */
  validate(object: JsonObject, old?: JsonObject): FieldError[];
}

export const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;
export type Verb = (typeof allVerbs)[number];

/** One served version of a resource. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** The version objects are stored in; conversion between versions rewrites `apiVersion` alone (strategy None). */
  readonly storageVersion: string;
  readonly subresources: { readonly status: boolean };
  readonly verbs: readonly Verb[];
  /** Whether `metadata.generation` counts changes outside metadata and status. */
  readonly hasGeneration: boolean;
  readonly printerColumns: readonly PrinterColumn[];
  readonly schema?: CompiledSchema;
  /** JSON paths, beside metadata.name and metadata.namespace, that a field selector may name. */
  readonly selectableFields: readonly string[];
  /** Strategic merge patch is for built-in types only. */
  readonly builtIn: boolean;
}

export interface UserInfo {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
}

/** What an authorizer decides on: a resource request, or a bare path such as `/version`. */
export type RequestAttributes =
  | ({ kind: 'resource'; verb: string } & Record<'group' | 'resource' | 'subresource' | 'namespace' | 'name', string>)
  | { kind: 'path'; verb: string; path: string };

/** `group/version`, or `v1` for the core group. */
export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** RFC 3339 with seconds, as metav1.Time is written. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
