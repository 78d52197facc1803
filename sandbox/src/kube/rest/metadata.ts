/**
 * `metadata` is the same for every resource type: it is decoded, checked and kept from being changed here, and nowhere
 * else. Schemas see only what lies beside it.
 */
import { ApiError } from '../api-error.ts';
import { isObject, jsonEqual, textOf } from '../patch/json.ts';
import { labelValueProblems, qualifiedNameProblems } from '../selectors.ts';
import { apiVersionOf } from '../types.ts';
import type { FieldError, JsonObject, KubeObject, ObjectMeta, ResourceType } from '../types.ts';
import { forbidden, immutable, invalid, required, tooLong } from '../schema/field-error.ts';

const maxAnnotationBytes = 256 * 1024;

const isString = (value: unknown): value is string => typeof value === 'string';
const isTextMap = (value: unknown): boolean => isObject(value) && Object.values(value).every(isString);
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isObjectList = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

const metadataShapes: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['name', isString],
  ['generateName', isString],
  ['namespace', isString],
  ['uid', isString],
  ['resourceVersion', isString],
  ['generation', Number.isSafeInteger],
  ['creationTimestamp', isString],
  ['deletionTimestamp', isString],
  ['deletionGracePeriodSeconds', Number.isSafeInteger],
  ['labels', isTextMap],
  ['annotations', isTextMap],
  ['finalizers', isTextList],
  ['ownerReferences', isObjectList],
  ['managedFields', isObjectList],
]);

/** A body that cannot be read as an object of the type: 400, as a decoder's. */
export const unreadable = ({ kind, version }: ResourceType, why: string): ApiError =>
  ApiError.badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);

/**
 * Reads a body as an object of `type`: nulls in metadata count as absent, fields that metadata does not have are left
 * out and returned as `unknown`. Thrown when a field has the wrong type: 400.
 */
export function decodeObject(body: JsonObject, type: ResourceType): { object: KubeObject; unknown: string[] } {
  checkGroupVersionKind(body, type);
  const { metadata = {}, ...rest } = body;
  if (metadata !== null && !isObject(metadata)) throw unreadable(type, 'json: cannot unmarshal metadata');
  const meta: JsonObject = {};
  const unknown: string[] = [];
  for (const [field, value] of Object.entries(metadata ?? {})) {
    const holds = metadataShapes.get(field);
    if (holds === undefined && field !== 'selfLink') unknown.push(`metadata.${field}`);
    if (holds === undefined || value === null) continue;
    if (!holds(value)) {
      throw unreadable(type, `json: cannot unmarshal into Go struct field ObjectMeta.metadata.${field}`);
    }
    meta[field] = value;
  }
  for (const owner of (meta.ownerReferences ?? []) as JsonObject[]) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid']) {
      if (!isString((owner[field] ??= ''))) throw unreadable(type, `metadata.ownerReferences.${field} is not a string`);
    }
  }
  const object = { ...rest, apiVersion: apiVersionOf(type), kind: type.kind, metadata: meta };
  return { object: object as JsonObject as KubeObject, unknown };
}

/** A body must be what the path says; for built-in types it may leave that to the path. Thrown when it is not: 400. */
function checkGroupVersionKind(body: JsonObject, type: ResourceType): void {
  const expected = { kind: type.kind, apiVersion: apiVersionOf(type) };
  for (const field of ['kind', 'apiVersion'] as const) {
    const given = textOf(body, field);
    if (given === expected[field] || (given === '' && type.builtIn)) continue;
    if (given === '') throw ApiError.badRequest(`Object '${field === 'kind' ? 'Kind' : field}' is missing in the body`);
    if (type.builtIn) {
      const { kind = '', apiVersion = '' } = body;
      throw ApiError.badRequest(
        `${String(kind)} in version "${String(apiVersion)}" cannot be handled as a ${type.kind}`,
      );
    }
    const name = field === 'kind' ? field : 'API version';
    throw ApiError.badRequest(
      `the ${name} in the data (${given}) does not match the expected ${name} (${expected[field]})`,
    );
  }
}

const dnsLabel = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const consists =
  "must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
interface NameRule {
  pattern: RegExp;
  maxLength: number;
  problem: string;
}
const subdomain: NameRule = {
  pattern: new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`),
  maxLength: 253,
  problem: `a lowercase RFC 1123 subdomain ${consists}`,
};
const label: NameRule = { pattern: new RegExp(`^${dnsLabel}$`), maxLength: 63, problem: 'must be a DNS label' };
const pathSegment: NameRule = {
  pattern: /^(?!\.{1,2}$)[^/%]+$/,
  maxLength: Infinity,
  problem: "may not be '.' or '..' and may not contain '/' or '%'",
};

function nameRuleOf({ group, kind, builtIn }: ResourceType): NameRule {
  if (group === 'rbac.authorization.k8s.io') return pathSegment;
  return builtIn && (kind === 'Namespace' || kind === 'Service') ? label : subdomain;
}

function nameErrors(name: string, type: ResourceType): FieldError[] {
  if (name === '') return [required('metadata.name', 'name or generateName is required')];
  const { pattern, maxLength, problem } = nameRuleOf(type);
  if (name.length > maxLength) {
    return [invalid('metadata.name', name, `must be no more than ${maxLength} characters`)];
  }
  return pattern.test(name) ? [] : [invalid('metadata.name', name, problem)];
}

/** What is wrong with the metadata of a new object. */
export function validateMetadata(meta: ObjectMeta, type: ResourceType): FieldError[] {
  const { labels = {}, annotations = {}, finalizers = [], ownerReferences = [] } = meta;
  const errors = nameErrors(meta.name, type);
  const check = (field: string, values: readonly string[], problemsOf: (value: string) => string[]): void => {
    for (const value of values) {
      errors.push(...problemsOf(value).map((problem) => invalid(`metadata.${field}`, value, problem)));
    }
  };
  check('labels', Object.keys(labels), qualifiedNameProblems);
  check('labels', Object.values(labels), labelValueProblems);
  check('annotations', Object.keys(annotations), (key) => qualifiedNameProblems(key.toLowerCase()));
  check('finalizers', finalizers, qualifiedNameProblems);
  if (Buffer.byteLength(Object.entries(annotations).flat().join('')) > maxAnnotationBytes) {
    errors.push(tooLong('metadata.annotations', maxAnnotationBytes));
  }
  for (const [index, owner] of ownerReferences.entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (owner[field] !== '') continue;
      errors.push(invalid(`metadata.ownerReferences[${index}].${field}`, '', 'must not be empty'));
    }
  }
  if (ownerReferences.filter((owner) => owner.controller === true).length > 1) {
    const why = 'Only one reference can have Controller set to true';
    errors.push(invalid('metadata.ownerReferences', ownerReferences, why));
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
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${added.join()}`;
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
