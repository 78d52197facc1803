import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  clause,
  durationText,
  iopsText,
  listed,
  momentText,
  percentText,
  phrase,
  rfc3339,
  sentence,
  windowText,
} from './words.ts';

describe('numbers', () => {
  it('are as long as they need be', () => {
    expect([0, 0.04, 0.44, 9.96, 10.4, 1234.5, 1e9].map((iops) => iopsText(iops))).toEqual([
      '0 IOPS',
      '0 IOPS',
      '0.4 IOPS',
      '10 IOPS',
      '10 IOPS',
      '1,235 IOPS',
      '1,000,000,000 IOPS',
    ]);
    expect([0, 0.57, 0.8649, 1].map((share) => percentText(share))).toEqual(['0 %', '57 %', '86 %', '100 %']);
  });

  it('are never rounded across a watermark', () => {
    expect(iopsText(4999.7, [500, 5000])).toBe('4,999.7 IOPS');
    expect(iopsText(5000.004, [500, 5000])).toBe('5,000.004 IOPS');
    expect(percentText(0.4996, [0.5])).toBe('49.96 %');
    expect(percentText(0.57, [0.57])).toBe('57 %');
    const side = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 1_000_000 }));
    fc.assert(
      fc.property(side, ([iops, mark]) => {
        fc.pre(iops === mark || Math.abs(iops - mark) > 1e-6);
        const shown = Number(iopsText(iops, [mark]).replace(/[^0-9.]/g, ''));
        expect(Math.sign(shown - mark)).toBe(Math.sign(iops - mark));
      }),
    );
  });
});

describe('times', () => {
  it('have the two largest units', () => {
    expect([0, 999, 1000, 61_000, 3_600_000, 12_000_000, 90_000_000, 172_800_000].map(durationText)).toEqual([
      'less than a second',
      'less than a second',
      '1 second',
      '1 minute 1 second',
      '1 hour',
      '3 hours 20 minutes',
      '1 day 1 hour',
      '2 days',
    ]);
    expect([3_600_000, 5_400_000, 86_400_000].map(windowText)).toEqual([
      'the last hour',
      'the last 1 hour 30 minutes',
      'the last day',
    ]);
  });

  it('are in UTC, and have four-digit years', () => {
    const ms = Date.UTC(2026, 1, 17, 9, 30, 59, 500);
    expect([momentText(ms), rfc3339(ms)]).toEqual(['2026-02-17 09:30 UTC', '2026-02-17T09:30:59.500Z']);
    expect([Date.UTC(10_000, 0), 1e17, Infinity, NaN, -1].map(rfc3339)).toEqual(Array(5).fill(undefined));
    expect(momentText(1e17)).toBeUndefined();
  });
});

describe('texts of others', () => {
  it('become one sentence', () => {
    expect(sentence(" the claim's\n\tannotation is odd;  remove it!.. ")).toBe(
      "The claim's annotation is odd; remove it.",
    );
    expect(['hot-a is full', 'snapshots', '', ' . '].map(sentence)).toEqual(['hot-a is full.', 'Snapshots.', '', '']);
  });

  it('become a part of a sentence, names as they are', () => {
    expect(clause('The pool is small.')).toBe('the pool is small');
    expect(clause('Mayastor is full')).toBe('Mayastor is full');
    expect(clause('hot-1 is full. ')).toBe('hot-1 is full');
  });

  it('are cut between words when long, and never within a character', () => {
    const cut = phrase('💾word '.repeat(100));
    expect(cut).toMatch(/^(💾word )+…$/u);
    expect(Array.from(cut).length).toBeLessThan(402);
  });

  it('are listed as people do', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((items) => listed(items, 3))).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
      'a, b, c and 1 more',
    ]);
  });
});
