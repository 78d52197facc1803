/**
 * What a request brings, decoded as strictly as the real server's typed extractors do it: whatever does not fit is refused with
 * 400 before anything is looked at, and unknown fields of a body are ignored.
 */
import { undecodable } from './errors.ts';
import type { Json } from './volume-documents.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UNSIGNED = /^\d{1,16}$/;

export function uuidFrom(text: string): string {
  if (!UUID.test(text)) throw undecodable(`can not parse "${text}" to a UUID`);
  return text.toLowerCase();
}

/** Of the path. */
export function byteFrom(text: string): number {
  const value = UNSIGNED.test(text) ? Number(text) : Infinity;
  if (value > 255) throw undecodable(`can not parse "${text}" to a u8`);
  return value;
}

export class Query {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  text(name: string): string | undefined {
    return this.#values.get(name) ?? undefined;
  }

  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!UNSIGNED.test(text)) throw undecodable(`Query deserialize error: invalid digit found in string`);
    return Number(text);
  }

  requiredCount(name: string): number {
    const value = this.count(name);
    if (value === undefined) throw undecodable(`Query deserialize error: missing field \`${name}\``);
    return value;
  }

  flag(name: string): boolean {
    const text = this.text(name) ?? 'false';
    if (text !== 'true' && text !== 'false') {
      throw undecodable('Query deserialize error: provided string was not `true` or `false`');
    }
    return text === 'true';
  }
}

/** An object of a body, read field by field. */
export class Fields {
  readonly #values: Json;

  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw undecodable('Json deserialize error: invalid type: expected struct');
    }
    this.#values = value as Json;
  }

  /** Null counts as absent. */
  #get(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? (this.#values[name] ?? undefined) : undefined;
  }

  #required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw undecodable(`Json deserialize error: missing field \`${name}\``);
    return value;
  }

  /** A whole number from 0 to `max`. */
  optionalCount(name: string, max: number): number | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
      throw wrongType(name, 'an unsigned integer');
    }
    return value;
  }

  count(name: string, max: number): number {
    return this.#required(name, this.optionalCount(name, max));
  }

  optionalFlag(name: string): boolean | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'boolean') throw wrongType(name, 'a boolean');
    return value;
  }

  flag(name: string): boolean {
    return this.#required(name, this.optionalFlag(name));
  }

  optionalText(name: string): string | undefined {
    const value = this.#get(name);
    if (value !== undefined && typeof value !== 'string') throw wrongType(name, 'a string');
    return value;
  }

  text(name: string): string {
    return this.#required(name, this.optionalText(name));
  }

  optionalTexts(name: string): string[] | undefined {
    const value = this.#get(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw wrongType(name, 'a sequence of strings');
    }
    return value;
  }

  /** A map of texts. */
  optionalLabels(name: string): Record<string, string> | undefined {
    const object = this.optionalObject(name);
    if (object === undefined) return undefined;
    return Object.fromEntries(Object.keys(object.#values).map((key) => [key, object.text(key)]));
  }

  labels(name: string): Record<string, string> {
    return this.#required(name, this.optionalLabels(name));
  }

  optionalObject(name: string): Fields | undefined {
    const value = this.#get(name);
    return value === undefined ? undefined : new Fields(value);
  }

  object(name: string): Fields {
    return this.#required(name, this.optionalObject(name));
  }
}

function wrongType(name: string, expected: string): Error {
  return undecodable(`Json deserialize error: invalid type for \`${name}\`, expected ${expected}`);
}
