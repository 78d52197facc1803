import { describe, expect, it } from '@jest/globals';
import type { MaintenanceWindow } from '@couchestor/common/api';
import { parseDurationMs } from '@couchestor/common/base';
import fc from 'fast-check';
import { policySpec } from './brain.fixture.ts';
import { isOpen, nextOpening, windowStateAt } from './maintenance-window.ts';

const DAY_MS = 86_400_000;

function windowOf(schedule: string, duration: string, timeZone = 'UTC'): MaintenanceWindow {
  const [window] = policySpec({ maintenanceWindows: [{ schedule, duration, timeZone }] }).maintenanceWindows;
  return window!;
}

const at = (text: string): number => Date.parse(text);
const shown = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace(':00.000Z', 'Z');

/** The openings after `from` and not after `to`, each found from the one before. */
function openings(window: MaintenanceWindow, from: string, to: string): (string | undefined)[] {
  const found: number[] = [];
  let next = nextOpening(window, at(from));
  while (next !== undefined && next <= at(to)) {
    found.push(next);
    next = nextOpening(window, next);
  }
  return found.map(shown);
}

/** When the window opens and closes in the span, looked at every five minutes. */
function openRuns(window: MaintenanceWindow, from: string, to: string): (string | undefined)[][] {
  const edges: number[] = [];
  for (let ms = at(from), was = false; ms <= at(to); ms += 5 * 60_000) {
    const is = isOpen(window, ms);
    if (is !== was) edges.push(ms);
    was = is;
  }
  return Array.from({ length: Math.ceil(edges.length / 2) }, (_, run) => edges.slice(2 * run, 2 * run + 2).map(shown));
}

describe('a maintenance window', () => {
  it('is open from its opening on and not at its end', () => {
    const window = windowOf('0 22 * * SAT', '4h');
    expect(isOpen(window, at('2026-02-21T22:00:00Z') - 1)).toBe(false);
    expect(isOpen(window, at('2026-02-21T22:00:00Z'))).toBe(true);
    expect(isOpen(window, at('2026-02-22T02:00:00Z') - 1)).toBe(true);
    expect(isOpen(window, at('2026-02-22T02:00:00Z'))).toBe(false);
    expect(shown(nextOpening(window, at('2026-02-22T02:00:00Z')))).toBe('2026-02-28T22:00Z');
  });

  it('keeps the time of its zone', () => {
    expect(
      openings(windowOf('30 2 * * *', '1h', 'Asia/Kathmandu'), '2026-02-17T00:00:00Z', '2026-02-19T00:00:00Z'),
    ).toEqual(['2026-02-17T20:45Z', '2026-02-18T20:45Z']);
    expect(
      openings(windowOf('0 0 1 * *', '1h', 'Pacific/Kiritimati'), '2026-02-01T00:00:00Z', '2026-04-01T00:00:00Z'),
    ).toEqual(['2026-02-28T10:00Z', '2026-03-31T10:00Z']);
  });

  it('opens on either day where the day of the month and the day of the week are both restricted', () => {
    expect(openings(windowOf('0 0 15 * MON', '1h'), '2026-02-01T12:00:00Z', '2026-02-17T00:00:00Z')).toEqual([
      '2026-02-02T00:00Z',
      '2026-02-09T00:00Z',
      '2026-02-15T00:00Z',
      '2026-02-16T00:00Z',
    ]);
    expect(openings(windowOf('0 0 15 * *', '1h'), '2026-02-01T12:00:00Z', '2026-03-17T00:00:00Z')).toHaveLength(2);
    expect(openings(windowOf('0 0 * * MON', '1h'), '2026-02-01T12:00:00Z', '2026-02-17T00:00:00Z')).toHaveLength(3);
  });

  it('opens at the jump where its wall time never occurs, and stays open as long as ever', () => {
    const window = windowOf('30 2 * * *', '1h', 'Europe/Berlin');
    expect(openRuns(window, '2026-03-28T00:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      ['2026-03-28T01:30Z', '2026-03-28T02:30Z'],
      ['2026-03-29T01:00Z', '2026-03-29T02:00Z'],
      ['2026-03-30T00:30Z', '2026-03-30T01:30Z'],
    ]);
  });

  it('opens the first time only where its wall time occurs twice', () => {
    const window = windowOf('30 2 * * *', '30m', 'Europe/Berlin');
    expect(openRuns(window, '2026-10-24T00:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      ['2026-10-24T00:30Z', '2026-10-24T01:00Z'],
      ['2026-10-25T00:30Z', '2026-10-25T01:00Z'],
      ['2026-10-26T01:30Z', '2026-10-26T02:00Z'],
    ]);
    expect(
      openings(windowOf('30 1 * * *', '1h', 'America/New_York'), '2026-11-01T00:00:00Z', '2026-11-02T12:00:00Z'),
    ).toEqual(['2026-11-01T05:30Z', '2026-11-02T06:30Z']);
  });

  it('of every hour opens as often as its wall time occurs', () => {
    const window = windowOf('30 * * * *', '10m', 'Europe/Berlin');
    expect(openings(window, '2026-03-28T23:45:00Z', '2026-03-29T02:45:00Z')).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:30Z',
      '2026-03-29T02:30Z',
    ]);
    expect(openings(window, '2026-10-24T23:45:00Z', '2026-10-25T02:45:00Z')).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T01:30Z',
      '2026-10-25T02:30Z',
    ]);
  });

  it('knows clocks that jump by half an hour, and a day that a zone left out', () => {
    expect(
      openings(windowOf('15 2 * * *', '1h', 'Australia/Lord_Howe'), '2026-10-03T00:00:00Z', '2026-10-05T00:00:00Z'),
    ).toEqual(['2026-10-03T15:30Z', '2026-10-04T15:15Z']);
    expect(
      openings(windowOf('0 12 * * *', '1h', 'Pacific/Apia'), '2011-12-29T00:00:00Z', '2011-12-31T12:00:00Z'),
    ).toEqual(['2011-12-29T22:00Z', '2011-12-30T10:00Z', '2011-12-30T22:00Z']);
  });

  it('stays open over a day that its zone leaves out', () => {
    const window = windowOf('30 23 29 DEC *', '1h', 'Pacific/Apia');
    expect(openRuns(window, '2011-12-30T00:00:00Z', '2011-12-31T00:00:00Z')).toEqual([
      ['2011-12-30T09:30Z', '2011-12-30T10:30Z'],
    ]);
  });

  it('opens at the hour at which the clocks jump back when they show it, not when they would have', () => {
    const window = windowOf('0 3 * * *', '1h', 'Europe/Berlin');
    expect(openings(window, '2026-10-25T00:00:00Z', '2026-10-25T12:00:00Z')).toEqual(['2026-10-25T02:00Z']);
  });

  it('that lasts longer than its period never closes', () => {
    const daily = windowOf('0 6 * * *', '25h');
    const weekly = windowOf('0 6 * * MON', '1w');
    fc.assert(
      fc.property(fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }), (ms) => {
        expect([isOpen(daily, ms), isOpen(weekly, ms)]).toEqual([true, true]);
      }),
    );
  });

  it('may pause for eight years, and is closed meanwhile', () => {
    const leap = windowOf('0 0 29 FEB *', '2d');
    expect(shown(nextOpening(leap, at('2096-03-01T00:00:00Z')))).toBe('2104-02-29T00:00Z');
    expect(isOpen(leap, at('2104-03-01T23:59:00Z'))).toBe(true);
    expect(isOpen(leap, at('2104-03-02T00:00:00Z'))).toBe(false);
    expect(isOpen(windowOf('0 0 29 FEB *', '5000w'), at('2104-02-28T00:00:00Z'))).toBe(true);
  });

  it('that can never open, or whose zone is unknown, is closed without an end', () => {
    expect(nextOpening(windowOf('0 0 30 FEB *', '1h'), at('2026-01-01T00:00:00Z'))).toBeUndefined();
    const nowhere = windowOf('* * * * *', '1h', 'Mars/Olympus');
    expect(isOpen(nowhere, 0)).toBe(false);
    expect(nextOpening(nowhere, 0)).toBeUndefined();
  });

  it('opens where the clock of its zone says so, minute by minute', () => {
    const field = (last: number) => fc.oneof(fc.constant('*'), fc.nat(last).map(String));
    // Without jumps any schedule can be told by the clock alone; with them, those of every hour.
    const zoned = fc.oneof(
      fc.record({ hour: field(23), timeZone: fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/Phoenix') }),
      fc.record({ hour: fc.constant('*'), timeZone: fc.constantFrom('Europe/Berlin', 'Australia/Lord_Howe') }),
    );
    const span = fc.record({
      from: fc.constantFrom('2026-03-28T12:00:00Z', '2026-10-24T12:00:00Z', '2026-04-04T02:00:00Z'),
      length: fc.integer({ min: 1, max: 400 }).map((minutes) => `${minutes}m`),
    });
    fc.assert(
      fc.property(zoned, field(59), field(6), span, ({ hour, timeZone }, minute, weekday, { from, length }) => {
        const window = windowOf(`${minute} ${hour} * * ${weekday}`, length, timeZone);
        const clock = Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' });
        const wanted = (ms: number): boolean => {
          const [day = '', time = ''] = clock.format(ms).split(' ');
          const [shownHour, shownMinute] = time.split(':').map(Number);
          const named = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][Number(weekday)];
          return (
            (minute === '*' || shownMinute === Number(minute)) &&
            (hour === '*' || shownHour === Number(hour)) &&
            (weekday === '*' || day.startsWith(named!))
          );
        };
        const startMs = at(from);
        const durationMs = parseDurationMs(length);
        const minutes = Array.from({ length: 1440 }, (_, index) => startMs + index * 60_000);
        const expected = minutes.filter(wanted);
        expect(nextOpening(window, startMs - 1) ?? Infinity).toBe(
          expected[0] ?? nextOpening(window, startMs + DAY_MS - 1) ?? Infinity,
        );
        for (const ms of minutes.slice(400).filter((_, index) => index % 29 === 0)) {
          expect(isOpen(window, ms)).toBe(expected.some((opening) => opening <= ms && opening + durationMs > ms));
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('the maintenance windows of a policy', () => {
  const early = windowOf('0 2 * * *', '2h');
  const late = windowOf('0 3 * * *', '3h');

  it('are open at all times when there are none', () => {
    expect(windowStateAt([], 0)).toEqual({ kind: 'open' });
  });

  it('are open while one of them is, overlapping or not', () => {
    const open = ['01:59', '02:00', '03:30', '04:30', '05:59', '06:00'].map(
      (time) => windowStateAt([late, early], at(`2026-02-17T${time}:00Z`)).kind,
    );
    expect(open).toEqual(['closed', 'open', 'open', 'open', 'open', 'closed']);
  });

  it('open next when the first of them does', () => {
    expect(windowStateAt([late, early], at('2026-02-17T12:00:00Z'))).toEqual({
      kind: 'closed',
      nextOpeningMs: at('2026-02-18T02:00:00Z'),
    });
    expect(windowStateAt([windowOf('0 0 31 APR *', '1h')], 0)).toEqual({ kind: 'closed', nextOpeningMs: undefined });
  });
});
