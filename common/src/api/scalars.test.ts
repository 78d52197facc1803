import { describe, expect, it } from '@jest/globals';
import { parseWith, type Reader } from './reader.ts';
import {
  boolean,
  camelCase,
  dnsName,
  duration,
  integer,
  metricName,
  namespaceName,
  nonNegativeNumber,
  percentage,
  text,
  timestamp,
} from './scalars.ts';
import { isKnownTimeZone, timeZoneName } from './time-zone.ts';

const accepts = (reader: Reader<unknown>, value: unknown): boolean => parseWith(reader, value).kind === 'ok';

describe('a single value', () => {
  it.each<[string, Reader<unknown>, unknown[], unknown[]]>([
    ['truth value', boolean, [true, false], ['true', 0]],
    ['integer', integer(1, 5), [1, 5, 2], [0, 6, 1.5, '1', NaN]],
    ['number', nonNegativeNumber, [0, 1.5], [-0.1, Infinity, '1']],
    ['text', text({ min: 1, max: 2 }), ['a', '💾💾'], ['', 'abc', 1]],
    ['name', dnsName, ['a', 'a-b.c9', 'a'.repeat(253)], ['A', 'a.', '.a', 'a..b', '-a', 'a'.repeat(254), '']],
    ['namespace', namespaceName, ['shop-1'], ['shop.1', 'a'.repeat(64), '']],
    ['reason', camelCase, ['PoolFull', 'A'], ['poolFull', 'Pool-Full', '']],
    ['metric', metricName, ['a:b_c1'], ['1a', 'a-b', '']],
    ['percentage', percentage, ['0%', '7%', '100%'], ['100', '00%', '101%', '-1%', '1.0%', 50]],
    [
      'duration',
      duration({ positive: true }),
      ['1ms', '1w1d1h1m1s1ms', '9999999w'],
      ['0s', '0h0m', '10000000s', '1ms1s', 5],
    ],
    [
      'time',
      timestamp,
      ['2026-02-17T09:30:00Z', '2024-02-29T23:59:59.123456789Z'],
      [
        '2026-02-30T00:00:00Z',
        '2026-02-17T24:00:00Z',
        '2026-02-17T09:30:60Z',
        '2026-02-17T09:30:00+01:00',
        '2026-02-17',
        '2026-13-01T00:00:00Z',
        0,
      ],
    ],
    [
      'time zone',
      timeZoneName,
      [
        'UTC',
        'Europe/Berlin',
        'America/Argentina/Buenos_Aires',
        'Etc/GMT+5',
        'America/Port-au-Prince',
        'Atlantis/Capital',
      ],
      ['utc', '+01:00', 'Europe/', '/Europe', 'Europe//Berlin', 'Europe/berlin', '', `A${'a'.repeat(64)}`],
    ],
  ])('is read as a %s exactly if it is one', (_what, reader, valid, invalid) => {
    expect(valid.filter((value) => !accepts(reader, value))).toEqual([]);
    expect(invalid.filter((value) => accepts(reader, value))).toEqual([]);
  });

  it('cuts a long value in the message about it', () => {
    const result = parseWith(boolean, 'x'.repeat(10_000));
    expect(result.kind === 'invalid' && result.errors[0]?.message.length).toBeLessThan(200);
  });
});

describe('time zones', () => {
  it('are known or not', () => {
    expect(['UTC', 'Europe/Berlin', 'Atlantis/Capital', 'Local'].map(isKnownTimeZone)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('of every zone in the data have names of the right form', () => {
    expect(Intl.supportedValuesOf('timeZone').filter((zone) => !accepts(timeZoneName, zone))).toEqual([]);
  });
});
