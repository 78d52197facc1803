/**
 * Mayastor lets its pools and nodes have names that no object of ours could carry. Nothing can be planned on such a one, so it
 * is left out where it is listed, and is unknown where it is referred to.
 */
import { parseNodeName, parsePoolName, type NodeName, type PoolName } from '@couchestor/common/base';

/** One entry of a list. */
export type Named<Facts> =
  | { readonly kind: 'named'; readonly name: string; readonly facts: Facts }
  | { readonly kind: 'unnameable'; readonly name: string };

export function nodeNameOf(name: string | undefined): NodeName | undefined {
  return parsed(name, parseNodeName);
}

export function poolNameOf(name: string | undefined): PoolName | undefined {
  return parsed(name, parsePoolName);
}

function parsed<Name>(name: string | undefined, parse: (text: unknown) => Name): Name | undefined {
  if (name === undefined) return undefined;
  try {
    return parse(name);
  } catch {
    return undefined;
  }
}
