/** What table cells are made of: values found by JSONPath, and times as ages. */
import { isObject, own } from './schema/model.ts';

const STEP =
  /^(?:\.?\[\?\(@(?<filter>[^=!<>]*?)\s*==\s*(?<wanted>"[^"]*"|'[^']*'|[^)\s]+)\)\]|\.?\[(?<quote>['"])(?<quoted>.*?)\k<quote>\]|\.?\[(?<index>-?\d+|\*)\]|\.(?<name>\*|(?:\\.|[^.[\]\\])+))/;

/** In seconds; a duration is shown in the greatest unit that it has two of. */
const UNITS = { y: 365 * 86_400, d: 86_400, h: 3_600, m: 60, s: 1 };

/**
 * Evaluates the JSONPath of a printer column: names, quoted names, indexes, `*`, and filters that compare with `==`.
 * What is not found, and a path that is none of these, gives an empty list.
 */
export function findByPath(root: unknown, path: string): unknown[] {
  let rest = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`;
  let found: unknown[] = [root];
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match?.groups === undefined) return [];
    const step = match.groups;
    found = found.flatMap((value) => takeStep(value, step));
    rest = rest.slice(match[0].length);
  }
  return found;
}

function takeStep(value: unknown, step: Record<string, string | undefined>): unknown[] {
  const children = Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.values(value) : [];
  const { filter, wanted = '' } = step;
  if (filter !== undefined) {
    const text = wanted.replace(/^(["'])(.*)\1$/, '$2');
    return children.filter((child) => findByPath(child, filter).some((item) => String(item) === text));
  }
  const name = step.quoted ?? step.name?.replaceAll(/\\(.)/g, '$1') ?? '';
  if (name === '*' || step.index === '*') return children;
  if (step.index !== undefined) return Array.isArray(value) ? value.slice(Number(step.index)).slice(0, 1) : [];
  const property = isObject(value) ? own(value, name) : undefined;
  return property === undefined ? [] : [property];
}

/** The age of a time as kubectl shows it; `<unknown>` for no time, `<invalid>` for one in the future or no time at all. */
export function ageOf(time: unknown, now: Date): string {
  if (time === undefined || time === null || time === '') return '<unknown>';
  const ms = typeof time === 'string' ? Date.parse(time) : NaN;
  const seconds = Math.trunc((now.getTime() - ms) / 1_000);
  if (Number.isNaN(seconds) || seconds < -1) return '<invalid>';
  const [unit, size] = Object.entries(UNITS).find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  return `${Math.max(0, Math.trunc(seconds / size))}${unit}`;
}
