/**
 * `metadata` is the same for every resource type: it is decoded, checked and kept from being changed here, and nowhere
 * else. Schemas see only what lies beside it.
 */
import { ApiError } from '../api-error.ts';
import { isObject, jsonEqual } from '../patch/json.ts';
import { labelValueProblems, qualifiedNameProblems } from '../selectors.ts';
import { apiVersionOf } from '../types.ts';
import type { FieldError, JsonObject, KubeObject, ObjectMeta, OwnerReference, ResourceType } from '../types.ts';
import { forbidden, immutable, invalid, required } from '../schema/field-error.ts';

type Shape = 'string' | 'int64' | 'map[string]string' | '[]string' | '[]object';

const metadataShapes: Readonly<Record<string, Shape>> = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  uid: 'string',
  resourceVersion: 'string',
  generation: 'int64',
  creationTimestamp: 'string',
  deletionTimestamp: 'string',
  deletionGracePeriodSeconds: 'int64',
  labels: 'map[string]string',
  annotations: 'map[string]string',
  finalizers: '[]string',
  ownerReferences: '[]object',
  managedFields: '[]object',
};

const maxAnnotationBytes = 256 * 1024;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const isString = (value: unknown): value is string => typeof value === 'string';

const shapeHolds: Readonly<Record<Shape, (value: unknown) => boolean>> = {
  string: isString,
  int64: Number.isSafeInteger,
  'map[string]string': (value) => isObject(value) && Object.values(value).every(isString),
  '[]string': (value) => Array.isArray(value) && value.every(isString),
  '[]object': (value) => Array.isArray(value) && value.every(isObject),
};

/**
 * Reads a body as an object of `type`: nulls in metadata count as absent, fields that metadata does not have are left
 * out and returned as `unknown`. Thrown when a field has the wrong type: 400, as a decoder's.
 */
export function decodeObject(body: JsonObject, type: ResourceType): { object: KubeObject; unknown: string[] } {
  checkGroupVersionKind(body, type);
  const { metadata = {}, ...rest } = body;
  const refuse = (why: string): ApiError =>
    ApiError.badRequest(
      `${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: ${why}`,
    );
  if (metadata !== null && !isObject(metadata)) throw refuse('json: cannot unmarshal metadata into an object');
  const meta: JsonObject = {};
  const unknown: string[] = [];
  for (const [field, value] of Object.entries(metadata ?? {})) {
    const shape = Object.hasOwn(metadataShapes, field) ? metadataShapes[field] : undefined;
    if (shape === undefined && field !== 'selfLink') unknown.push(`metadata.${field}`);
    if (shape === undefined || value === null) continue;
    if (!shapeHolds[shape](value)) {
      throw refuse(`json: cannot unmarshal into Go struct field ObjectMeta.metadata.${field} of type ${shape}`);
    }
    meta[field] = value;
  }
  for (const owner of (meta.ownerReferences ?? []) as JsonObject[]) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if (!isString((owner[field] ??= ''))) throw refuse(`metadata.ownerReferences.${field} is not a string`);
    }
  }
  const object = { ...rest, apiVersion: apiVersionOf(type), kind: type.kind, metadata: meta };
  return { object: object as JsonObject as KubeObject, unknown };
}

/** A body must be what the path says; for built-in types it may leave that to the path. Thrown when it is not: 400. */
function checkGroupVersionKind(body: JsonObject, type: ResourceType): void {
  const given = { kind: textOf(body.kind), apiVersion: textOf(body.apiVersion) };
  const expected = { kind: type.kind, apiVersion: apiVersionOf(type) };
  for (const [field, name] of [
    ['kind', 'kind'],
    ['apiVersion', 'API version'],
  ] as const) {
    if (given[field] === expected[field] || (given[field] === '' && type.builtIn)) continue;
    if (given[field] === '') {
      const missing = field === 'kind' ? 'Kind' : field;
      throw ApiError.badRequest(`Object '${missing}' is missing in '${JSON.stringify(body).slice(0, 200)}'`);
    }
    throw ApiError.badRequest(
      type.builtIn
        ? `${given.kind} in version ${JSON.stringify(given.apiVersion)} cannot be handled as a ${type.kind}`
        : `the ${name} in the data (${given[field]}) does not match the expected ${name} (${expected[field]})`,
    );
  }
}

const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const nameRules = {
  subdomain: {
    pattern: new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`),
    maxLength: 253,
    problem: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${dnsLabel}(\\.${dnsLabel})*')`,
  },
  label: {
    pattern: new RegExp(`^${dnsLabel}$`),
    maxLength: 63,
    problem: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${dnsLabel}')`,
  },
  service: {
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    maxLength: 63,
    problem: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  },
  path: {
    pattern: /^(?!\.{1,2}$)[^/%]+$/,
    maxLength: Number.POSITIVE_INFINITY,
    problem: "may not be '.' or '..' and may not contain '/' or '%'",
  },
} as const;

function nameRuleOf(type: ResourceType): keyof typeof nameRules {
  if (type.group === 'rbac.authorization.k8s.io') return 'path';
  if (type.builtIn && type.kind === 'Namespace') return 'label';
  return type.builtIn && type.kind === 'Service' ? 'service' : 'subdomain';
}

function nameErrors(name: string, type: ResourceType): FieldError[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const rule = nameRules[nameRuleOf(type)];
  const errors: FieldError[] = [];
  if (name.length > rule.maxLength) {
    errors.push(invalid('metadata.name', name, `must be no more than ${rule.maxLength} characters`));
  }
  if (!rule.pattern.test(name)) errors.push(invalid('metadata.name', name, rule.problem));
  return errors;
}

/** What is wrong with the metadata of a new object. */
export function validateMetadata(meta: ObjectMeta, type: ResourceType): FieldError[] {
  const errors = nameErrors(meta.name, type);
  for (const [key, value] of Object.entries(meta.labels ?? {})) {
    for (const problem of qualifiedNameProblems(key)) errors.push(invalid('metadata.labels', key, problem));
    for (const problem of labelValueProblems(value)) errors.push(invalid('metadata.labels', value, problem));
  }
  let annotationBytes = 0;
  for (const [key, value] of Object.entries(meta.annotations ?? {})) {
    annotationBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    for (const problem of qualifiedNameProblems(key.toLowerCase())) {
      errors.push(invalid('metadata.annotations', key, problem));
    }
  }
  if (annotationBytes > maxAnnotationBytes) {
    const message = `Too long: may not be more than ${maxAnnotationBytes} bytes`;
    errors.push({ reason: 'FieldValueTooLong', field: 'metadata.annotations', message });
  }
  for (const [index, finalizer] of (meta.finalizers ?? []).entries()) {
    for (const problem of qualifiedNameProblems(finalizer)) {
      errors.push(invalid(`metadata.finalizers[${index}]`, finalizer, problem));
    }
  }
  return [...errors, ...ownerErrors(meta.ownerReferences ?? [])];
}

function ownerErrors(owners: readonly OwnerReference[]): FieldError[] {
  const errors = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => owner[field] === '')
      .map((field) =>
        invalid(
          `metadata.ownerReferences[${index}].${field}`,
          '',
          `${field === 'apiVersion' ? 'version' : field} must not be empty`,
        ),
      ),
  );
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const names = controllers.map((owner) => `${owner.kind}/${owner.name}`).join(' and ');
    const why = `Only one reference can have Controller set to true. Found "true" in references for ${names}`;
    errors.push(invalid('metadata.ownerReferences', controllers[0]?.name, why));
  }
  return errors;
}

/** What is wrong with the metadata of `after`, given what it replaces. */
export function validateMetadataUpdate(after: ObjectMeta, before: ObjectMeta, type: ResourceType): FieldError[] {
  const errors = validateMetadata({ ...after, name: before.name }, type);
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if (after[field] !== before[field]) errors.push(immutable(`metadata.${field}`, after[field]));
  }
  const added = (after.finalizers ?? []).filter((finalizer) => before.finalizers?.includes(finalizer) !== true);
  if (before.deletionTimestamp !== undefined && added.length > 0) {
    const found = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(', ')}}`;
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${found}`;
    errors.push(forbidden('metadata.finalizers', why));
  }
  return errors;
}

const serverFields = [
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'uid',
  'resourceVersion',
] as const;

/** Undoes what a client did to the fields that are the server's. */
export function keepServerFields(after: ObjectMeta, before: ObjectMeta): void {
  for (const field of serverFields) {
    if (before[field] === undefined) Reflect.deleteProperty(after, field);
    else Object.assign(after, { [field]: before[field] });
  }
}

const withoutTimes = (meta: ObjectMeta): JsonObject => ({
  ...meta,
  managedFields: meta.managedFields?.map((entry) => ({ ...entry, time: '' })),
});

/** Whether storing `after` would change anything but the times in managedFields. */
export function sameObject(after: KubeObject, before: KubeObject): boolean {
  const { metadata: afterMeta, ...afterRest } = after;
  const { metadata: beforeMeta, ...beforeRest } = before;
  return jsonEqual(afterRest, beforeRest) && jsonEqual(withoutTimes(afterMeta), withoutTimes(beforeMeta));
}

/**
 * Whether anything that `metadata.generation` counts differs: all but metadata, and the status where that has its own
 * subresource.
 */
export function sameSpec(after: KubeObject, before: KubeObject, type: ResourceType): boolean {
  const counted = ({ status, ...rest }: KubeObject): JsonObject => ({
    ...rest,
    metadata: undefined,
    status: type.subresources.status ? undefined : status,
  });
  return jsonEqual(counted(after), counted(before));
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A name from `generateName`, as clients expect it: the base, cut to leave room for a label, and five characters. */
export function generateName(base: string): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  const suffix = [...random].map((byte) => suffixAlphabet[byte % suffixAlphabet.length]).join('');
  return base.slice(0, 58) + suffix;
}
