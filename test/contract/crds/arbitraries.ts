/**
 * Documents that users and programs might write: valid ones in every variation, then changed at a place or two into
 * something that is wrong, odd, or by chance still right. Which of these it is, the schema and the parser have to agree on.
 */
import fc from 'fast-check';
import { withChange } from './documents.ts';
import { clone, type Json } from './definitions.ts';

const digits = fc.integer({ min: 0, max: 12_345_678 }).map(String);
const units = fc.shuffledSubarray(['w', 'd', 'h', 'm', 's', 'ms'], { maxLength: 4 });

const validDuration = fc
  .tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.subarray(['w', 'd', 'h', 'm', 's', 'ms'], { minLength: 1 }))
  .map(([count, chosen]) => chosen.map((unit) => `${count}${unit}`).join(''));
const oddDuration = fc.oneof(
  fc.tuple(digits, units).map(([count, chosen]) => chosen.map((unit) => count + unit).join('')),
  fc.string({ unit: fc.constantFrom('0', '1', '9', 'w', 'd', 'h', 'm', 's', ' ', '.', '-', '\n'), maxLength: 6 }),
  fc.constantFrom('0s', '0w0ms', '00000000s', '0000001s', '1H', '٣m', `${'1w'.repeat(30)}`),
);

const cronValue = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 7 }).map(String) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 64 }).map(String) },
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
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 120 }).map((step) => `/${step}`) },
    ),
  )
  .map(([span, step]) => span + step);
const cronField = fc.array(cronPart, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(','));
const oddCron = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(cronField, cronField, cronField, cronField, cronField).map((fields) => fields.join(' ')),
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
const validCron = fc.constantFrom(
  '* * * * *',
  '0 22 * * SAT',
  '*/5,1 20-4/2 28-2 NOV-FEB 5-7',
  '59 23 31 12 0',
  '00 09 01 JAN,3 MON-FRI',
);

const validZone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'), 'Etc/GMT+5', 'Atlantis/Capital');
const oddZone = fc.oneof(
  fc.string({ unit: fc.constantFrom('A', 'a', 'Z', '0', '_', '+', '-', '/', ' '), maxLength: 8 }),
  fc.constantFrom('Europe/Berlin\n', `A${'b'.repeat(63)}`, `A${'b'.repeat(64)}`, 'Ä/B'),
);

const validKey = fc.constantFrom('tier', 'a_b.c-d', 'example.com/tier', `${'p'.repeat(200)}.io/x`, 'A9');
const labelText = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'Z', '9', '-', '_', '.', '/'), maxLength: 8 }),
  fc.integer({ min: 0, max: 65 }).map((length) => 'x'.repeat(length)),
  fc.constantFrom('a\n', 'é', 'a..b/c', 'a/b/c', 'A.b/c', '-a/b', `${'p'.repeat(315)}/x`, `${'p'.repeat(316)}/x`),
);
const validSelector = fc.record(
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

const oddPercentage = fc.oneof(
  fc.integer({ min: -5, max: 120 }).map((value) => `${value}%`),
  fc.constantFrom('05%', '5', '%', '5.0%', '100%\n'),
);
const oddName = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'B', '9', '-', '.', '_', '/'), maxLength: 8 }),
  fc.constantFrom('a'.repeat(63), 'a'.repeat(64), 'a'.repeat(253), 'a'.repeat(254), 'a\n', '../etc/passwd', 'a..b'),
);
const oddTime = fc.oneof(
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
const anything = fc.oneof(
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

const byName: Record<string, fc.Arbitrary<unknown>> = {
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
  matchLabels: fc.dictionary(labelText, labelText, { maxKeys: 18 }),
};

const optionalFields = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T): fc.Arbitrary<Json> =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Json>;

const iops = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1_000_000_000 }));

const policySpec = fc
  .tuple(
    fc.record({
      lowWatermarkIOPS: iops,
      highWatermarkIOPS: iops,
      storageClassName: fc.constantFrom('mayastor', 'a.b-c'),
    }),
    fc
      .tuple(fc.constantFrom('hotPoolSelector', 'nvmePoolSelector'), validSelector)
      .map((pair) => Object.fromEntries([pair]) as Json),
    fc
      .tuple(fc.constantFrom('coldPoolSelector', 'sataPoolSelector'), validSelector)
      .map((pair) => Object.fromEntries([pair]) as Json),
    optionalFields({
      warmWatermarkIOPS: iops,
      samplingWindow: validDuration,
      cooldownPeriod: fc.oneof(validDuration, fc.constant('0s')),
      minimumCoverage: fc.constantFrom('0%', '50%', '100%'),
      volumeSelector: fc.oneof(validSelector, fc.constant({})),
      warmPoolSelector: validSelector,
      maxConcurrentMigrations: fc.integer({ min: 1, max: 100 }),
      migrationTimeout: validDuration,
      enabled: fc.boolean(),
      dryRun: fc.boolean(),
      preservationMode: fc.boolean(),
      approval: fc.constantFrom('Automatic', 'Manual'),
      maintenanceWindows: fc.array(
        fc.record(
          { schedule: validCron, duration: validDuration, timeZone: validZone },
          { requiredKeys: ['schedule', 'duration'] },
        ),
        { maxLength: 2 },
      ),
      ecPolicyRef: fc.constantFrom('archive', 'a.b'),
      ecMinVolumeSizeBytes: fc.nat(),
    }),
  )
  .map((parts) => {
    const spec = Object.assign({}, ...parts) as Record<string, number>;
    // Mostly in order; what is not, is part of the test.
    if (spec['lowWatermarkIOPS']! > spec['highWatermarkIOPS']!) {
      [spec['lowWatermarkIOPS'], spec['highWatermarkIOPS']] = [spec['highWatermarkIOPS']!, spec['lowWatermarkIOPS']!];
    }
    return spec as Json;
  });

export const anyPolicy = (status: Json): fc.Arbitrary<Json> =>
  mutated(
    fc.record({
      apiVersion: fc.constant('storage.billyronks.io/v1'),
      kind: fc.constant('StoragePolicy'),
      metadata: fc.record({ name: fc.constantFrom('p', 'a.b-c', 'a'.repeat(63), 'a'.repeat(64)) }),
      spec: policySpec,
      status: fc.constant(status),
    }),
  );

/** Every document is `full`, or `full` without its optional parts, before it is changed. */
export const anyMigration = (full: Json): fc.Arbitrary<Json> => mutated(fc.constant(full));

type Path = (string | number)[];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

function pathsOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, item]) => pathsOf(item, [...path, key]))];
}

const ALIASES = ['hotPoolSelector', 'nvmePoolSelector', 'coldPoolSelector', 'sataPoolSelector', 'warmPoolSelector'];

const mutation = fc.record({
  place: fc.nat(),
  action: fc.oneof(
    { weight: 6, arbitrary: fc.constant('replace' as const) },
    { weight: 2, arbitrary: fc.constant('remove' as const) },
    { weight: 1, arbitrary: fc.constant('repeat' as const) },
    { weight: 1, arbitrary: fc.constant('unknown' as const) },
    { weight: 1, arbitrary: fc.constant('alias' as const) },
  ),
  anyValue: anything,
  fitting: fc.record(byName),
  preferFitting: fc.boolean(),
  alias: fc.constantFrom(...ALIASES),
  selector: validSelector,
});

function mutated(documents: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.tuple(documents, fc.array(mutation, { maxLength: 3 })).map(([document, mutations]) => {
    let result = document;
    for (const { place, action, anyValue, fitting, preferFitting, alias, selector } of mutations) {
      const paths = ['spec', 'status'].flatMap((part) => pathsOf(result[part], [part]));
      const path = paths[place % paths.length]!;
      const current = path.reduce<unknown>((node, key) => (node as Json)[key], result);
      if (action === 'remove') result = withChange(result, path, undefined);
      if (action === 'repeat' && Array.isArray(current))
        result = withChange(result, path, [...(current as unknown[]), ...(current as unknown[])]);
      if (action === 'unknown' && isObject(current)) result = withChange(result, [...path, 'unknown'], anyValue);
      if (action === 'alias' && isObject(result['spec'])) result = withChange(result, ['spec', alias], selector);
      if (action === 'replace') {
        const fittingValue = (fitting as Json)[String(path.at(-1))];
        result = withChange(result, path, preferFitting && fittingValue !== undefined ? fittingValue : anyValue);
      }
    }
    return clone(result) as Json;
  });
}
