/** Reads the fields of a value that came from outside, each once and by name; what nobody asked for is refused at the end. */
import { CoucheStorError, quote } from '@couchestor/common/base';

/** What is shown by a name alone: one line, no blanks. */
const TEXT = /^[\u0021-\u007e]{1,128}$/;

export class FieldReader {
  /** For messages: where in the whole this value is. */
  readonly path: string;
  readonly #rest: Map<string, unknown>;

  private constructor(path: string, rest: Map<string, unknown>) {
    this.path = path;
    this.#rest = rest;
  }

  /** @throws CoucheStorError `invalid`, as every method here, naming the field. */
  static of(value: unknown, path: string): FieldReader {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw refusal(path, `is ${kindOf(value)}; give an object`);
    }
    return new FieldReader(path, new Map(Object.entries(value)));
  }

  /** As it is; undefined when it is absent. */
  take(field: string): unknown {
    const value = this.#rest.get(field);
    this.#rest.delete(field);
    return value;
  }

  oneOf<Text extends string>(field: string, allowed: readonly Text[]): Text {
    const value = this.take(field);
    const found = allowed.find((text) => text === value);
    if (found === undefined) throw this.#refusal(field, value, `is none of ${allowed.join(', ')}`);
    return found;
  }

  /** A whole number from 0 on that is exact. */
  count(field: string, most = Number.MAX_SAFE_INTEGER): number {
    const value = this.take(field);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > most) {
      throw this.#refusal(field, value, `is no whole number from 0 to ${most}`);
    }
    // −0 is not the text that it is stored as.
    return value + 0;
  }

  /** Printable, without blanks. */
  text(field: string): string {
    const value = this.take(field);
    if (typeof value !== 'string' || !TEXT.test(value)) {
      throw this.#refusal(field, value, 'is no text of 1 to 128 printable characters without blanks');
    }
    return value;
  }

  list<Item>(field: string, most: number, item: (reader: FieldReader) => Item): Item[] {
    const value = this.take(field);
    if (!Array.isArray(value) || value.length === 0 || value.length > most) {
      throw this.#refusal(field, value, `is no list of 1 to ${most}`);
    }
    return value.map((one, index) => item(FieldReader.of(one, `${this.path}.${field}[${index}]`)));
  }

  end(): void {
    const [unknown] = this.#rest.keys();
    if (unknown === undefined) return;
    throw refusal(this.path, `has a field ${quote(unknown)} that nothing here knows; leave it out`);
  }

  #refusal(field: string, value: unknown, what: string): CoucheStorError {
    return refusal(`${this.path}.${field}`, `${shown(value)} ${what}; correct it`);
  }
}

function refusal(field: string, text: string): CoucheStorError {
  return new CoucheStorError('invalid', `${field}: ${text}.`, { fields: { field } });
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'absent';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}
