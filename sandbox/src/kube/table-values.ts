/** What table cells are made of: values found by JSONPath, and times as ages. */
import { isObject, own } from './schema/model.ts';

const STEP =
  /^(?:\.?\[\?\(@(?<filter>[^=!<>]*?)\s*==\s*(?<wanted>"[^"]*"|'[^']*'|[^)\s]+)\)\]|\.?\[(?<quote>['"])(?<quoted>.*?)\k<quote>\]|\.?\[(?<index>-?\d+|\*)\]|\.(?<name>\*|(?:\\.|[^.[\]\\])+))/;

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, y: 365 * 86_400 };
type Unit = keyof typeof SECONDS;
/** Below so many seconds a duration is shown in the first unit, and the rest in the second if there is one. */
const DURATIONS: readonly (readonly [below: number, unit: Unit, restUnit?: Unit])[] = [
  [2 * SECONDS.m, 's'],
  [10 * SECONDS.m, 'm', 's'],
  [3 * SECONDS.h, 'm'],
  [8 * SECONDS.h, 'h', 'm'],
  [2 * SECONDS.d, 'h'],
  [8 * SECONDS.d, 'd', 'h'],
  [2 * SECONDS.y, 'd'],
  [8 * SECONDS.y, 'y', 'd'],
  [Infinity, 'y'],
];

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
  return Number.isNaN(ms) ? '<invalid>' : humanDuration(now.getTime() - ms);
}

/** A duration to two units at most, and to one when the second would not matter. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1_000);
  if (seconds < -1) return '<invalid>';
  const [, unit, restUnit] = DURATIONS.find(([below]) => seconds < below) ?? [0, 'y'];
  const whole = `${Math.max(0, Math.trunc(seconds / SECONDS[unit]))}${unit}`;
  const rest = restUnit === undefined ? 0 : Math.trunc((seconds % SECONDS[unit]) / SECONDS[restUnit]);
  return rest === 0 ? whole : `${whole}${rest}${restUnit}`;
}
