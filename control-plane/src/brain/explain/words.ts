/**
 * How numbers, times and borrowed texts are written for people. A number is never rounded across a threshold that stands
 * beside it, and a text that comes from elsewhere becomes exactly one sentence or phrase, without line breaks, of bounded length.
 */
import type { Placement, Tier } from '@couchestor/common/api';

const MAX_DIGITS = 6;
const FORMATS = Array.from(
  { length: MAX_DIGITS + 1 },
  (_, maximumFractionDigits) => new Intl.NumberFormat('en-US', { maximumFractionDigits }),
);

/** With the fewest decimals, from `digits` on, at which the number is on the same side of every mark as before. */
function roundedText(value: number, digits: number, marks: readonly number[]): string {
  const isFaithful = (rounded: number): boolean =>
    marks.every((mark) => Math.sign(rounded - mark) === Math.sign(value - mark));
  let used = digits;
  while (used < MAX_DIGITS && !isFaithful(Number(value.toFixed(used)))) used += 1;
  return (FORMATS[used] ?? FORMATS[0])?.format(value) ?? String(value);
}

/** Such as `6,200 IOPS` or `0.4 IOPS`. */
export function iopsText(iops: number, watermarks: readonly number[] = []): string {
  return `${roundedText(iops, iops < 10 ? 1 : 0, watermarks)} IOPS`;
}

/** A share from 0 to 1, such as `86 %`. */
export function percentText(share: number, marks: readonly number[] = []): string {
  // 0.57 * 100 is a little less than 57.
  const percent = (value: number): number => Number((value * 100).toFixed(MAX_DIGITS));
  return `${roundedText(percent(share), 0, marks.map(percent))} %`;
}

export function countText(count: number, noun: string): string {
  return `${roundedText(count, 0, [])} ${noun}${count === 1 ? '' : 's'}`;
}

const UNITS = [
  { noun: 'day', ms: 86_400_000 },
  { noun: 'hour', ms: 3_600_000 },
  { noun: 'minute', ms: 60_000 },
  { noun: 'second', ms: 1_000 },
] as const;

/** The two largest units that fit, such as `3 hours 20 minutes`. */
export function durationText(ms: number): string {
  const index = UNITS.findIndex((unit) => ms >= unit.ms);
  const [large, small] = [UNITS[index], UNITS[index + 1]];
  if (large === undefined) return 'less than a second';
  const first = countText(Math.floor(ms / large.ms), large.noun);
  const rest = small === undefined ? 0 : Math.floor((ms % large.ms) / small.ms);
  return small === undefined || rest === 0 ? first : `${first} ${countText(rest, small.noun)}`;
}

/** Such as `the last hour` or `the last 1 hour 30 minutes`. */
export function windowText(ms: number): string {
  return `the last ${durationText(ms).replace(/^1 ([a-z]+)$/, '$1')}`;
}

const END_OF_WRITABLE_TIME_MS = Date.UTC(10_000, 0, 1);

/** RFC 3339 in UTC; undefined for what has no four-digit year, such as the end of a cooldown of ten thousand years. */
export function rfc3339(ms: number): string | undefined {
  return ms >= 0 && ms < END_OF_WRITABLE_TIME_MS ? new Date(ms).toISOString() : undefined;
}

/** To the minute, never later than the truth, such as `2026-02-17 09:30 UTC`; undefined as for rfc3339. */
export function momentText(ms: number): string | undefined {
  const time = rfc3339(ms);
  return time === undefined ? undefined : `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

const MAX_BORROWED_LENGTH = 400;

/** One line without an end mark, cut between words when long. */
export function phrase(text: string): string {
  const characters = Array.from(text.trim().replace(/\s+/g, ' '));
  const start = characters.slice(0, MAX_BORROWED_LENGTH).join('');
  const cut = characters.length > MAX_BORROWED_LENGTH;
  const bare = (cut ? start.replace(/ [^ ]*$/, '') : start).replace(/[\s.,;:!?\u2026]+$/, '');
  return cut ? `${bare} …` : bare;
}

/** With a capital, unless it begins with a name, and a full stop; nothing for a text of nothing. */
export function sentence(text: string): string {
  const bare = phrase(text);
  if (bare === '') return '';
  const capital = /^[a-z]+('[a-z]+)?( |$)/.test(bare) ? bare.charAt(0).toUpperCase() + bare.slice(1) : bare;
  return `${capital}.`;
}

/** As a part of a sentence: without its capital, unless that may be the one of a name. */
export function clause(text: string): string {
  const bare = phrase(text);
  return /^(A|It|Node|Nothing|The|This|With) /.test(bare) ? bare.charAt(0).toLowerCase() + bare.slice(1) : bare;
}

/** Such as `a, b and c`, or `a, b and 4 more`. */
export function listed(items: readonly string[], max: number): string {
  const shown = items.length > max ? [...items.slice(0, max), `${items.length - max} more`] : items;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

export function tierWord(tier: Placement): string {
  return tier === 'Unassigned' ? 'no tier' : tier.toLowerCase();
}

export function inTier(tier: Tier): string {
  return `the ${tierWord(tier)} tier`;
}
