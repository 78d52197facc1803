/**
 * String formats and patterns. The formats are those that a structural schema may name, most of them from ajv-formats;
 * a format that is not here is ignored, as the API conventions want it. Patterns are RE2 in Kubernetes and are run as
 * JavaScript expressions here: the syntax that only RE2 has is rewritten where that is simple, and refused otherwise.
 */
import { isIP } from 'node:net';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Format } from 'ajv';

const UUID = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');
const GO_DURATION =
  /^[-+]?(\d+(\.\d*)?|\.\d+)\s*(ns|us|µs|ms|s|m|h|d|w|nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?|days?|weeks?)(\s*(\d+(\.\d*)?)(ns|us|µs|ms|s|m|h))*$/;

function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const version = isIP(address);
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

/** As a real server: the day must exist, the time of day is looked at by its form only. */
function isDateTime(text: string): boolean {
  const day = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:?\d{2})$/i.exec(text)?.[1];
  const midnight = new Date(`${day}T00:00:00Z`);
  return day !== undefined && !Number.isNaN(midnight.valueOf()) && midnight.toISOString().startsWith(day);
}

export const FORMATS: Record<string, Format> = {
  date: fullFormats.date,
  'date-time': isDateTime,
  datetime: isDateTime,
  // Of Leases and Events; no schema can ask for it.
  'micro-time': (text: string) => isDateTime(text) && /\.\d{6}(Z|[-+]\d{2}:\d{2})$/.test(text),
  duration: (text: string) => text === '0' || GO_DURATION.test(text),
  uri: (text: string) => URL.canParse(text) || /^\/\S*$/.test(text),
  email: fullFormats.email,
  hostname: fullFormats.hostname,
  ipv4: (text: string) => isIP(text) === 4,
  ipv6: (text: string) => isIP(text) === 6,
  cidr: isCidr,
  mac: /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i,
  uuid: UUID('[0-9a-f]'),
  uuid3: UUID('3'),
  uuid4: UUID('4'),
  uuid5: UUID('5'),
  byte: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  hexcolor: /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i,
  bsonobjectid: /^[0-9a-f]{24}$/i,
};

const POSIX_CLASSES: Record<string, string> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

/** The expression, or why it is none. */
export function compilePattern(pattern: string): RegExp | Error {
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(flags?.[0].length ?? 0)
    .replace(/\[:(\w+):\]/g, (whole, name: string) => POSIX_CLASSES[name] ?? whole)
    .replace(/\(\?P</g, '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$');
  if (/\(\?(=|!|<=|<!)|\\[1-9]/.test(source)) return new Error('lookaround and back references are not supported');
  try {
    return new RegExp(source, `${flags?.[1] ?? ''}u`);
  } catch {
    // RE2 allows escapes that the Unicode mode of JavaScript refuses, such as `\-`.
    try {
      return new RegExp(source, flags?.[1] ?? '');
    } catch (error) {
      return new Error(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }
}
