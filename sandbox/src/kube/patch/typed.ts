/** Objects taken apart by their schema: which fields there are, how two objects differ, merged, and with fields removed. */
import { pathOf, type FieldSet } from './field-set.ts';
import { fieldOf, isObject, jsonEqual, listOf } from './json.ts';
import { isStructure, shapeOf, type Shape } from './shape.ts';

interface Part {
  path: string;
  value: unknown;
  schema: unknown;
  /** A field that the schema names, as opposed to a key of a map or an item of a list. */
  named: boolean;
}

/** The parts of an object or list by path element. Of equal list items the first counts; items without a key have none. */
function partsOf(value: unknown, shape: Shape, at: string): Map<string, Part> {
  const parts = new Map<string, Part>();
  if (shape.kind === 'map') {
    for (const [key, field] of Object.entries(value ?? {})) {
      const path = pathOf(at, `f:${key}`);
      parts.set(path, { path, value: field, ...shape.part(key) });
    }
  } else if (shape.kind === 'list') {
    for (const item of listOf(value)) {
      const element = shape.elementOf(item);
      const path = typeof element === 'string' ? pathOf(at, element) : '';
      if (path !== '' && !parts.has(path)) parts.set(path, { path, value: item, schema: shape.items, named: false });
    }
  }
  return parts;
}

/** The paths that applying `value` claims: leaves, and items and keys as such; or `every` path there is. */
export function fieldSetOf(value: unknown, schema: unknown, which: 'claimed' | 'every' = 'claimed'): Set<string> {
  const set = new Set<string>();
  const visit = (current: unknown, currentSchema: unknown, at: string): void => {
    const shape = shapeOf(currentSchema, current);
    if (shape.kind === 'leaf') set.add(at);
    for (const part of partsOf(current, shape, at).values()) {
      visit(part.value, part.schema, part.path);
      const isEmpty = isObject(part.value) && Object.keys(part.value).length === 0;
      if (!part.named || isEmpty || which === 'every') set.add(part.path);
    }
  };
  visit(value, schema, '');
  return set;
}

export interface Difference {
  added: Set<string>;
  removed: Set<string>;
  modified: Set<string>;
}

/**
 * How `after` differs from `before`, at leaves and where a whole object or list came or went. With `valueTypes`, as
 * for built-in types, structures do not come or go.
 */
export function compareFields(
  before: unknown,
  after: unknown,
  { schema: root, valueTypes }: { schema: unknown; valueTypes: boolean },
): Difference {
  const difference: Difference = { added: new Set(), removed: new Set(), modified: new Set() };
  const { added, removed, modified } = difference;
  const visit = (left: unknown, right: unknown, { path, schema, named }: Omit<Part, 'value'>): void => {
    const shape = shapeOf(schema, right ?? left);
    const other = shapeOf(schema, left ?? right);
    if (shape.kind !== other.kind) {
      modified.add(path);
      for (const part of partsOf(left, other, path).values()) visit(part.value, undefined, part);
      for (const part of partsOf(right, shape, path).values()) visit(undefined, part.value, part);
      return;
    }
    const [old, now] = [partsOf(left, shape, path), partsOf(right, shape, path)];
    const isLeaf = old.size === 0 && now.size === 0;
    if (!isLeaf && valueTypes && named && isStructure(schema)) {
      // A structure is there even when it is empty: only what is inside can change.
    } else if (left === undefined) added.add(path);
    else if (right === undefined) removed.add(path);
    else if (isLeaf && !jsonEqual(left, right)) modified.add(path);
    for (const part of new Map([...old, ...now]).values()) {
      visit(old.get(part.path)?.value, now.get(part.path)?.value, part);
    }
  };
  visit(before, after, { path: '', schema: root, named: true });
  return difference;
}

/** `live` with everything that `applied` says; lists keep the order of `live`, new items follow. */
export function mergeApplied(live: unknown, applied: unknown, schema: unknown): unknown {
  if (applied === undefined) return live;
  const shape = shapeOf(schema, applied);
  if (live === undefined || shape.kind === 'leaf' || shape.kind !== shapeOf(schema, live).kind) {
    return structuredClone(applied);
  }
  if (shape.kind === 'map') {
    const keys = new Set([...Object.keys(live ?? {}), ...Object.keys(applied ?? {})]);
    const merge = (key: string): unknown =>
      mergeApplied(fieldOf(live, key), fieldOf(applied, key), shape.part(key).schema);
    return Object.fromEntries([...keys].map((key) => [key, merge(key)]));
  }
  const theirs = partsOf(applied, shape, '');
  const merged = listOf(live).map((item) => {
    const element = shape.elementOf(item);
    const change = typeof element === 'string' ? theirs.get(element) : undefined;
    if (change === undefined) return item;
    theirs.delete(change.path);
    return mergeApplied(item, change.value, shape.items);
  });
  return [...merged, ...[...theirs.values()].map((part) => structuredClone(part.value))];
}

/** `value` without the parts at the given paths. */
export function removeFields(value: unknown, removals: FieldSet, schema: unknown, at = ''): unknown {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'leaf') return value;
  if (shape.kind === 'map') {
    const kept = [...partsOf(value, shape, at).entries()].filter(([path]) => !removals.has(path));
    return Object.fromEntries(
      kept.map(([path, part]) => [
        path.slice(at === '' ? 2 : at.length + 3),
        removeFields(part.value, removals, part.schema, path),
      ]),
    );
  }
  return listOf(value).flatMap((item) => {
    const element = shape.elementOf(item);
    if (typeof element !== 'string') return [item];
    const path = pathOf(at, element);
    return removals.has(path) ? [] : [removeFields(item, removals, shape.items, path)];
  });
}

/** The set and the named fields that its paths lead through: those exist because of what is inside them. */
export function withNamedParents(set: FieldSet, value: unknown, schema: unknown): Set<string> {
  const result = new Set(set);
  const visit = (current: unknown, currentSchema: unknown, at: string): boolean => {
    let found = false;
    for (const part of partsOf(current, shapeOf(currentSchema, current), at).values()) {
      const inside = visit(part.value, part.schema, part.path);
      if (inside && part.named) result.add(part.path);
      found ||= inside || set.has(part.path);
    }
    return found;
  };
  visit(value, schema, '');
  return result;
}

/** The first item of a list that has no key, or the key of an earlier one; undefined if every list is sound. */
export function listProblem(
  value: unknown,
  schema: unknown,
  at = '',
): { path: string; problem: string; element?: string } | undefined {
  const shape = shapeOf(schema, value);
  if (shape.kind === 'list') {
    const seen = new Set<string>();
    for (const [index, item] of listOf(value).entries()) {
      const element = shape.elementOf(item);
      if (typeof element !== 'string') {
        const what = `element ${index}: associative list with keys has an element that omits key field`;
        return { path: at, problem: `${what} ${JSON.stringify(element.missingKey)} (and doesn't have default value)` };
      }
      if (seen.has(element)) return { path: at, problem: 'duplicate entries for key', element };
      seen.add(element);
    }
  }
  for (const part of isObject(value) || Array.isArray(value) ? partsOf(value, shape, at).values() : []) {
    const problem = listProblem(part.value, part.schema, part.path);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
