/**
 * Objects as the fields they are made of, so that who owns what, what changed and what goes are questions about sets of
 * paths. Two lists or objects at the same path merge part by part; everything else is one value.
 */
import { isObject, jsonEqual } from './json.ts';
import type { FieldSet } from './field-set.ts';
import { isKeyedList, parentOf, partsOf, type Part } from './shape.ts';

export interface Field extends Part {
  /** A leaf is not taken apart. */
  kind: 'leaf' | 'object' | 'list';
  /** How many parts it has. */
  size: number;
  /** A leaf by mistake: a list whose items should have keys of their own. */
  unsound: boolean;
}

export type Fields = ReadonlyMap<string, Field>;

/** Every field inside a value. */
export function fieldsOf(value: unknown, schema: unknown): Map<string, Field> {
  const fields = new Map<string, Field>();
  const visit = (parts: Iterable<Part>): void => {
    for (const part of parts) {
      const inside = partsOf(part.value, part.schema, part.path);
      const isList = Array.isArray(part.value);
      fields.set(part.path, {
        ...part,
        kind: inside === undefined ? 'leaf' : isList ? 'list' : 'object',
        size: inside?.size ?? 0,
        unsound: isList && inside === undefined && isKeyedList(part.schema),
      });
      visit(inside?.values() ?? []);
    }
  };
  visit(partsOf(value, schema, '')?.values() ?? []);
  return fields;
}

/** What whoever applies these fields owns: leaves, empty objects, and items of lists and keys of maps as such. */
export function claimedBy(fields: Fields): Set<string> {
  const claimed = [...fields.values()].filter(
    ({ kind, named, size }) => kind === 'leaf' || !named || (kind === 'object' && size === 0),
  );
  return new Set(claimed.map(({ path }) => path));
}

export interface Difference {
  /** Added or given another value. */
  changed: Set<string>;
  removed: Set<string>;
}

/**
 * How one object became another, at leaves and where a whole object or list came or went. With `valueTypes`, as for
 * built-in types, structures do not come or go: they are there even when they are empty.
 */
export function difference(before: Fields, after: Fields, { valueTypes }: { valueTypes: boolean }): Difference {
  const [changed, removed] = [new Set<string>(), new Set<string>()];
  for (const [path, { named, schema }] of new Map([...before, ...after])) {
    const [old, now] = [before.get(path), after.get(path)];
    const isEmpty = (old?.size ?? 0) + (now?.size ?? 0) === 0;
    const isStructure = named && isObject(schema) && schema.properties !== undefined;
    if (old !== undefined && now !== undefined && old.kind !== now.kind) changed.add(path);
    else if (!isEmpty && valueTypes && isStructure) continue;
    else if (now === undefined) removed.add(path);
    else if (old === undefined || (isEmpty && !jsonEqual(old.value, now.value))) changed.add(path);
  }
  return { changed, removed };
}

/** `live` with everything that `applied` says; lists keep the order of `live`, new items follow. */
export function mergeFields(live: unknown, applied: unknown, schema: unknown): unknown {
  const [theirs, ours] = [partsOf(live, schema, ''), partsOf(applied, schema, '')];
  if (theirs === undefined || ours === undefined || Array.isArray(live) !== Array.isArray(applied)) {
    return structuredClone(applied);
  }
  const merged = [...new Map([...theirs, ...ours]).values()].map((part) => {
    const [old, now] = [theirs.get(part.path), ours.get(part.path)];
    return { ...part, value: now === undefined ? old?.value : mergeFields(old?.value, now.value, part.schema) };
  });
  return assembled(applied, merged);
}

/** `value` without the fields at the given paths. */
export function withoutFields(value: unknown, removals: FieldSet, schema: unknown, at = ''): unknown {
  const parts = partsOf(value, schema, at);
  if (parts === undefined) return value;
  const kept = [...parts.values()].filter(({ path }) => !removals.has(path));
  return assembled(
    value,
    kept.map((part) => ({ ...part, value: withoutFields(part.value, removals, part.schema, part.path) })),
  );
}

const assembled = (like: unknown, parts: readonly Part[]): unknown =>
  Array.isArray(like)
    ? parts.map(({ value }) => value)
    : Object.fromEntries(parts.map(({ key, value }) => [key, value]));

/** The set and the named fields that its paths lead through: those exist because of what is inside them. */
export function withNamedParents(set: FieldSet, fields: Fields): Set<string> {
  const result = new Set(set);
  for (const path of set) {
    if (!fields.has(path)) continue;
    for (let at = parentOf(path); at !== ''; at = parentOf(at)) if (fields.get(at)?.named === true) result.add(at);
  }
  return result;
}
