/**
 * `metadata.managedFields`: which manager owns which fields. A write that is not an apply takes what it changes away
 * from everybody else. Fields that every object has, and those the server sets, belong to nobody.
 */
import type { JsonObject, KubeObject, ManagedFieldsEntry, ResourceType } from '../types.ts';
import { apiVersionOf } from '../types.ts';
import { decodeFields, encodeFields, minus, sameSet, union, type FieldSet } from './field-set.ts';
import { fieldOf, isObject, listOf, textOf } from './json.ts';
import { rootSchema } from './shape.ts';
import { compareFields } from './typed.ts';

export interface Owner {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

const SERVER_METADATA = 'name generateName namespace selfLink uid resourceVersion generation creationTimestamp'.split(
  ' ',
);
const UNOWNED: FieldSet = new Set([
  ...['f:apiVersion', 'f:kind', 'f:metadata'],
  ...[...SERVER_METADATA, 'deletionTimestamp', 'deletionGracePeriodSeconds', 'managedFields'].map(
    (field) => `f:metadata\0f:${field}`,
  ),
]);

export const ownable = (fields: FieldSet): Set<string> => minus(fields, UNOWNED);

/** Appliers stay the same manager across versions, others do not. */
export function isSameOwner(one: Owner, other: Owner): boolean {
  return (
    one.manager === other.manager &&
    one.operation === other.operation &&
    one.subresource === other.subresource &&
    (one.operation === 'Apply' || one.apiVersion === other.apiVersion)
  );
}

/** Undefined when any entry is malformed. */
export function decodeOwners(entries: unknown): Owner[] | undefined {
  const owners: Owner[] = [];
  for (const entry of listOf(entries)) {
    const fields = decodeFields(fieldOf(entry, 'fieldsV1'));
    const operation = textOf(entry, 'operation');
    if (fields === undefined || (operation !== 'Apply' && operation !== 'Update')) return undefined;
    const [manager, apiVersion] = [textOf(entry, 'manager'), textOf(entry, 'apiVersion')];
    const subresource = textOf(entry, 'subresource');
    owners.push({ manager, operation, apiVersion, subresource, time: textOf(entry, 'time') || undefined, fields });
  }
  return owners;
}

/** Entries of the owners that own anything, in the order of a real server; undefined when there are none. */
export function encodeOwners(owners: readonly Owner[]): ManagedFieldsEntry[] | undefined {
  const rank = (owner: Owner): string[] => [
    owner.operation,
    owner.time ?? '',
    owner.manager,
    owner.apiVersion,
    owner.subresource,
  ];
  const entries = owners
    .filter(({ fields }) => fields.size > 0)
    .sort((one, other) => {
      const [left, right] = [rank(one), rank(other)];
      const index = left.findIndex((value, position) => value !== right[position]);
      return index < 0 ? 0 : (left[index] ?? '') < (right[index] ?? '') ? -1 : 1;
    })
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1' as const,
      fieldsV1: encodeFields(fields),
      ...(subresource === '' ? {} : { subresource }),
    }));
  return entries.length === 0 ? undefined : entries;
}

export interface TrackInput {
  /** Undefined for a create. */
  before: KubeObject | undefined;
  after: KubeObject;
  manager: string;
  type: ResourceType;
  subresource: string;
  now: string;
}

/**
 * Records in `after.metadata.managedFields` (changed in place) what a write other than an apply changed. A client may
 * set the field itself, or clear it with one empty entry, after which nothing is tracked until the next apply; an
 * empty list or a malformed one leaves it as it was.
 */
export function trackManagedFields(input: TrackInput): void {
  const { before, after, subresource } = input;
  const given = subresource === '' ? after.metadata.managedFields : before?.metadata.managedFields;
  let owners: Owner[] = [];
  if (before === undefined || !isReset(given)) {
    owners = decodeOwners(given) ?? [];
    if (owners.length === 0) owners = decodeOwners(before?.metadata.managedFields) ?? [];
    if (before === undefined || owners.length > 0) owners = ownersAfterUpdate(owners, input);
  }
  storeOwners(after, owners);
}

function ownersAfterUpdate(
  owners: readonly Owner[],
  { before, after, manager, type, subresource, now }: TrackInput,
): Owner[] {
  const options = { schema: rootSchema(type), valueTypes: type.builtIn };
  const { added, removed, modified } = compareFields(before ?? {}, after, options);
  const taken = ownable(union(added, modified));
  const apiVersion = apiVersionOf(type);
  const self: Owner = { manager, operation: 'Update', apiVersion, subresource, time: now, fields: taken };
  const known = owners.find((owner) => isSameOwner(owner, self));
  const others = owners
    .filter((owner) => owner !== known)
    .map((owner) => ({ ...owner, fields: minus(minus(owner.fields, taken), removed) }));
  if (known === undefined) return [...others, self];
  const fields = union(minus(known.fields, removed), taken);
  return [...others, { ...known, fields, time: taken.size > 0 ? now : known.time }];
}

/** Sets or removes `metadata.managedFields`, in place. */
export function storeOwners(object: { metadata: JsonObject | KubeObject['metadata'] }, owners: readonly Owner[]): void {
  const entries = encodeOwners(owners);
  if (entries === undefined) Reflect.deleteProperty(object.metadata, 'managedFields');
  else object.metadata.managedFields = entries;
}

const isReset = (entries: unknown): boolean =>
  Array.isArray(entries) && entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0;

/** Whether the owner is unchanged but for its time. */
export const ownsTheSame = (one: Owner | undefined, other: Owner): boolean =>
  one?.apiVersion === other.apiVersion && sameSet(one.fields, other.fields);
