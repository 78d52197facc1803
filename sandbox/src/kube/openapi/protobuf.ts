/**
 * OpenAPI v2 in the protobuf form of gnostic (`openapi.v2.Document`), the only form in which kubectl and helm read it.
 * The messages below are the part of gnostic's that the sandbox writes; names and numbers are those of its
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
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Definitions { repeated NamedSchema additional_properties = 1; }
  message NamedSchema { string name = 1; Schema value = 2; }
  message Paths { repeated NamedPathItem path = 2; }
  message NamedPathItem { string name = 1; PathItem value = 2; }
  message PathItem {
    Operation get = 2; Operation put = 3; Operation post = 4; Operation delete = 5; Operation patch = 8;
    repeated ParametersItem parameters = 9;
  }
  message Operation {
    repeated ParametersItem parameters = 8; Responses responses = 9; repeated NamedAny vendor_extension = 13;
  }
  message ParametersItem { Parameter parameter = 1; }
  message Parameter { NonBodyParameter non_body_parameter = 2; }
  message NonBodyParameter { QueryParameter query_parameter_sub_schema = 3; PathParameter path_parameter_sub_schema = 4; }
  message QueryParameter { string in = 2; string name = 4; string type = 6; }
  message PathParameter { bool required = 1; string in = 2; string name = 4; string type = 5; }
  message Responses { repeated NamedResponseValue response_code = 1; }
  message NamedResponseValue { string name = 1; ResponseValue value = 2; }
  message ResponseValue { Response response = 1; }
  message Response { string description = 1; }
  message Schema {
    string _ref = 1; string format = 2; string title = 3; string description = 4; Any default = 5;
    double multiple_of = 6; double maximum = 7; bool exclusive_maximum = 8; double minimum = 9;
    bool exclusive_minimum = 10; int64 max_length = 11; int64 min_length = 12; string pattern = 13;
    int64 max_items = 14; int64 min_items = 15; int64 max_properties = 17; int64 min_properties = 18;
    repeated string required = 19; repeated Any enum = 20; AdditionalPropertiesItem additional_properties = 21;
    TypeItem type = 22; ItemsItem items = 23; Definitions properties = 25; repeated NamedAny vendor_extension = 31;
  }
  message AdditionalPropertiesItem { Schema schema = 1; bool boolean = 2; }
  message TypeItem { repeated string value = 1; }
  message ItemsItem { repeated Schema schema = 1; }
`;
const Document = protobuf.parse(PROTO, { keepCase: true }).root.lookupType('Document');

/** Keywords that keep their value and only change case, such as `maxLength`. */
const PLAIN = (
  'format title description multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength ' +
  'pattern maxItems minItems maxProperties minProperties required'
).split(' ');

/** Encodes a document that {@link openApiV2} made. */
export function openApiV2Protobuf(document: JsonObject): Uint8Array {
  const message = {
    swagger: document.swagger,
    info: document.info,
    paths: { path: named(document.paths, pathItem) },
    definitions: { additional_properties: named(document.definitions, schema) },
  };
  return Document.encode(Document.fromObject(message)).finish();
}

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? (value as unknown[]).filter(isObject) : []);
const any = (value: unknown): JsonObject => ({ yaml: `${JSON.stringify(value)}\n` });

function named(map: unknown, convert: (value: JsonObject) => JsonObject): JsonObject[] {
  const entries = isObject(map) ? Object.entries(map) : [];
  return entries.map(([name, value]) => ({ name, value: convert(isObject(value) ? value : {}) }));
}

function extensions(object: JsonObject): JsonObject {
  const entries = Object.entries(object).filter(([name]) => name.startsWith('x-'));
  return { vendor_extension: entries.map(([name, value]) => ({ name, value: any(value) })) };
}

function pathItem(item: JsonObject): JsonObject {
  const { parameters, ...operations } = item;
  const entries = Object.entries(operations).map(([method, value]) => [
    method,
    isObject(value) ? operation(value) : {},
  ]);
  return { ...(Object.fromEntries(entries) as JsonObject), parameters: objects(parameters).map(parameter) };
}

function operation(value: JsonObject): JsonObject {
  const codes = named(value.responses, ({ description }) => ({ response: { description } }));
  const parameters = objects(value.parameters).map(parameter);
  return { parameters, responses: { response_code: codes }, ...extensions(value) };
}

function parameter(value: JsonObject): JsonObject {
  const kind = value.in === 'path' ? 'path_parameter_sub_schema' : 'query_parameter_sub_schema';
  return { parameter: { non_body_parameter: { [kind]: value } } };
}

function schema(value: JsonObject): JsonObject {
  const result: JsonObject = extensions(value);
  for (const keyword of PLAIN) {
    if (value[keyword] !== undefined)
      result[keyword.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value[keyword];
  }
  const { $ref, type, items, properties, additionalProperties } = value;
  if ($ref !== undefined) result._ref = $ref;
  if (type !== undefined) result.type = { value: [type] };
  if (value.default !== undefined) result.default = any(value.default);
  if (Array.isArray(value.enum)) result.enum = value.enum.map(any);
  if (isObject(items)) result.items = { schema: [schema(items)] };
  if (isObject(properties)) result.properties = { additional_properties: named(properties, schema) };
  if (isObject(additionalProperties)) result.additional_properties = { schema: schema(additionalProperties) };
  else if (additionalProperties !== undefined) result.additional_properties = { boolean: additionalProperties };
  return result;
}
