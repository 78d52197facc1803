/**
 * When the maintenance windows of a policy are open. A window opens at each wall time of its time zone that its schedule names,
 * and stays open for its duration; windows overlap freely, with themselves too when they last longer than their period. Where
 * the clocks jump, a window with hours of its own opens once: at the jump if its wall time never occurs, the first time if it
 * occurs twice. One that names every hour is a rhythm: it opens at each occurrence, and not where there is none.
 */
import type { CronSchedule, MaintenanceWindow } from '@couchestor/common/api';
import { DAY_MS, dayAt, dayClock, type Day } from './wall-clock.ts';

/** 29 February is at most eight years from the next: the longest that a schedule can pause. */
const MAX_SEARCH_DAYS = 8 * 366;

export type WindowState =
  | { readonly kind: 'open' }
  /** Without a next opening, none is in sight within eight years. */
  | { readonly kind: 'closed'; readonly nextOpeningMs: number | undefined };

/** No windows at all are open at all times. */
export function windowStateAt(windows: readonly MaintenanceWindow[], atMs: number): WindowState {
  if (windows.length === 0 || windows.some((window) => isOpen(window, atMs))) return { kind: 'open' };
  const openings = windows.map((window) => nextOpening(window, atMs)).filter((opening) => opening !== undefined);
  return { kind: 'closed', nextOpeningMs: openings.length === 0 ? undefined : Math.min(...openings) };
}

/** From the opening on, and no longer when the duration is over. A time zone unknown to this process opens no window. */
export function isOpen({ schedule, timeZone, durationMs }: MaintenanceWindow, atMs: number): boolean {
  const today = dayAt(timeZone, atMs);
  if (today === undefined) return false;
  // One day more, for a zone whose clocks leave out a day.
  const dayCount = Math.min(Math.ceil(durationMs / DAY_MS) + 1, MAX_SEARCH_DAYS);
  for (let back = 0; back <= dayCount; back += 1) {
    const openings = openingsOf(schedule, timeZone, today - back * DAY_MS).filter((opening) => opening <= atMs);
    if (openings.length > 0) return Math.max(...openings) + durationMs > atMs;
  }
  return false;
}

/** The first opening after `atMs`, whether or not the window is open then. */
export function nextOpening({ schedule, timeZone }: MaintenanceWindow, atMs: number): number | undefined {
  const today = dayAt(timeZone, atMs);
  if (today === undefined) return undefined;
  for (let ahead = 0; ahead <= MAX_SEARCH_DAYS; ahead += 1) {
    const openings = openingsOf(schedule, timeZone, today + ahead * DAY_MS).filter((opening) => opening > atMs);
    if (openings.length > 0) return Math.min(...openings);
  }
  return undefined;
}

/** In no order. */
function openingsOf(schedule: CronSchedule, timeZone: string, day: Day): readonly number[] {
  if (!namesDay(schedule, day)) return [];
  const clock = dayClock(timeZone, day);
  if (clock === undefined) return [];
  const { jumpMs } = clock;
  const isRhythm = schedule.hours.length === HOURS_PER_DAY;
  return timesOfDay(schedule).flatMap((timeOfDayMs) => {
    const instants = clock.instantsOf(timeOfDayMs);
    if (isRhythm || instants.length === 1) return instants;
    return instants.length === 0 && jumpMs !== undefined ? [jumpMs] : instants.slice(0, 1);
  });
}

const HOURS_PER_DAY = 24;
const DAYS_PER_MONTH = 31;
const DAYS_PER_WEEK = 7;

/** As cron has it: where both day fields are restricted, either of them suffices. */
function namesDay({ months, daysOfMonth, daysOfWeek }: CronSchedule, day: Day): boolean {
  const date = new Date(day);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const inMonth = daysOfMonth.includes(date.getUTCDate());
  const inWeek = daysOfWeek.includes(date.getUTCDay());
  const bothRestricted = daysOfMonth.length < DAYS_PER_MONTH && daysOfWeek.length < DAYS_PER_WEEK;
  return bothRestricted ? inMonth || inWeek : inMonth && inWeek;
}

function timesOfDay({ hours, minutes }: CronSchedule): readonly number[] {
  return hours.flatMap((hour) => minutes.map((minute) => (hour * 60 + minute) * 60_000));
}
