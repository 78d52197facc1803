/** The part of `metadata` that CoucheStor looks at. The API server owns it and has validated it; only its types are checked. */
import { GROUP_VERSION } from './names.ts';
import { list, map, object, optional, required, withDefault, type Reader } from './reader.ts';
import { boolean, integer, MAX_EXACT_INTEGER, oneOf, text } from './scalars.ts';

export interface ObjectOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

/** An object that was never stored has no uid, resourceVersion, generation and creationTimestamp. */
export interface ObjectMetadata<Name extends string = string> {
  readonly name: Name;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly ownerReferences: readonly ObjectOwner[];
}

/** The API server bounds the whole object; these bounds only keep the loops here finite. */
const MAX_ENTRIES = 10_000;
const anyText = text({ max: 1_048_576 });

const owner: Reader<ObjectOwner> = object({
  apiVersion: required(anyText),
  kind: required(anyText),
  name: required(anyText),
  uid: required(anyText),
  controller: optional(boolean),
});

export function objectMetadata<Name extends string>(name: Reader<Name>): Reader<ObjectMetadata<Name>> {
  return object({
    name: required(name),
    uid: optional(anyText),
    resourceVersion: optional(anyText),
    generation: optional(integer(0, MAX_EXACT_INTEGER)),
    creationTimestamp: optional(anyText),
    deletionTimestamp: optional(anyText),
    labels: withDefault(map(anyText, { maxEntries: MAX_ENTRIES }), {}),
    annotations: withDefault(map(anyText, { maxEntries: MAX_ENTRIES }), {}),
    finalizers: withDefault(list(anyText, { maxItems: MAX_ENTRIES }), []),
    ownerReferences: withDefault(list(owner, { maxItems: MAX_ENTRIES }), []),
  });
}

/** What every document starts with. */
export const typeMeta = <const Kind extends string>(kind: Kind) =>
  ({ apiVersion: required(oneOf(GROUP_VERSION)), kind: required(oneOf(kind)) }) as const;
