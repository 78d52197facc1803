/**
 * Sets of field paths, and the tries that `managedFields` keeps them in (FieldsV1), where "." is the field itself:
 *
 *     {"f:spec": {"f:ports": {"k:{\"port\":80}": {".": {}, "f:name": {}}}}}
 *
 * A path is a list of elements; in a set it is one string, so that set operations are those of strings.
 */
import type { JsonObject } from '../types.ts';
import { isObject } from './json.ts';

export type FieldSet = ReadonlySet<string>;

const SEPARATOR = '\0';

export const pathOf = (parent: string, element: string): string =>
  parent === '' ? element : parent + SEPARATOR + element;

export const union = (...sets: readonly FieldSet[]): Set<string> => new Set(sets.flatMap((set) => [...set]));
export const minus = (set: FieldSet, without: FieldSet): Set<string> =>
  new Set([...set].filter((path) => !without.has(path)));
export const common = (left: FieldSet, right: FieldSet): Set<string> =>
  new Set([...left].filter((path) => right.has(path)));
export const sameSet = (left: FieldSet, right: FieldSet): boolean =>
  left.size === right.size && common(left, right).size === left.size;

export function encodeFields(set: FieldSet): JsonObject {
  const root: JsonObject = {};
  for (const path of [...set].sort()) {
    let node = root;
    let at = '';
    for (const element of path.split(SEPARATOR)) {
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

/** In the order in which real servers print them: at each level what ends there, then what goes on. */
export function inOrder(set: FieldSet): string[] {
  return [...set].sort((first, second) => {
    const [left, right] = [first.split(SEPARATOR), second.split(SEPARATOR)];
    for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
      const ends = [index === left.length - 1, index === right.length - 1];
      if (ends[0] !== ends[1]) return ends[0] === true ? -1 : 1;
      const [mine = '', other = ''] = [left[index], right[index]];
      if (mine !== other) return mine < other ? -1 : 1;
    }
    return 0;
  });
}

/** `.spec.ports[port=80,protocol="TCP"].name` */
export function printPath(path: string): string {
  return path.split(SEPARATOR).map(printElement).join('');
}

export function printElement(element: string): string {
  const [kind, text] = [element.slice(0, 2), element.slice(2)];
  if (kind === 'f:') return `.${text}`;
  if (kind === 'v:') return `[=${text}]`;
  if (kind === 'i:') return `[${text}]`;
  const keys = Object.entries(JSON.parse(text) as JsonObject);
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
}
