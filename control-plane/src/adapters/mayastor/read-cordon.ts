/**
 * Whether a cordon is there, from the lists of nodes and pools; undefined when the answer does not say it in a way that is known.
 * A node or pool that is not in the list has none.
 */
import { isObject, type JsonObject, type Place } from './json-fields.ts';

/** Its cordons and its drains have labels, and either keeps new replicas away. */
export function hasNodeCordon(body: unknown, place: Place, { id, label }: { id: string; label: string }) {
  const cordon = specOf(body, place, id)?.cordondrainstate;
  if (cordon === undefined || cordon === null) return false;
  const lists = labelLists(cordon);
  if (lists.some((labels) => Array.isArray(labels) && labels.includes(label))) return true;
  return lists.length > 0 && lists.every(Array.isArray) ? false : undefined;
}

/** All of them; undefined when there is none, or one is of a form that is not known. */
export function cordonLabelsOf(cordon: JsonObject): readonly string[] | undefined {
  const lists = labelLists(cordon);
  const labels = lists.flatMap((list): unknown[] => (Array.isArray(list) ? list : [undefined]));
  return labels.length > 0 && labels.every((label) => typeof label === 'string') ? labels : undefined;
}

function labelLists(cordon: unknown): readonly unknown[] {
  const states = isObject(cordon) ? Object.values(cordon) : [];
  return states.flatMap((state) => (isObject(state) ? Object.values(state) : []));
}

/** Of new replicas. */
export function hasPoolCordon(body: unknown, place: Place, id: string): boolean | undefined {
  const cordon = specOf(body, place, id)?.cordonDrain;
  if (cordon === undefined || cordon === null) return false;
  const cordoned = isObject(cordon) ? cordon.cordoned : undefined;
  const replicas = isObject(cordoned) ? cordoned.replicas : undefined;
  return typeof replicas === 'boolean' ? replicas : undefined;
}

/** Of the entry of that name; undefined when there is none. */
function specOf(body: unknown, place: Place, id: string): JsonObject | undefined {
  const entries = place.array(body).map((entry, index) => place.at(index).object(entry));
  const index = entries.findIndex((entry) => entry.id === id);
  return place.at(index).at('spec').optionalObject(entries[index]?.spec);
}
