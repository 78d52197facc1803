import { describe, expect, it } from '@jest/globals';
import { canEverOpen, cronSchedule, type CronSchedule } from './cron-schedule.ts';
import { parseWith } from './reader.ts';

function scheduleOf(text: unknown): CronSchedule | string[] {
  const result = parseWith(cronSchedule, text);
  return result.kind === 'ok' ? result.value : result.errors.map(({ message }) => message);
}

const upTo = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a cron schedule', () => {
  it('stands for all values where it says *', () => {
    expect(scheduleOf('* * * * *')).toEqual({
      text: '* * * * *',
      minutes: upTo(0, 59),
      hours: upTo(0, 23),
      daysOfMonth: upTo(1, 31),
      months: upTo(1, 12),
      daysOfWeek: upTo(0, 6),
    });
  });

  it.each([
    ['5,0,5 * * * *', { minutes: [0, 5] }],
    ['*/20 * * * *', { minutes: [0, 20, 40] }],
    ['50/4 * * * *', { minutes: [50, 54, 58] }],
    ['*/90 * * * *', { minutes: [0] }],
    ['0 8-18/5 * * *', { hours: [8, 13, 18] }],
    ['0 22-2 * * *', { hours: [0, 1, 2, 22, 23] }],
    ['0 22-2/2 * * *', { hours: [0, 2, 22] }],
    ['0 07 * * *', { hours: [7] }],
    ['0 0 28-2 * *', { daysOfMonth: [1, 2, 28, 29, 30, 31] }],
    ['0 0 * NOV-FEB *', { months: [1, 2, 11, 12] }],
    ['0 0 * 6,DEC *', { months: [6, 12] }],
    ['0 0 * * FRI-MON', { daysOfWeek: [0, 1, 5, 6] }],
    ['0 0 * * 5-7', { daysOfWeek: [0, 5, 6] }],
    ['0 0 * * 0-7', { daysOfWeek: upTo(0, 6) }],
    ['0 0 * * 7', { daysOfWeek: [0] }],
    ['0 0 * * 7-1', { daysOfWeek: [0, 1] }],
  ])('%s stands for %j', (text, expected) => {
    expect(scheduleOf(text)).toMatchObject(expected);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '*  * * * *',
    ' * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * Jan *',
    '* * * MON *',
    '* * * * 8',
    '* * * * 07',
    '*/0 * * * *',
    '*/100 * * * *',
    '*/5/5 * * * *',
    '1-2-3 * * * *',
    '1, * * * *',
    '*-5 * * * *',
    '000 * * * *',
    '? * * * *',
    '@daily',
    '-1 * * * *',
    `${'0,'.repeat(60)}0 * * * *`,
  ])('is not %p', (text) => {
    expect(scheduleOf(text)).toHaveLength(1);
  });

  it('names each field that is wrong', () => {
    expect(scheduleOf('60 24 * * *')).toEqual([
      '"60" does not fit the minute; write 0 to 59, such as 0 or */15',
      '"24" does not fit the hour; write 0 to 23, such as 22 or 20-4',
    ]);
  });

  it.each([
    ['0 0 30 FEB *', false],
    ['0 0 31 APR,JUN,SEP,NOV *', false],
    ['0 0 29 FEB *', true],
    ['0 0 31 APR,MAY *', true],
    ['0 0 30 FEB SUN', true],
  ])('%s can ever open: %p', (text, expected) => {
    expect(canEverOpen(scheduleOf(text) as CronSchedule)).toBe(expected);
  });
});
