/**
 * Values that other programs have written, of which nothing is certain but that they came out of a JSON parser. What is not
 * there, or is of another type than was asked for, is undefined; nothing here throws.
 */

/** What stands at the end of `path`; a number in it is the index of an array. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = Reflect.get(current, key);
  }
  return current;
}

/** A finite number. */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
}

/** Text that is more than blanks, without those at its ends. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found !== 'string') return undefined;
  const text = found.trim();
  return text === '' ? undefined : text;
}

export function booleanAt(value: unknown, ...path: readonly (string | number)[]): boolean | undefined {
  const found = at(value, ...path);
  return typeof found === 'boolean' ? found : undefined;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}
