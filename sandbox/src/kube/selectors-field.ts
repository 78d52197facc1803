/**
 * Field selectors as `fieldSelector=` carries them. Which fields a type offers is data of the type; most are plain
 * paths into the object, and a missing field compares as the empty string.
 */
import { ApiError } from './api-error.ts';
import type { KubeObject, ResourceType } from './types.ts';

/** Fields of built-in types that are not plain paths: the first path that leads to a value counts. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  source: ['source.component', 'deprecatedSource.component', 'reportingComponent', 'reportingController'],
  reportingComponent: ['reportingComponent', 'reportingController'],
};

/** Fields of built-in types that are never absent to a selector. */
const FALSE_WHEN_ABSENT: ReadonlySet<string> = new Set(['spec.unschedulable', 'spec.hostNetwork']);

/**
 * Parses a field selector for objects of `type`; an empty one matches everything. Throws a 400 in the words of a real
 * server for malformed text, bad escapes and fields that the type does not offer.
 */
export function parseFieldSelector(text: string, type: ResourceType): (object: KubeObject) => boolean {
  const own = type.selectableFields.map((path) => path.replace(/^\./, ''));
  const fields = ['metadata.name', ...(type.namespaced || type.builtIn ? ['metadata.namespace'] : []), ...own];
  const terms = splitTerms(text).map((term) => {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) throw ApiError.badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, name = '', operator, raw = ''] = match;
    const value = unescapeValue(raw);
    if (!fields.includes(name)) throw ApiError.badRequest(unsupported(name, type));
    return { name, value, equal: operator !== '!=' };
  });
  return (object) => terms.every(({ name, value, equal }) => (readField(object, name, type) === value) === equal);
}

function unsupported(name: string, type: ResourceType): string {
  return type.builtIn && type.selectableFields.length === 0
    ? `${JSON.stringify(name)} is not a known field selector: only "metadata.name", "metadata.namespace"`
    : `field label not supported: ${name}`;
}

/** Splits at commas that no backslash hides; empty terms do not count. */
function splitTerms(text: string): string[] {
  return text.match(/(?:\\[\s\S]|[^,\\]|\\$)+/g) ?? [];
}

function unescapeValue(raw: string): string {
  return raw.replace(/\\([\s\S]?)|[=,]/g, (found: string, escaped?: string) => {
    if (escaped === undefined) {
      throw ApiError.badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    }
    if (escaped !== '' && '\\,='.includes(escaped)) return escaped;
    throw ApiError.badRequest(`invalid field selector: invalid escape sequence: ${found}`);
  });
}

function readField(object: KubeObject, name: string, type: ResourceType): string {
  const aliases = type.builtIn && Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  for (const path of aliases ?? [name]) {
    let value: unknown = object;
    for (const key of path.split('.')) {
      const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
      value = inside ? Reflect.get(value as object, key) : undefined;
    }
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  }
  return type.builtIn && FALSE_WHEN_ABSENT.has(name) ? 'false' : '';
}
