/**
 * Readers turn untrusted JSON into typed values and report every problem on the way instead of stopping at the first. They
 * read as an API server does: unknown fields are ignored, and a null counts as absent. The readers of this folder are
 * written by hand against the API conventions, not derived from crds/, so that each holds the other to account.
 */

/** A problem at one field: `message` says what is wrong and, after a semicolon, what to do about it. */
export interface FieldError {
  /** Such as `spec.maintenanceWindows[0].schedule`; `object` for the whole. */
  readonly field: string;
  readonly message: string;
}

export type ParseResult<T> =
  { readonly kind: 'ok'; readonly value: T } | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

export type Report = (field: string, message: string) => void;

/** Returns undefined exactly when it has reported a problem. `at` is the path of `value`. */
export type Reader<T> = (value: unknown, at: string, report: Report) => T | undefined;

interface Field<T> {
  readonly reader: Reader<T>;
  readonly presence: 'required' | 'optional' | 'defaulted';
  /** What is read in place of an absent value. */
  readonly fallback?: unknown;
}

export type RequiredField<T> = Field<T> & { readonly presence: 'required' | 'defaulted' };
export type OptionalField<T> = Field<T> & { readonly presence: 'optional' };

export const required = <T>(reader: Reader<T>): RequiredField<T> => ({ reader, presence: 'required' });
export const optional = <T>(reader: Reader<T>): OptionalField<T> => ({ reader, presence: 'optional' });
/** An absent value is read as `fallback`, which is JSON as a user would write it. */
export const withDefault = <T>(reader: Reader<T>, fallback: unknown): RequiredField<T> => ({
  reader,
  presence: 'defaulted',
  fallback,
});

type Shape = Readonly<Record<string, RequiredField<unknown> | OptionalField<unknown>>>;
type ValueOf<F> = F extends { readonly reader: Reader<infer T> } ? T : never;
type RequiredKeys<S extends Shape> = { [K in keyof S]: S[K] extends RequiredField<unknown> ? K : never }[keyof S];

/** What {@link object} reads a shape into. */
export type ObjectOf<S extends Shape> = { readonly [K in RequiredKeys<S>]: ValueOf<S[K]> } & {
  readonly [K in Exclude<keyof S, RequiredKeys<S>>]?: ValueOf<S[K]>;
};

export interface RuleInput<S extends Shape> {
  /** The fields without a problem. */
  readonly fields: Partial<{ readonly [K in keyof S]: ValueOf<S[K]> }>;
  /** Whether the user gave the field, with or without a problem. */
  readonly given: (field: keyof S & string) => boolean;
  /** Reports at a field of this object. */
  readonly fault: (field: string, message: string) => void;
}

/** A condition on several fields. It runs even when some of them have problems, so that nothing stays unsaid. */
export type Rule<S extends Shape> = (input: RuleInput<S>) => void;

const childOf = (at: string, field: string): string => (at === '' ? field : `${at}.${field}`);

/** Documents made in code may have undefined where JSON has nothing. */
function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as people see it in a message, cut when long. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function object<const S extends Shape>(shape: S, ...rules: readonly Rule<S>[]): Reader<ObjectOf<S>> {
  return (value, at, report) => {
    if (!isJsonObject(value)) {
      report(at, `${shown(value)} is not an object; write fields, one a line`);
      return undefined;
    }
    let faults = 0;
    const reportHere: Report = (field, message) => {
      faults += 1;
      report(field, message);
    };
    const given = (field: string): boolean => Object.hasOwn(value, field) && !isAbsent(value[field]);
    const fields: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(shape)) {
      const path = childOf(at, name);
      if (given(name)) fields[name] = field.reader(value[name], path, reportHere);
      else if (field.presence === 'defaulted') fields[name] = field.reader(field.fallback, path, reportHere);
      else if (field.presence === 'required') reportHere(path, 'is missing; set it');
      if (fields[name] === undefined) Reflect.deleteProperty(fields, name);
    }
    const read = fields as RuleInput<S>['fields'];
    const fault = (field: string, message: string): void => reportHere(childOf(at, field), message);
    for (const rule of rules) rule({ fields: read, given, fault });
    return faults === 0 ? (fields as ObjectOf<S>) : undefined;
  };
}

/** `keyOf` makes the items unique by the key it returns. */
export function list<T>(
  item: Reader<T>,
  options: { readonly maxItems: number; readonly minItems?: number; readonly keyOf?: (item: T) => string },
): Reader<readonly T[]> {
  return (value, at, report) => {
    if (!Array.isArray(value)) {
      report(at, `${shown(value)} is not a list; write "- " before each item`);
      return undefined;
    }
    const { minItems = 0, maxItems, keyOf } = options;
    if (value.length < minItems || value.length > maxItems) {
      report(at, `has ${value.length} items; give ${minItems === 0 ? 'at most' : `${minItems} to`} ${maxItems}`);
      return undefined;
    }
    const items = value.map((entry: unknown, index) => item(entry, `${at}[${index}]`, report));
    const sound = items.filter((entry) => entry !== undefined);
    const keys = keyOf === undefined ? [] : sound.map(keyOf);
    const repeated = keys.find((key, index) => keys.indexOf(key) !== index);
    if (repeated !== undefined) report(at, `lists ${shown(repeated)} twice; remove one of the two`);
    return sound.length === items.length && repeated === undefined ? sound : undefined;
  };
}

/** An object whose keys are data. Entries that are null count as absent. */
export function map<T>(
  entry: Reader<T>,
  options: { readonly maxEntries: number; readonly checkKey?: Reader<string> },
): Reader<Readonly<Record<string, T>>> {
  return (value, at, report) => {
    if (!isJsonObject(value)) {
      report(at, `${shown(value)} is not an object; write "key: value", one a line`);
      return undefined;
    }
    const given = Object.entries(value).filter(([, content]) => !isAbsent(content));
    if (given.length > options.maxEntries) {
      report(at, `has ${given.length} entries; give at most ${options.maxEntries}`);
      return undefined;
    }
    const read = given.map(([key, content]): [string | undefined, T | undefined] => {
      const keyRead = options.checkKey === undefined ? key : options.checkKey(key, at, report);
      return [keyRead, entry(content, `${at}[${key}]`, report)];
    });
    const sound = read.filter((pair): pair is [string, T] => pair[0] !== undefined && pair[1] !== undefined);
    return sound.length === read.length ? Object.fromEntries(sound) : undefined;
  };
}

/** Applies `convert` to what `reader` accepts. */
export function mapped<T, U>(reader: Reader<T>, convert: (value: T) => U): Reader<U> {
  return (value, at, report) => {
    const read = reader(value, at, report);
    return read === undefined ? undefined : convert(read);
  };
}

/** Reads a whole document; the result is frozen, deep. */
export function parseWith<T>(reader: Reader<T>, document: unknown): ParseResult<T> {
  const errors: FieldError[] = [];
  const value = reader(document, '', (field, message) =>
    errors.push(Object.freeze({ field: field === '' ? 'object' : field, message })),
  );
  return value === undefined || errors.length > 0
    ? Object.freeze({ kind: 'invalid', errors: Object.freeze(errors) })
    : Object.freeze({ kind: 'ok', value: deepFreeze(value) });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** One line each, for people. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => `${field}: ${message}`).join('\n');
}
