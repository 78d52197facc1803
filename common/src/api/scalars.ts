/** Readers of single values: each knows one format, and says in its message how to write it. */
import { CoucheStorError, IDENTIFIER_PATTERN, parseDurationMs } from '../base/index.ts';
import { shown, type Reader } from './reader.ts';

/** The largest integer that JSON carries exactly between JavaScript and other languages. */
export const MAX_EXACT_INTEGER = Number.MAX_SAFE_INTEGER;

export const boolean: Reader<boolean> = (value, at, report) => {
  if (typeof value === 'boolean') return value;
  report(at, `${shown(value)} is not a truth value; write true or false, without quotes`);
  return undefined;
};

export function integer(minimum: number, maximum: number): Reader<number> {
  return (value, at, report) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    report(at, `${shown(value)} is not an integer from ${minimum} to ${maximum}; write one, without quotes`);
    return undefined;
  };
}

/** A finite number of zero or more. */
export const nonNegativeNumber: Reader<number> = (value, at, report) => {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  report(at, `${shown(value)} is not a number of zero or more; write one, without quotes`);
  return undefined;
};

/** Lengths count Unicode characters, as JSON Schema does. */
export function text(options: { readonly min?: number; readonly max: number }): Reader<string> {
  return (value, at, report) => {
    const { min = 0, max } = options;
    const length = typeof value === 'string' ? Array.from(value).length : -1;
    if (typeof value === 'string' && length >= min && length <= max) return value;
    report(at, `${shown(value)} is not a text of ${min} to ${max} characters; write one, in quotes`);
    return undefined;
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, at, report) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) report(at, `${shown(value)} is not one of the choices; write ${choices.join(' or ')}`);
    return choice;
  };
}

function matching(pattern: RegExp, maxLength: number, remedy: string): Reader<string> {
  return (value, at, report) => {
    if (typeof value === 'string' && value.length <= maxLength && pattern.test(value)) return value;
    report(at, `${shown(value)} has the wrong form; ${remedy}`);
    return undefined;
  };
}

/** Wraps a parser of the base package, which throws an error that names the field. */
export function parsed<T>(parse: (value: unknown, field: string) => T): Reader<T> {
  return (value, at, report) => {
    try {
      return parse(value, at);
    } catch (error) {
      if (!(error instanceof CoucheStorError)) throw error;
      const message = error.message.replace(/\.$/, '');
      report(at, message.startsWith(`${at}: `) ? message.slice(at.length + 2) : message);
      return undefined;
    }
  };
}

/** Seven digits each keep the sum of all units an exact integer of milliseconds. */
const MAX_DURATION_DIGITS = 7;

/** Into milliseconds. */
export function duration(options: { readonly positive: boolean }): Reader<number> {
  return (value, at, report) => {
    if (typeof value !== 'string') {
      report(at, `${shown(value)} is not a duration; write one in quotes, such as "1h30m"`);
      return undefined;
    }
    const durationMs = parsed((content, field) => parseDurationMs(String(content), field))(value, at, report);
    if (durationMs === undefined) return undefined;
    if ((value.match(/[0-9]+/g) ?? []).some((digits) => digits.length > MAX_DURATION_DIGITS)) {
      report(at, `${shown(value)} has a number of more than ${MAX_DURATION_DIGITS} digits; use a larger unit`);
      return undefined;
    }
    if (options.positive && durationMs === 0) {
      report(at, `${shown(value)} is no time at all; write a duration longer than zero, such as "30m"`);
      return undefined;
    }
    return durationMs;
  };
}

/** A whole percentage such as `50%`, into a share from 0 to 1. */
export const percentage: Reader<number> = (value, at, report) => {
  const percent = typeof value === 'string' && /^(0|[1-9][0-9]{0,2})%$/.test(value) ? parseInt(value, 10) : Infinity;
  if (percent <= 100) return percent / 100;
  report(at, `${shown(value)} is not a whole percentage; write one from 0% to 100%, such as 50%`);
  return undefined;
};

/** An identifier that has no branded type of its own. */
export const identifier = matching(
  new RegExp(IDENTIFIER_PATTERN),
  63,
  'write 1 to 63 of a-z, 0-9, "-" and ".", starting and ending with a letter or digit',
);

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function isDnsName(name: string): boolean {
  return name.length <= 253 && name.split('.').every((label) => DNS_LABEL.test(label));
}

/** A name of an object, as the API server allows it. */
export const dnsName: Reader<string> = (value, at, report) => {
  if (typeof value === 'string' && isDnsName(value)) return value;
  report(
    at,
    `${shown(value)} is not a name; write up to 253 of a-z, 0-9, "-" and "." with letters or digits around each "."`,
  );
  return undefined;
};

export const namespaceName = matching(
  DNS_LABEL,
  63,
  'write up to 63 of a-z, 0-9 and "-", starting and ending with a letter or digit',
);

/** A reason or the type of a condition. */
export const camelCase = matching(/^[A-Z][A-Za-z0-9]*$/, 63, 'write one word in CamelCase, such as PoolFull');

export const metricName = matching(
  /^[A-Za-z_:][A-Za-z0-9_:]*$/,
  253,
  'write the name of a Prometheus metric, such as volume_num_read_ops',
);

/** RFC 3339 in UTC, such as `2026-02-17T09:30:00Z`; kept as text, the form in which it is stored and compared. */
export const timestamp: Reader<string> = (value, at, report) => {
  const [, day, time] =
    (typeof value === 'string' &&
      value.length <= 30 &&
      /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z)$/.exec(value)) ||
    [];
  if (typeof value === 'string' && day !== undefined && isCalendarTime(day, time ?? '')) return value;
  report(at, `${shown(value)} is not a time; write one in UTC, such as "2026-02-17T09:30:00Z"`);
  return undefined;
};

/** A date that does not exist, such as 30 February, or the hour 24, would come back as another day. */
function isCalendarTime(day: string, time: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`);
  const moment = new Date(`${day}${time}`);
  return (
    !Number.isNaN(moment.valueOf()) &&
    !Number.isNaN(midnight.valueOf()) &&
    midnight.toISOString().startsWith(day) &&
    moment.toISOString().startsWith(day)
  );
}
