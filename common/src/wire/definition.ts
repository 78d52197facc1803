/**
 * The contracts of `proto/` as the wire library serves them, from the generated descriptor: no process reads files for them. What
 * is written is what proto-loader writes, and so valid protobuf; the types of `generated/` say what is read.
 */
import { fromJSON, type MessageTypeDefinition, type Options, type PackageDefinition } from '@grpc/proto-loader';
import { DESCRIPTOR } from './generated/descriptor.ts';
import type { ErrorDetail } from './generated/errors-v1.ts';

interface Descriptor {
  readonly nested?: Readonly<Record<string, Descriptor>>;
  readonly fields?: object;
  readonly oneofs?: Readonly<Record<string, { readonly oneof: readonly string[] }>>;
}

/** google.rpc.Status, of which no package of ours makes types. */
export interface RichStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly typeUrl: string; readonly value: Uint8Array }[];
}

/** What the generated types rest on. A 64-bit number that no number holds is rounded, and then no safe integer. */
const OPTIONS: Options = { longs: Number, enums: String, defaults: true, oneofs: true };

const definition = load(camelCased(DESCRIPTOR as Descriptor));

/** Thrown for a name that proto/ does not have: it is a bug. */
export function definitionOf(name: string): PackageDefinition[string] {
  const found = definition[name];
  if (found === undefined) throw new TypeError(`proto/ has no ${name}`);
  return found;
}

export const errorDetailType = definitionOf('couchestor.errors.v1.ErrorDetail') as unknown as MessageTypeDefinition<
  ErrorDetail,
  ErrorDetail
>;

export const richStatusType = definitionOf('google.rpc.Status') as unknown as MessageTypeDefinition<
  RichStatus,
  RichStatus
>;

/** With the names that proto/ has: for the reflection service, and for nothing that sends messages. */
export function reflectedDefinition(): PackageDefinition {
  return load(DESCRIPTOR);
}

function load(descriptor: object): PackageDefinition {
  return fromJSON(descriptor, OPTIONS);
}

/** Fields and oneofs under the names that the generated types have. */
function camelCased({ nested, fields, oneofs, ...rest }: Descriptor): Descriptor {
  return {
    ...rest,
    ...(nested === undefined ? {} : { nested: mapped(nested, (name) => name, camelCased) }),
    ...(fields === undefined ? {} : { fields: mapped({ ...fields }, camelCase, (field) => field) }),
    ...(oneofs === undefined
      ? {}
      : { oneofs: mapped(oneofs, camelCase, ({ oneof }) => ({ oneof: oneof.map(camelCase) })) }),
  };
}

function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  nameOf: (name: string) => string,
  valueOf: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [nameOf(name), valueOf(value)]));
}

function camelCase(name: string): string {
  return name.replace(/(?!^)_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
