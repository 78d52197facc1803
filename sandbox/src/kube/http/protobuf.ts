/**
 * Bodies in Kubernetes' protobuf form, which kubectl and helm write through their typed clients; they take JSON as the
 * answer. The messages are those that these clients send, with the names and numbers of Kubernetes' API. A message is
 * read completely or refused: a field that messages.proto does not list is an error, never a loss.
 */
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { ApiError } from '../api-error.ts';
import { timestamp } from '../types.ts';
import type { JsonObject } from '../types.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

/** What stands before the envelope. */
const magic = Buffer.from('k8s\0');
const messages = protobuf.loadSync(join(import.meta.dirname, 'messages.proto'));

/** Messages whose JSON is not an object; undefined is no value. */
const wellKnown: Readonly<Record<string, (message: JsonObject) => unknown>> = {
  Time: ({ seconds }) => (seconds === undefined ? undefined : timestamp(Number(seconds) * 1000)),
  Quantity: ({ string }) => string ?? '0',
  IntOrString: ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? '') : (intVal ?? 0)),
  FieldsV1: ({ Raw }) => JSON.parse(Buffer.from(String(Raw), 'base64').toString('utf8')) as unknown,
};

const unreadable = (what: string): ApiError =>
  ApiError.unsupportedMediaType(`${what} is not read from protobuf - accepted media types include: application/json`);

/** Thrown for a kind or a field that is not known here: 415; for broken bytes: 400. */
export function decodeProtobuf(body: Buffer): JsonObject {
  try {
    if (!body.subarray(0, magic.length).equals(magic)) throw new Error('no Kubernetes message');
    const { typeMeta, raw = '' } = decode(messages.lookupType('Unknown'), body.subarray(magic.length));
    const { apiVersion = '', kind = '' } = (typeMeta ?? {}) as { apiVersion?: string; kind?: string };
    const type = messages.get(kind);
    if (!(type instanceof protobuf.Type)) throw unreadable(`kind ${kind}`);
    return { apiVersion, kind, ...decode(type, Buffer.from(String(raw), 'base64')) };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw ApiError.badRequest('the body is not a well-formed protobuf message');
  }
}

function decode(type: protobuf.Type, bytes: Uint8Array): JsonObject {
  const reader = protobuf.Reader.create(bytes);
  const message: JsonObject = {};
  while (reader.pos < reader.len) {
    const id = reader.uint32() >>> 3;
    const field = type.fieldsById[id]?.resolve();
    if (field === undefined) throw unreadable(`field ${id} of ${type.name}`);
    if (field instanceof protobuf.MapField) {
      message[field.name] = {
        ...(message[field.name] as JsonObject | undefined),
        ...decodeEntry(field, reader.bytes()),
      };
      continue;
    }
    const value = decodeValue(field, reader);
    if (field.repeated) ((message[field.name] ??= []) as unknown[]).push(value);
    else if (field.options?.proto3_optional === true || !isZero(value)) message[field.name] = value;
  }
  return message;
}

function decodeEntry(field: protobuf.MapField, bytes: Uint8Array): JsonObject {
  const reader = protobuf.Reader.create(bytes);
  let key = '';
  let value: unknown = '';
  while (reader.pos < reader.len) {
    if (reader.uint32() >>> 3 === 1) key = reader.string();
    else value = decodeValue(field, reader);
  }
  // A computed key stays an own field, whatever it is called.
  return { [key]: value };
}

function decodeValue(field: protobuf.FieldBase, reader: protobuf.Reader): unknown {
  if (field.resolvedType instanceof protobuf.Type) {
    const message = decode(field.resolvedType, reader.bytes());
    const convert = wellKnown[field.resolvedType.name];
    return convert === undefined ? message : convert(message);
  }
  if (field.type === 'string') return reader.string();
  if (field.type === 'bytes') return Buffer.from(reader.bytes()).toString('base64');
  return field.type === 'bool' ? reader.bool() : Number(reader.int64());
}

const isZero = (value: unknown): boolean => value === undefined || value === '' || value === 0 || value === false;
