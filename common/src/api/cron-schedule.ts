/**
 * The schedule of a maintenance window: five cron fields, parsed into the sets of values they stand for. A range whose end
 * comes before its start wraps around (FRI-MON, 22-4), so every range that can be written means something. When an
 * instant matches a schedule is decided where windows are evaluated, not here.
 */
import { shown, type Reader } from './reader.ts';

export interface CronSchedule {
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** January is 1. */
  readonly months: readonly number[];
  /** Sunday is 0. */
  readonly daysOfWeek: readonly number[];
}

interface FieldRange {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Names in the order of their numbers, from `first`. */
  readonly names?: readonly string[];
  readonly example: string;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const MINUTE: FieldRange = { name: 'minute', first: 0, last: 59, example: '0 or */15' };
const HOUR: FieldRange = { name: 'hour', first: 0, last: 23, example: '22 or 20-4' };
const DAY_OF_MONTH: FieldRange = { name: 'day of month', first: 1, last: 31, example: '* or 1,15' };
const MONTH: FieldRange = { name: 'month', first: 1, last: 12, names: MONTHS, example: '* or JAN-MAR' };
const DAY_OF_WEEK: FieldRange = { name: 'day of week', first: 0, last: 6, names: WEEKDAYS, example: '* or MON-FRI' };

const MAX_LENGTH = 128;
const FIELD_COUNT = 5;

/** Numbers may have a leading zero, except days of the week, of which 7 is Sunday again. */
function parseValue(word: string, range: FieldRange): number | undefined {
  const named = range.names?.indexOf(word) ?? -1;
  if (named >= 0) return range.first + named;
  if (range === DAY_OF_WEEK) return /^[0-7]$/.test(word) ? Number(word) : undefined;
  const value = /^[0-9]{1,2}$/.test(word) ? Number(word) : NaN;
  return value >= range.first && value <= range.last ? value : undefined;
}

/** The values of one part of the comma-separated list, undefined if it is malformed. */
function parsePart(part: string, range: FieldRange): number[] | undefined {
  const [span = '', step = '1', ...moreSteps] = part.split('/');
  if (moreSteps.length > 0 || !/^[1-9][0-9]?$/.test(step)) return undefined;
  const [from = '', to, ...moreEnds] = span.split('-');
  if (moreEnds.length > 0) return undefined;
  const size = range.last - range.first + 1;
  let start: number | undefined = range.first;
  let count = size;
  if (span !== '*') {
    start = parseValue(from, range);
    // Alone, a value with a step means "from there to the end"; without one it means itself.
    const end = to !== undefined ? parseValue(to, range) : part.includes('/') ? range.last : start;
    if (start === undefined || end === undefined) return undefined;
    count = Math.min(end - start + 1 + (end < start ? size : 0), size);
  }
  const first = start;
  return Array.from({ length: Math.ceil(count / Number(step)) }, (_, index) => {
    const offset = first - range.first + index * Number(step);
    return range.first + (offset % size);
  });
}

function parseField(text: string, range: FieldRange): number[] | undefined {
  const parts = text.split(',').map((part) => parsePart(part, range));
  const values = parts.flatMap((part) => part ?? []);
  return parts.includes(undefined) ? undefined : [...new Set(values)].sort((a, b) => a - b);
}

export const cronSchedule: Reader<CronSchedule> = (value, at, report) => {
  const fields = typeof value === 'string' && value.length <= MAX_LENGTH ? value.split(' ') : [];
  if (typeof value !== 'string' || fields.length !== FIELD_COUNT) {
    report(
      at,
      `${shown(value)} is not a schedule; write five fields separated by single blanks (minute, hour, day of month, month, day of week), such as "0 22 * * SAT"`,
    );
    return undefined;
  }
  const read = (index: number, range: FieldRange): number[] | undefined => {
    const field = fields[index] ?? '';
    const values = parseField(field, range);
    if (values === undefined) {
      const names = range.names === undefined ? '' : ` (${range.names.join(', ')})`;
      const last = range === DAY_OF_WEEK ? 7 : range.last;
      report(
        at,
        `${shown(field)} does not fit the ${range.name}; write ${range.first} to ${last}${names}, such as ${range.example}`,
      );
    }
    return values;
  };
  const minutes = read(0, MINUTE);
  const hours = read(1, HOUR);
  const daysOfMonth = read(2, DAY_OF_MONTH);
  const months = read(3, MONTH);
  const daysOfWeek = read(4, DAY_OF_WEEK);
  return minutes && hours && daysOfMonth && months && daysOfWeek
    ? { text: value, minutes, hours, daysOfMonth, months, daysOfWeek }
    : undefined;
};

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** False for a schedule such as 30 February. When both day fields are restricted either suffices, so it then opens weekly. */
export function canEverOpen({ daysOfMonth, months, daysOfWeek }: CronSchedule): boolean {
  if (daysOfWeek.length < WEEKDAYS.length) return true;
  const earliest = daysOfMonth[0] ?? Infinity;
  return months.some((month) => earliest <= (LONGEST_MONTHS[month - 1] ?? 0));
}
