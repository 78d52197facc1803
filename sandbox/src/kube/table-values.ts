/** What table cells are made of: values found by JSONPath, and times as ages. */
import { isObject, own } from './schema/model.ts';

const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;
const DAYS_PER_YEAR = 365;
const STEP =
  /^(?:\.?\[\?\(@(?<filter>[^=!<>]*?)\s*(?<operator>==|!=)\s*(?<wanted>"[^"]*"|'[^']*'|[^)\s]+)\)\]|\.?\[(?<quote>['"])(?<quoted>.*?)\k<quote>\]|\.?\[(?<index>-?\d+|\*)\]|\.(?<name>\*|(?:\\.|[^.[\]\\])+))/;

/**
 * Evaluates the JSONPath of a printer column: names, quoted names, indexes, `*`, and filters that compare with `==` or
 * `!=`. What is not found, and a path that is none of these, gives an empty list.
 */
export function findByPath(root: unknown, path: string): unknown[] {
  let rest = path.replace(/^\{(.*)\}$/s, '$1').replace(/^\$/, '');
  if (rest !== '' && !/^[.[]/.test(rest)) rest = `.${rest}`;
  let found: unknown[] = [root];
  while (rest !== '' && rest !== '.') {
    const match = STEP.exec(rest);
    if (match?.groups === undefined) return [];
    const step = match.groups;
    found = found.flatMap((value) => takeStep(value, step));
    rest = rest.slice(match[0].length);
  }
  return found;
}

function takeStep(value: unknown, step: Record<string, string | undefined>): unknown[] {
  const name = step.quoted ?? step.name?.replaceAll(/\\(.)/g, '$1');
  const children = Array.isArray(value) ? (value as unknown[]) : isObject(value) ? Object.values(value) : [];
  if (step.filter !== undefined) {
    const wanted = (step.wanted ?? '').replace(/^(["'])(.*)\1$/, '$2');
    const equal = (child: unknown): boolean =>
      findByPath(child, step.filter ?? '').some((item) => String(item) === wanted);
    return children.filter((child) => equal(child) === (step.operator === '=='));
  }
  if (name === '*' || step.index === '*') return children;
  if (step.index !== undefined) return Array.isArray(value) ? value.slice(Number(step.index)).slice(0, 1) : [];
  const property = isObject(value) && name !== undefined ? own(value, name) : undefined;
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
  if (seconds < 0) return '0s';
  if (seconds < 2 * SECONDS_PER_MINUTE) return `${seconds}s`;
  const minutes = Math.trunc(seconds / SECONDS_PER_MINUTE);
  const two = (count: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${count}${unit}` : `${count}${unit}${rest}${restUnit}`;
  if (minutes < 10) return two(minutes, 'm', seconds % SECONDS_PER_MINUTE, 's');
  if (minutes < 3 * MINUTES_PER_HOUR) return `${minutes}m`;
  const hours = Math.trunc(minutes / MINUTES_PER_HOUR);
  if (hours < 8) return two(hours, 'h', minutes % MINUTES_PER_HOUR, 'm');
  if (hours < 2 * HOURS_PER_DAY) return `${hours}h`;
  const days = Math.trunc(hours / HOURS_PER_DAY);
  if (days < 8) return two(days, 'd', hours % HOURS_PER_DAY, 'h');
  if (days < 2 * DAYS_PER_YEAR) return `${days}d`;
  const years = Math.trunc(days / DAYS_PER_YEAR);
  return years < 8 ? two(years, 'y', days % DAYS_PER_YEAR, 'd') : `${years}y`;
}
