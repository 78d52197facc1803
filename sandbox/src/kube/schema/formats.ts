/**
 * String formats and patterns. A format that is not here is ignored, as the API conventions want it. Patterns are RE2
 * in Kubernetes and are run as JavaScript expressions here; what only one of the two understands is refused.
 */
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { Format } from 'ajv';

/** Look-around and back references, which RE2 lacks; classes, anchors and flags, which JavaScript writes otherwise. */
const NOT_IN_BOTH = /\(\?(?!:)|\\[1-9AzQpP]|\[:\w+:\]/;

/** As a real server: the day must exist, the time of day is looked at by its form only. */
function isDateTime(text: string): boolean {
  const day = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[-+]\d{2}:?\d{2})$/i.exec(text)?.[1];
  const midnight = new Date(`${day}T00:00:00Z`);
  return day !== undefined && !Number.isNaN(midnight.valueOf()) && midnight.toISOString().startsWith(day);
}

const { date, email, hostname, ipv4, ipv6, uri, uuid } = fullFormats;
export const FORMATS: Record<string, Format> = {
  ...{ date, email, hostname, ipv4, ipv6, uri, uuid },
  'date-time': isDateTime,
  // Of Leases and Events; no schema can ask for it.
  'micro-time': (text: string) => isDateTime(text) && /\.\d{6}(Z|[-+]\d{2}:\d{2})$/.test(text),
  byte: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
};

/** @throws if there is no such expression, or if it does not mean the same everywhere */
export function compilePattern(pattern: string): RegExp {
  if (NOT_IN_BOTH.test(pattern)) throw new Error('only what RE2 and JavaScript have in common is supported');
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern); // RE2 allows escapes that the Unicode mode of JavaScript refuses, such as `\-`.
  }
}
