/**
 * `metadata.managedFields`: which manager owns which fields. A write that is not an apply takes what it changes away
 * from everybody else. Fields that every object has, and those the server sets, belong to nobody.
 */
import {
  apiVersionOf,
  type JsonObject,
  type KubeObject,
  type ManagedFieldsEntry,
  type ResourceType,
} from '../types.ts';
import { decodeFields, encodeFields, minus, union, type FieldSet } from './field-set.ts';
import { difference, fieldsOf } from './fields.ts';
import { fieldOf, isObject, listOf, textOf } from './json.ts';
import { pathOf, rootSchema } from './shape.ts';

export interface Owner extends Omit<ManagedFieldsEntry, 'fieldsType' | 'fieldsV1' | 'time' | 'subresource'> {
  subresource: string;
  time: string | undefined;
  fields: FieldSet;
}

const SERVER_METADATA =
  'name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp ' +
  'deletionGracePeriodSeconds managedFields';
const UNOWNED: FieldSet = new Set([
  ...['f:apiVersion', 'f:kind', 'f:metadata'],
  ...SERVER_METADATA.split(' ').map((field) => pathOf('f:metadata', `f:${field}`)),
]);

export const ownable = (fields: FieldSet): Set<string> => minus(fields, UNOWNED);

/** Appliers stay the same manager across versions, others do not. */
export function isSameOwner(one: Owner, other: Owner): boolean {
  const fields = ['manager', 'operation', 'subresource', ...(one.operation === 'Apply' ? [] : ['apiVersion'])] as const;
  return fields.every((field) => fieldOf(one, field) === fieldOf(other, field));
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

/** Sets `metadata.managedFields` to those that own anything, in the order of a real server, or removes it; in place. */
export function storeOwners(object: { metadata: JsonObject | KubeObject['metadata'] }, owners: readonly Owner[]): void {
  const rank = ({ operation, time = '', manager, apiVersion, subresource }: Owner): string =>
    [operation, time, manager, apiVersion, subresource].join('\0');
  const entries: ManagedFieldsEntry[] = owners
    .filter(({ fields }) => fields.size > 0)
    .sort((one, other) => (rank(one) < rank(other) ? -1 : 1))
    .map(({ manager, operation, apiVersion, time, fields, subresource }) => ({
      ...{ manager, operation, apiVersion },
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: encodeFields(fields),
      ...(subresource === '' ? {} : { subresource }),
    }));
  if (entries.length === 0) Reflect.deleteProperty(object.metadata, 'managedFields');
  else object.metadata.managedFields = entries;
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
  const schema = rootSchema(type);
  const change = difference(fieldsOf(before, schema), fieldsOf(after, schema), { valueTypes: type.builtIn });
  const taken = ownable(change.changed);
  const apiVersion = apiVersionOf(type);
  const self: Owner = { manager, operation: 'Update', apiVersion, subresource, time: now, fields: taken };
  const known = owners.find((owner) => isSameOwner(owner, self));
  const others = owners
    .filter((owner) => owner !== known)
    .map((owner) => ({ ...owner, fields: minus(owner.fields, taken, change.removed) }));
  if (known === undefined) return [...others, self];
  const fields = union(minus(known.fields, change.removed), taken);
  return [...others, { ...known, fields, time: taken.size > 0 ? now : known.time }];
}

const isReset = (entries: unknown): boolean =>
  Array.isArray(entries) && entries.length === 1 && isObject(entries[0]) && Object.keys(entries[0]).length === 0;
