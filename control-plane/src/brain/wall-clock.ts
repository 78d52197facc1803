/**
 * What the clocks of a time zone show, and when. A day is looked at with the offset before it and the one after it; where they
 * differ, the clocks jump once in between: forward over wall times that never occur, or back over some that occur twice.
 */

/** A calendar day of the zone: the instant at which it would begin if the zone were UTC. */
export type Day = number;

export const DAY_MS = 86_400_000;

export interface DayClock {
  /** The instants at which the clocks show `day` plus `timeOfDayMs`, in order: none, one or two. */
  instantsOf(timeOfDayMs: number): readonly number[];
  /** When the clocks jump; undefined on most days. */
  readonly jumpMs: number | undefined;
}

/** Undefined for a zone that this process does not know. */
export function dayAt(timeZone: string, atMs: number): Day | undefined {
  const offsetMs = offsetAt(timeZone, atMs);
  return offsetMs === undefined ? undefined : Math.floor((atMs + offsetMs) / DAY_MS) * DAY_MS;
}

/** Undefined for a zone that this process does not know. No zone jumps twice within three days. */
export function dayClock(timeZone: string, day: Day): DayClock | undefined {
  const before = { atMs: day - DAY_MS, offsetMs: offsetAt(timeZone, day - DAY_MS) };
  const after = { atMs: day + 2 * DAY_MS, offsetMs: offsetAt(timeZone, day + 2 * DAY_MS) };
  const [earlierMs, laterMs] = [before.offsetMs, after.offsetMs];
  if (earlierMs === undefined || laterMs === undefined) return undefined;
  if (earlierMs === laterMs) {
    return { jumpMs: undefined, instantsOf: (timeOfDayMs) => [day + timeOfDayMs - earlierMs] };
  }
  const jumpMs = jumpBetween(timeZone, before.atMs, after.atMs);
  return {
    jumpMs,
    instantsOf: (timeOfDayMs) => {
      const first = day + timeOfDayMs - earlierMs;
      const second = day + timeOfDayMs - laterMs;
      return [...(first < jumpMs ? [first] : []), ...(second >= jumpMs ? [second] : [])];
    },
  };
}

/** The first whole second with the offset of `toMs`, where that of `fromMs` is another. */
function jumpBetween(timeZone: string, fromMs: number, toMs: number): number {
  const laterMs = offsetAt(timeZone, toMs);
  let [low, high] = [Math.floor(fromMs / 1000), Math.floor(toMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timeZone, middle * 1000) === laterMs) high = middle;
    else low = middle;
  }
  return high * 1000;
}

/** How far the zone's clocks are ahead of UTC. */
function offsetAt(timeZone: string, atMs: number): number | undefined {
  const formatter = formatterOf(timeZone);
  if (formatter === undefined) return undefined;
  const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
  for (const { type, value } of formatter.formatToParts(atMs)) fields[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000;
}

/** More than there are zones; a name may be written in several ways, so the cache is emptied when it is full. */
const MAX_FORMATTERS = 1024;
const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  if (!formatters.has(timeZone)) {
    if (formatters.size >= MAX_FORMATTERS) formatters.clear();
    formatters.set(timeZone, createFormatter(timeZone));
  }
  return formatters.get(timeZone);
}

function createFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
  } catch {
    return undefined;
  }
}
