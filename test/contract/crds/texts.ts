/**
 * Values of each format of the API: valid ones, odd ones that may be either, and near misses, which are valid but for one
 * character.
 */
import fc from 'fast-check';

const digits = fc.integer({ min: 0, max: 12_345_678 }).map(String);
const units = fc.shuffledSubarray(['w', 'd', 'h', 'm', 's', 'ms'], { maxLength: 4 });

export const validDuration = fc
  .tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.subarray(['w', 'd', 'h', 'm', 's', 'ms'], { minLength: 1 }))
  .map(([count, chosen]) => chosen.map((unit) => `${count}${unit}`).join(''));
export const oddDuration = fc.oneof(
  fc.tuple(digits, units).map(([count, chosen]) => chosen.map((unit) => count + unit).join('')),
  fc.string({ unit: fc.constantFrom('0', '1', '9', 'w', 'd', 'h', 'm', 's', ' ', '.', '-', '\n'), maxLength: 6 }),
  fc.constantFrom('0s', '0w0ms', '00000000s', '0000001s', '1H', '٣m', '1w'.repeat(30)),
);

const cronValue = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 7 }).map(String) },
  // Around the ends of the ranges of the five fields.
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 6, 7, 8, 12, 13, 23, 24, 25, 31, 32, 59, 60, 61).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('JAN', 'DEC', 'SUN', 'SAT') },
  { weight: 1, arbitrary: fc.constantFrom('', '*', '007', '05', 'jan', 'XYZ', '?', '1.5', '-1') },
);
const cronPart = fc
  .tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('*') },
      { weight: 4, arbitrary: cronValue },
      { weight: 2, arbitrary: fc.tuple(cronValue, cronValue).map(([from, to]) => `${from}-${to}`) },
    ),
    fc.oneof(
      { weight: 4, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 9, 10, 99, 100).map((step) => `/${step}`) },
    ),
  )
  .map(([span, step]) => span + step);
const cronField = fc.array(cronPart, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
export const oddCron = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.nat({ max: 4 }), cronField)
      .map(([place, field]) => ['*', '*', '*', '*', '*'].with(place, field).join(' ')),
  },
  { weight: 1, arbitrary: fc.array(cronField, { maxLength: 7 }).map((fields) => fields.join(' ')) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '@daily',
      '* * * *  *',
      ' * * * * *',
      '* * * * * ',
      '*\t* * * *',
      '* * * * *\n',
      `${'0,'.repeat(62)}0 * * * *`,
    ),
  },
);
export const validCron = fc.constantFrom(
  '* * * * *',
  '0 22 * * SAT',
  '*/5,1 20-4/2 28-2 NOV-FEB 5-7',
  '59 23 31 12 0',
  '00 09 01 JAN,3 MON-FRI',
);

export const validZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'Etc/GMT+5', 'Atlantis/Capital');
export const oddZone = fc.oneof(
  fc.string({ unit: fc.constantFrom('A', 'a', 'Z', '0', '_', '+', '-', '/', ' '), maxLength: 8 }),
  fc.constantFrom('Europe/Berlin\n', `A${'b'.repeat(63)}`, `A${'b'.repeat(64)}`, 'Ä/B'),
);

const validKey = fc.constantFrom('tier', 'a_b.c-d', 'example.com/tier', `${'p'.repeat(200)}.io/x`, 'A9');
export const labelText = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '9', '-', '_', '.', '/'), maxLength: 8 }),
  fc.integer({ min: 0, max: 65 }).map((length) => 'x'.repeat(length)),
  fc.constantFrom('a\n', 'é', 'a..b/c', 'a/b/c', 'A.b/c', '-a/b', `${'p'.repeat(315)}/x`, `${'p'.repeat(316)}/x`),
);
export const validSelector = fc.record(
  {
    matchLabels: fc.dictionary(validKey, fc.constantFrom('', 'hot', 'a.b_c-d', 'x'.repeat(63)), {
      minKeys: 1,
      maxKeys: 3,
    }),
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key: validKey,
          operator: fc.constantFrom('In', 'NotIn'),
          values: fc.array(fc.constantFrom('a', ''), { minLength: 1, maxLength: 3 }),
        }),
        fc.record(
          { key: validKey, operator: fc.constantFrom('Exists', 'DoesNotExist'), values: fc.constant([]) },
          { requiredKeys: ['key', 'operator'] },
        ),
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['matchLabels'] },
);

export const oddPercentage = fc.oneof(
  fc.integer({ min: -5, max: 120 }).map((value) => `${value}%`),
  fc.constantFrom('05%', '5', '%', '5.0%', '100%\n'),
);
export const oddName = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'B', '9', '-', '.', '_', '/'), maxLength: 8 }),
  fc.constantFrom('a'.repeat(63), 'a'.repeat(64), 'a'.repeat(253), 'a'.repeat(254), 'a\n', '../etc/passwd', 'a..b'),
);
export const oddTime = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2026-02-17T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-02-17',
    '2026-02-17t00:00:00z',
    '2026-02-17T00:00:00+01:00',
    '2026-02-17T00:00:00.1234567890Z',
  ),
);
const oddNumber = fc.oneof(
  fc.integer({ min: -2, max: 102 }),
  fc.constantFrom(1e9, 1e9 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 0.5, -0.5, 1e300),
);
const word = fc.constantFrom(
  'Hot',
  'Cold',
  'Unassigned',
  'Manual',
  'In',
  'Exists',
  'Add',
  'Remove',
  'Syncing',
  'Completed',
  'True',
  'PoolFull',
  'true',
);

/** What may come to stand anywhere. */
export const anything = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, '', [null], [{}]) },
  ...[
    oddDuration,
    oddCron,
    oddZone,
    labelText,
    oddPercentage,
    oddName,
    oddTime,
    oddNumber,
    word,
    validSelector,
    fc.string(),
  ],
  fc.jsonValue({ maxDepth: 2 }),
);

export const byName: Record<string, fc.Arbitrary<unknown>> = {
  samplingWindow: oddDuration,
  cooldownPeriod: oddDuration,
  migrationTimeout: oddDuration,
  duration: oddDuration,
  timeout: oddDuration,
  schedule: oddCron,
  timeZone: oddZone,
  minimumCoverage: oddPercentage,
  key: labelText,
  values: fc.array(labelText, { maxLength: 2 }),
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt'),
  steps: fc.array(fc.constantFrom('Add', 'Sync', 'Verify', 'Remove'), { maxLength: 5 }),
  outcome: fc.constantFrom('Move', 'Wait', 'Blocked', 'Stay', 'Completed', 'move'),
  code: fc.constantFrom('Promote', 'A', 'x', 'No-Pool', 'X'.repeat(63), 'X'.repeat(64)),
  from: fc.constantFrom('Hot', 'Unassigned', 'Mixed', 'mixed'),
  coveragePercent: oddNumber,
  heatIOPS: oddNumber,
  message: fc.constantFrom('', 'a'.repeat(1024), 'é'.repeat(1025), '💾'.repeat(1024)),
  matchLabels: fc.dictionary(labelText, labelText, { maxKeys: 18 }),
};

const EDITS = ['', '0', '1', '7', '9', 'a', 'A', '-', '_', '.', '/', ' ', '\n', '%', 'm', 'Z', 'é'];

/** A text of the form of `pattern`, with at most one character replaced, added or removed. */
export function nearMiss(pattern: string): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.stringMatching(new RegExp(pattern)),
      fc.nat(),
      fc.constantFrom(...EDITS),
      fc.constantFrom(0, 1),
      fc.boolean(),
    )
    .map(([text, place, edit, removed, exact]) => {
      const at = place % (text.length + 1);
      return exact ? text : text.slice(0, at) + edit + text.slice(at + removed);
    });
}
