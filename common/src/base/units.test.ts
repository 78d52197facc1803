import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from './errors.ts';
import { DURATION_PATTERN, formatBytes, formatDuration, parseByteSize, parseDurationMs } from './units.ts';

function refusalOf(parse: () => unknown): CoucheStorError {
  try {
    parse();
  } catch (error) {
    if (error instanceof CoucheStorError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

/** Texts near to what the parsers accept, and texts that are nothing like it. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789wdhmsKMGTPEik.,-+ \n')), maxLength: 30 }),
);

describe('parseDurationMs', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['1h30m', 5_400_000],
    ['24h', 86_400_000],
    ['2w', 1_209_600_000],
    ['1w2d3h4m5s6ms', 788_645_006],
    ['1h5ms', 3_600_005],
    ['007s', 7000],
    ['9007199254740991ms', Number.MAX_SAFE_INTEGER],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each([
    ['', 'is empty; write a duration such as 30s or 1h30m.'],
    ['-5m', 'is negative; write a duration of zero or more, such as 0s or 30s.'],
    ['1.5h', 'has a fraction; write whole numbers, such as 1h30m for an hour and a half.'],
    ['.5h', 'has a fraction'],
    ['30', 'has no unit; write 30s or another of w, d, h, m, s, ms.'],
    ['1h2h', 'repeats a unit; write each unit once, such as 3h instead of 1h2h.'],
    ['30m1h', 'has its units out of order; write the larger unit first, such as 1h30m.'],
    ['1ms1s', 'has its units out of order'],
    ['1y', 'is not a duration'],
    ['1H', 'is not a duration'],
    ['h', 'is not a duration'],
    ['1h 30m', 'is not a duration'],
    ['1h\n', 'is not a duration'],
    ['1h30', 'is not a duration'],
    ['9007199254740992ms', 'is too long; write at most 14892855w6d8h59m991ms'],
    ['99999999999999w', 'is too long'],
    [`${'9'.repeat(400)}s`, 'is too long'],
  ])('refuses %j and says why and what instead', (text, explanation) => {
    const error = refusalOf(() => parseDurationMs(text, 'spec.cooldownPeriod'));
    expect(error).toMatchObject({ code: 'invalid', retryable: false, fields: { field: 'spec.cooldownPeriod' } });
    expect(error.message).toMatch(/^spec\.cooldownPeriod: "/);
    expect(error.message).toContain(explanation);
  });

  it('reads every duration that formatDuration writes', () => {
    const anyMs = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(1e7));
    fc.assert(fc.property(anyMs, (ms) => expect(parseDurationMs(formatDuration(ms))).toBe(ms)));
  });

  it('reads every descending subset of units as their sum', () => {
    const unitsMs = [
      ['w', 604_800_000],
      ['d', 86_400_000],
      ['h', 3_600_000],
      ['m', 60_000],
      ['s', 1000],
      ['ms', 1],
    ] as const;
    const counts = fc.tuple(...unitsMs.map(() => fc.option(fc.nat(10_000), { nil: undefined })));
    fc.assert(
      fc.property(counts, (chosen) => {
        fc.pre(chosen.some((count) => count !== undefined));
        const text = chosen
          .map((count, index) => (count === undefined ? '' : `${count}${unitsMs[index]![0]}`))
          .join('');
        const totalMs = chosen.reduce<number>((sum, count, index) => sum + (count ?? 0) * unitsMs[index]![1], 0);
        expect(parseDurationMs(text)).toBe(totalMs);
      }),
    );
  });

  it('throws nothing but an invalid error, and accepts only what the published pattern does', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        let ms: number | undefined;
        try {
          ms = parseDurationMs(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
        }
        if (ms !== undefined) expect(Number.isSafeInteger(ms) && ms >= 0).toBe(true);
        const matches = text !== '' && new RegExp(DURATION_PATTERN).test(text);
        if (!matches) expect(ms).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [1, '1ms'],
    [5_400_000, '1h30m'],
    [86_400_000, '1d'],
    [694_861_001, '1w1d1h1m1s1ms'],
    [1.6, '2ms'],
    [0.2, '0s'],
    [-90_000, '-1m30s'],
    [Infinity, 'Infinity'],
    [NaN, 'NaN'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('parseByteSize', () => {
  it.each([
    ['0', 0],
    ['512', 512],
    ['1Ki', 1024],
    ['10Gi', 10 * 1024 ** 3],
    ['3Mi', 3 * 1024 ** 2],
    ['2Ti', 2 * 1024 ** 4],
    ['7Pi', 7 * 1024 ** 5],
    ['1k', 1000],
    ['1K', 1000],
    ['5M', 5e6],
    ['5G', 5e9],
    ['5T', 5e12],
    ['9P', 9e15],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each([
    ['', 'is empty; write a size such as 10Gi.'],
    ['-1', 'is negative'],
    ['1.5Gi', 'has a fraction; write a whole number of a smaller unit, such as 1536Mi for 1.5Gi.'],
    ['10GiB', 'is not a size; write bytes, or a whole number with Ki, Mi, Gi, Ti, Pi (1024) or K, M, G, T, P (1000).'],
    ['10 Gi', 'is not a size'],
    ['1e6', 'is not a size'],
    ['Gi', 'is not a size'],
    ['1ki', 'is not a size'],
    ['1constructor', 'is not a size'],
    ['8Pi', 'is too large; write at most 7Pi.'],
    ['9007199254740992', 'is too large'],
    ['9'.repeat(400), 'is too large'],
  ])('refuses %j and says why and what instead', (text, explanation) => {
    const error = refusalOf(() => parseByteSize(text, '--cache-size'));
    expect(error).toMatchObject({ code: 'invalid', fields: { field: '--cache-size' } });
    expect(error.message).toContain(explanation);
  });

  it('throws nothing but an invalid error', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          expect(Number.isSafeInteger(parseByteSize(text))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1024 * 1024 - 1, '1 MiB'],
    [10 * 1024 ** 3, '10 GiB'],
    [1024 ** 6, '1024 PiB'],
    [-2048, '-2 KiB'],
    [Infinity, 'Infinity'],
  ])('writes %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('is right to within a twentieth of its unit', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        const [, value, unit] = /^([0-9.]+) ([KMGTP]?)i?B$/.exec(formatBytes(bytes))!;
        const unitBytes = 1024 ** ['', 'K', 'M', 'G', 'T', 'P'].indexOf(unit!);
        expect(Math.abs(Number(value) * unitBytes - bytes)).toBeLessThanOrEqual(unitBytes * 0.0501);
      }),
    );
  });
});
