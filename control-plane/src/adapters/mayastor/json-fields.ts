/**
 * Reads JSON of a server whose releases differ. What a decision rests on has to be there and of the right type, or the whole
 * answer is refused with the path and the field; everything else may be missing, null, or newer than this reader. A field
 * that is absent is never read as a number or a text that somebody might have written.
 */
import { CoucheStorError } from '@couchestor/common/base';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where a value stands: the request, and the way from the top of its answer. */
export class Place {
  readonly #path: string;
  readonly #field: string;

  constructor(path: string, field = '') {
    this.#path = path;
    this.#field = field;
  }

  at(name: string | number): Place {
    const step = typeof name === 'number' ? `[${name}]` : this.#field === '' ? name : `.${name}`;
    return new Place(this.#path, this.#field + step);
  }

  /** To be thrown: the answer is of no shape that this reader knows. Waiting does not help. */
  refuse(expected: string): CoucheStorError {
    const field = this.#field === '' ? 'the answer' : this.#field;
    return new CoucheStorError('unsupported', `Mayastor's answer to GET ${this.#path}: ${field} is not ${expected}.`, {
      fields: {
        path: this.#path,
        field,
        remedy: 'check that the URL is that of the api-rest service, and that its release is supported',
      },
    });
  }

  object(value: unknown): JsonObject {
    if (!isObject(value)) throw this.refuse('an object');
    return value;
  }

  /** Undefined when absent or null. */
  optionalObject(value: unknown): JsonObject | undefined {
    return value === undefined || value === null ? undefined : this.object(value);
  }

  array(value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw this.refuse('a list');
    return value;
  }

  text(value: unknown): string {
    if (typeof value !== 'string' || value === '') throw this.refuse('a text');
    return value;
  }

  optionalText(value: unknown): string | undefined {
    return value === undefined || value === null || value === '' ? undefined : this.text(value);
  }

  count(value: unknown): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw this.refuse('a count');
    return value;
  }

  optionalCount(value: unknown): number | undefined {
    return value === undefined || value === null ? undefined : this.count(value);
  }

  boolean(value: unknown): boolean {
    if (typeof value !== 'boolean') throw this.refuse('true or false');
    return value;
  }

  /** Texts by their keys; nothing when absent or null. */
  labels(value: unknown): Readonly<Record<string, string>> {
    const given = this.optionalObject(value) ?? {};
    return Object.fromEntries(Object.entries(given).map(([key, text]) => [key, this.#label(key, text)]));
  }

  #label(key: string, value: unknown): string {
    if (typeof value !== 'string') throw this.at(key).refuse('a text');
    return value;
  }

  /** One of `known`; whatever else, absence included, is Unknown. */
  state<State extends string>(value: unknown, known: readonly State[]): State | 'Unknown' {
    return known.find((state) => state === value) ?? 'Unknown';
  }
}
