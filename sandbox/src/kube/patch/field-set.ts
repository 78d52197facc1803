/**
 * Sets of field paths, and the tries that `managedFields` keeps them in (FieldsV1), where "." is the field itself:
 *
 *     {"f:spec": {"f:ports": {"k:{\"port\":80}": {".": {}, "f:name": {}}}}}
 *
 * A path is a list of elements; in a set it is one string, so that set operations are those of strings.
 */
import type { JsonObject } from '../types.ts';
import { isObject } from './json.ts';
import { elementsOf, pathOf } from './shape.ts';

export type FieldSet = ReadonlySet<string>;

export const union = (...sets: readonly FieldSet[]): Set<string> => new Set(sets.flatMap((set) => [...set]));
export const minus = (set: FieldSet, ...without: readonly FieldSet[]): Set<string> =>
  new Set([...set].filter((path) => !without.some((other) => other.has(path))));
export const common = (left: FieldSet, right: FieldSet): Set<string> =>
  new Set([...left].filter((path) => right.has(path)));

export function encodeFields(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set].sort()) {
    let node = root;
    let at = '';
    for (const element of elementsOf(path)) {
      if (set.has(at)) node['.'] ??= {};
      const child = node[element];
      node = isObject(child) ? child : (node[element] = {});
      at = pathOf(at, element);
    }
  }
  return root;
}

/** Undefined when the trie is malformed. */
export function decodeFields(trie: unknown): Set<string> | undefined {
  const set = new Set<string>();
  const visit = (node: unknown, at: string): boolean =>
    isObject(node) &&
    Object.entries(node).every(([element, child]) => {
      if (element === '.') return isObject(child) && set.add(at).size > 0;
      if (!/^[fkvi]:/.test(element)) return false;
      if (isObject(child) && Object.keys(child).length === 0) set.add(pathOf(at, element));
      return visit(child, pathOf(at, element));
    });
  return visit(trie, '') && !set.has('') ? set : undefined;
}

/** `.spec.ports[port=80,protocol="TCP"].name` */
export function printPath(path: string): string {
  const print = (element: string): string => {
    const [kind, text] = [element.slice(0, 2), element.slice(2)];
    if (kind === 'f:') return `.${text}`;
    if (kind !== 'k:') return `[=${text}]`;
    const keys = Object.entries(JSON.parse(text) as JsonObject);
    return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  };
  return elementsOf(path).map(print).join('');
}
