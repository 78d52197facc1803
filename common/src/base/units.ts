/**
 * Durations and byte sizes as people write them. One text has one meaning: every unit at most once, the larger first, whole
 * numbers only; whatever is refused is refused with the way to write it.
 */
import { invalid } from './invalid.ts';

const MS_PER_UNIT = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

const DURATION_UNITS = Object.entries(MS_PER_UNIT);

/** The shape of a duration; it also matches the empty text, which a schema has to exclude by a minimum length. */
export const DURATION_PATTERN = `^${DURATION_UNITS.map(([unit]) => `([0-9]+${unit})?`).join('')}$`;

const DURATION = new RegExp(DURATION_PATTERN);

function explainDuration(text: string): { fault: string; remedy: string } {
  if (text === '') return { fault: 'is empty', remedy: 'write a duration such as 30s or 1h30m' };
  if (text.startsWith('-'))
    return { fault: 'is negative', remedy: 'write a duration of zero or more, such as 0s or 30s' };
  if (/^[0-9]+$/.test(text))
    return { fault: 'has no unit', remedy: `write ${text.slice(0, 15)}s or another of w, d, h, m, s, ms` };
  if (/^[0-9]*[.,][0-9]/.test(text))
    return { fault: 'has a fraction', remedy: 'write whole numbers, such as 1h30m for an hour and a half' };
  if (!/^([0-9]+(ms|[wdhms]))+$/.test(text)) {
    return {
      fault: 'is not a duration',
      remedy: 'write whole numbers with the units w, d, h, m, s, ms and no blanks, such as 1h30m',
    };
  }
  const units = text.match(/ms|[wdhms]/g) ?? [];
  return new Set(units).size < units.length
    ? { fault: 'repeats a unit', remedy: 'write each unit once, such as 3h instead of 1h2h' }
    : { fault: 'has its units out of order', remedy: 'write the larger unit first, such as 1h30m' };
}

/**
 * Milliseconds, an integer from 0 to Number.MAX_SAFE_INTEGER. Units: w, d, h, m, s, ms. `field` names the text in the error.
 * Thrown when the text is anything else: CoucheStorError `invalid`.
 */
export function parseDurationMs(text: string, field = 'duration'): number {
  const match = text === '' ? null : DURATION.exec(text);
  if (match === null) throw invalid(field, text, explainDuration(text));
  const totalMs = DURATION_UNITS.reduce(
    (sum, [, unitMs], index) => sum + parseInt(match[index + 1] ?? '0', 10) * unitMs,
    0,
  );
  if (totalMs > Number.MAX_SAFE_INTEGER) {
    throw invalid(field, text, {
      fault: 'is too long',
      remedy: `write at most ${formatDuration(Number.MAX_SAFE_INTEGER)}`,
    });
  }
  return totalMs;
}

/**
 * The shortest text that parseDurationMs reads as `ms`, such as 1h30m. For messages it takes every number: fractions of a
 * millisecond are rounded and a negative duration starts with a minus, which no parser accepts.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms);
  let restMs = Math.round(Math.abs(ms));
  if (restMs === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const [unit, unitMs] of DURATION_UNITS) {
    const count = Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}

const BINARY_PREFIXES = ['K', 'M', 'G', 'T', 'P'] as const;

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1000],
  ...BINARY_PREFIXES.flatMap((prefix, index): [string, number][] => [
    [prefix, 1000 ** (index + 1)],
    [`${prefix}i`, 1024 ** (index + 1)],
  ]),
]);

function explainByteSize(text: string): { fault: string; remedy: string } {
  if (text === '') return { fault: 'is empty', remedy: 'write a size such as 10Gi' };
  if (text.startsWith('-')) return { fault: 'is negative', remedy: 'write a size of zero or more' };
  if (/^[0-9]*[.,][0-9]/.test(text))
    return { fault: 'has a fraction', remedy: 'write a whole number of a smaller unit, such as 1536Mi for 1.5Gi' };
  return {
    fault: 'is not a size',
    remedy: 'write bytes, or a whole number with Ki, Mi, Gi, Ti, Pi (1024) or K, M, G, T, P (1000)',
  };
}

/**
 * Bytes, an integer from 0 to Number.MAX_SAFE_INTEGER. Ki, Mi, … count in 1024, K (or k), M, … in 1000, as in Kubernetes
 * quantities. Thrown when the text is anything else: CoucheStorError `invalid`.
 */
export function parseByteSize(text: string, field = 'size'): number {
  const [, digits, unit] = /^([0-9]+)([A-Za-z]*)$/.exec(text) ?? [];
  const unitBytes = BYTES_PER_UNIT.get(unit ?? '');
  if (digits === undefined || unitBytes === undefined) throw invalid(field, text, explainByteSize(text));
  const bytes = parseInt(digits, 10) * unitBytes;
  if (bytes > Number.MAX_SAFE_INTEGER)
    throw invalid(field, text, { fault: 'is too large', remedy: 'write at most 7Pi' });
  return bytes;
}

/** For people: at most one decimal of the largest fitting binary unit, such as "1.5 GiB"; not meant to be parsed back. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return String(bytes);
  let value = bytes;
  let unit = 'B';
  for (const prefix of BINARY_PREFIXES) {
    // Compared as printed, so that 1023.97 KiB does not read "1024 KiB".
    if (Math.abs(oneDecimal(value)) < 1024) break;
    value /= 1024;
    unit = `${prefix}iB`;
  }
  return `${oneDecimal(value)} ${unit}`;
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
