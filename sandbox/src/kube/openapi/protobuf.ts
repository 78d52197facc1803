/**
 * OpenAPI v2 in the protobuf form of gnostic (`openapi.v2.Document`), the only form in which kubectl and helm read it.
 * The messages below are the part of gnostic's that these clients look at; names and numbers are those of its
 * `OpenAPIv2.proto`. JSON maps become repeated name-and-value pairs, and extensions carry their value as YAML, of which
 * JSON is a part.
 */
import protobuf from 'protobufjs';
import { isObject } from '../schema/model.ts';
import type { JsonObject } from '../types.ts';

const PROTO = `
  syntax = "proto3";
  message Document { string swagger = 1; Info info = 2; Paths paths = 8; Definitions definitions = 9; }
  message Info { string title = 1; string version = 2; }
  message Paths {}
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Definitions { repeated NamedSchema additional_properties = 1; }
  message NamedSchema { string name = 1; Schema value = 2; }
  message Schema {
    string _ref = 1; string format = 2; string description = 4; repeated string required = 19; repeated Any enum = 20;
    AdditionalProperties additional_properties = 21; Type type = 22; Items items = 23; Definitions properties = 25;
    repeated NamedAny vendor_extension = 31;
  }
  message AdditionalProperties { Schema schema = 1; bool boolean = 2; }
  message Type { repeated string value = 1; }
  message Items { repeated Schema schema = 1; }
`;
const Document = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Document');

/** Encodes the definitions of a document that {@link openApiV2} made. */
export function openApiV2Protobuf({ swagger, info, definitions }: JsonObject): Uint8Array {
  return Document.encode(Document.fromObject({ swagger, info, paths: {}, definitions: named(definitions) })).finish();
}

const any = (value: unknown): JsonObject => ({ yaml: `${JSON.stringify(value)}\n` });

function named(schemas: unknown): JsonObject {
  const entries = isObject(schemas) ? Object.entries(schemas) : [];
  return {
    additional_properties: entries.map(([name, value]) => ({ name, value: isObject(value) ? schema(value) : {} })),
  };
}

function schema({ $ref, type, format, description, required, items, properties, ...rest }: JsonObject): JsonObject {
  const extensions = Object.entries(rest).filter(([name]) => name.startsWith('x-'));
  const { additionalProperties: values } = rest;
  return {
    _ref: $ref,
    format,
    description,
    required,
    ...(type === undefined ? {} : { type: { value: [type] } }),
    ...(Array.isArray(rest.enum) ? { enum: rest.enum.map(any) } : {}),
    ...(isObject(items) ? { items: { schema: [schema(items)] } } : {}),
    ...(properties === undefined ? {} : { properties: named(properties) }),
    ...(values === undefined
      ? {}
      : { additional_properties: isObject(values) ? { schema: schema(values) } : { boolean: values } }),
    vendor_extension: extensions.map(([name, value]) => ({ name, value: any(value) })),
  };
}
