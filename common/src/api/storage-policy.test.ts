import { describe, expect, it } from '@jest/globals';
import { formatFieldErrors } from './reader.ts';
import { parseStoragePolicy, type StoragePolicy } from './storage-policy.ts';

const minimalSpec = {
  highWatermarkIOPS: 5000,
  lowWatermarkIOPS: 500,
  storageClassName: 'mayastor',
  hotPoolSelector: { matchLabels: { tier: 'hot' } },
  coldPoolSelector: { matchLabels: { tier: 'cold' } },
};

const manifest = (spec: Record<string, unknown>, status?: unknown): unknown => ({
  apiVersion: 'storage.billyronks.io/v1',
  kind: 'StoragePolicy',
  metadata: { name: 'example' },
  spec: { ...minimalSpec, ...spec },
  ...(status === undefined ? {} : { status }),
});

function accepted(document: unknown): StoragePolicy {
  const result = parseStoragePolicy(document);
  if (result.kind === 'invalid') throw new Error(formatFieldErrors(result.errors));
  return result.value;
}

const specOf = (spec: Record<string, unknown> = {}): StoragePolicy['spec'] => accepted(manifest(spec)).spec;

function problems(document: unknown): string[] {
  const result = parseStoragePolicy(document);
  return result.kind === 'invalid' ? result.errors.map(({ field, message }) => `${field}: ${message}`) : [];
}

describe('a StoragePolicy', () => {
  it('has the defaults of the datasheet', () => {
    expect(specOf()).toEqual({
      lowWatermarkIOPS: 500,
      warmWatermarkIOPS: 500,
      highWatermarkIOPS: 5000,
      samplingWindowMs: 3_600_000,
      cooldownPeriodMs: 86_400_000,
      minimumCoverage: 0.5,
      storageClassName: 'mayastor',
      volumeSelector: { matchLabels: {}, matchExpressions: [] },
      hotPoolSelector: { matchLabels: { tier: 'hot' }, matchExpressions: [] },
      coldPoolSelector: { matchLabels: { tier: 'cold' }, matchExpressions: [] },
      maxConcurrentMigrations: 2,
      enabled: true,
      dryRun: false,
      preservationMode: false,
      approval: 'Automatic',
      maintenanceWindows: [],
      ecMinVolumeSizeBytes: 10_737_418_240,
    });
  });

  it('is frozen through and through', () => {
    const policy = accepted(manifest({ maintenanceWindows: [{ schedule: '0 22 * * *', duration: '4h' }] }));
    const parts = [policy, policy.metadata, policy.spec, policy.spec.hotPoolSelector.matchLabels, policy.status];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(Object.isFrozen(policy.spec.maintenanceWindows[0]?.schedule.hours)).toBe(true);
  });

  it('takes a null for an absent field and ignores unknown ones, as the API server does', () => {
    expect(specOf({ samplingWindow: null, warmPoolSelector: null, colour: 'red' })).toEqual(specOf());
  });

  it('keeps the metadata that the operator needs', () => {
    const metadata = {
      name: 'p',
      uid: 'u-1',
      generation: 3,
      resourceVersion: '17',
      labels: { a: 'b' },
      managedFields: [],
    };
    expect(accepted({ ...(manifest({}) as object), metadata }).metadata).toMatchObject({
      name: 'p',
      uid: 'u-1',
      generation: 3,
      resourceVersion: '17',
      labels: { a: 'b' },
      finalizers: [],
    });
  });

  it.each([
    ['another kind', { ...(manifest({}) as object), kind: 'Pod' }, 'kind'],
    ['another version', { ...(manifest({}) as object), apiVersion: 'storage.billyronks.io/v2' }, 'apiVersion'],
    [
      'a name too long for a label',
      { ...(manifest({}) as object), metadata: { name: 'a'.repeat(64) } },
      'metadata.name',
    ],
    ['a list', [], 'object'],
    ['nothing', undefined, 'object'],
    ['no spec', { ...(manifest({}) as object), spec: null }, 'spec'],
  ])('is not %s', (_what, document, field) => {
    expect(problems(document)).toEqual([expect.stringContaining(`${field}: `)]);
  });

  it('lists every problem at once, each with its field and a remedy', () => {
    const spec = {
      highWatermarkIOPS: 5,
      samplingWindow: '1.5h',
      migrationTimeout: '0s',
      maxConcurrentMigrations: 0,
      minimumCoverage: 50,
      enabled: 'yes',
      approval: 'Sometimes',
      nvmePoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: {},
      maintenanceWindows: [{ schedule: '61 * * * *', duration: '1h', timeZone: 'mars' }],
    };
    expect(problems(manifest(spec))).toMatchInlineSnapshot(`
     [
       "spec.samplingWindow: "1.5h" has a fraction; write whole numbers, such as 1h30m for an hour and a half",
       "spec.minimumCoverage: 50 is not a whole percentage; write one from 0% to 100%, such as 50%",
       "spec.coldPoolSelector: is empty and would match every pool; name at least one label",
       "spec.maxConcurrentMigrations: 0 is not an integer from 1 to 100; write one, without quotes",
       "spec.migrationTimeout: "0s" is no time at all; write a duration longer than zero, such as "30m"",
       "spec.enabled: "yes" is not a truth value; write true or false, without quotes",
       "spec.approval: "Sometimes" is not one of the choices; write Automatic or Manual",
       "spec.maintenanceWindows[0].schedule: "61" does not fit the minute; write 0 to 59, such as 0 or */15",
       "spec.maintenanceWindows[0].timeZone: "mars" is not an IANA time zone; write one such as UTC or Europe/Berlin",
       "spec.lowWatermarkIOPS: 500 is not less than highWatermarkIOPS 5; lower it or raise highWatermarkIOPS",
       "spec.nvmePoolSelector: is an alias of hotPoolSelector, which is set as well; remove one of the two",
     ]
    `);
  });
});

describe('the watermarks', () => {
  // observes: StoragePolicy.spec.lowWatermarkIOPS, StoragePolicy.spec.highWatermarkIOPS
  it('are in the model as given', () => {
    expect(specOf({ lowWatermarkIOPS: 7, highWatermarkIOPS: 9 })).toMatchObject({
      lowWatermarkIOPS: 7,
      highWatermarkIOPS: 9,
    });
  });

  // observes: StoragePolicy.spec.warmWatermarkIOPS
  it('let warm be given, and otherwise put it at low', () => {
    expect(specOf({ warmWatermarkIOPS: 2000 }).warmWatermarkIOPS).toBe(2000);
    expect(specOf().warmWatermarkIOPS).toBe(specOf().lowWatermarkIOPS);
  });

  it.each([
    [{ lowWatermarkIOPS: 5000 }, 'spec.lowWatermarkIOPS'],
    [{ lowWatermarkIOPS: -1 }, 'spec.lowWatermarkIOPS'],
    [{ highWatermarkIOPS: 5000.5 }, 'spec.highWatermarkIOPS'],
    [{ warmWatermarkIOPS: 499 }, 'spec.warmWatermarkIOPS'],
    [{ warmWatermarkIOPS: 5001 }, 'spec.warmWatermarkIOPS'],
  ])('are refused when out of order or bounds: %j', (spec, field) => {
    expect(problems(manifest(spec))).toEqual([expect.stringContaining(`${field}: `)]);
  });
});

describe('durations', () => {
  // observes: StoragePolicy.spec.samplingWindow, StoragePolicy.spec.cooldownPeriod, StoragePolicy.spec.migrationTimeout
  it('are milliseconds in the model', () => {
    const spec = specOf({ samplingWindow: '1d12h', cooldownPeriod: '2w', migrationTimeout: '90s500ms' });
    expect(spec.samplingWindowMs).toBe(36 * 3_600_000);
    expect(spec.cooldownPeriodMs).toBe(14 * 86_400_000);
    expect(spec.migrationTimeoutMs).toBe(90_500);
  });

  it('may be zero for the cooldown only', () => {
    expect(specOf({ cooldownPeriod: '0s' }).cooldownPeriodMs).toBe(0);
    expect(problems(manifest({ samplingWindow: '0h', migrationTimeout: '0ms' }))).toHaveLength(2);
  });

  it.each(['', '30', 'm', '1h 30m', '30m1h', '1h1h', '1.5h', '-1h', '12345678s', 60, false])(
    'are refused when they can be misread: %p',
    (cooldownPeriod) => {
      expect(problems(manifest({ cooldownPeriod }))).toHaveLength(1);
    },
  );
});

describe('pool and volume selectors', () => {
  const expression = (operator: string, values?: string[]): unknown => ({
    matchExpressions: [{ key: 'tier', operator, ...(values === undefined ? {} : { values }) }],
  });

  // observes: StoragePolicy.spec.{volumeSelector,hotPoolSelector,warmPoolSelector,coldPoolSelector}.matchLabels
  // observes: StoragePolicy.spec.{volumeSelector,hotPoolSelector,warmPoolSelector,coldPoolSelector}.matchExpressions[].{key,operator,values}
  it.each(['volumeSelector', 'hotPoolSelector', 'warmPoolSelector', 'coldPoolSelector'] as const)(
    '%s is in the model',
    (name) => {
      expect(specOf({ [name]: { matchLabels: { zone: 'a' } } })[name]?.matchLabels).toEqual({ zone: 'a' });
      expect(specOf({ [name]: expression('NotIn', ['x', 'y']) })[name]?.matchExpressions).toEqual([
        { key: 'tier', operator: 'NotIn', values: ['x', 'y'] },
      ]);
      expect(specOf({ [name]: expression('Exists') })[name]?.matchExpressions).toEqual([
        { key: 'tier', operator: 'Exists', values: [] },
      ]);
    },
  );

  // observes: StoragePolicy.spec.{nvmePoolSelector,sataPoolSelector}.matchLabels
  // observes: StoragePolicy.spec.{nvmePoolSelector,sataPoolSelector}.matchExpressions[].{key,operator,values}
  it.each([
    ['nvmePoolSelector', 'hotPoolSelector'],
    ['sataPoolSelector', 'coldPoolSelector'],
  ] as const)('%s is another name of %s', (alias, name) => {
    const selectors = [{ matchLabels: { zone: 'a' } }, expression('In', ['x']), expression('DoesNotExist')];
    for (const selector of selectors) {
      expect(specOf({ [name]: undefined, [alias]: selector })).toEqual(specOf({ [name]: selector }));
    }
    expect(problems(manifest({ [alias]: selectors[0] }))).toEqual([
      `spec.${alias}: is an alias of ${name}, which is set as well; remove one of the two`,
    ]);
    expect(problems(manifest({ [name]: null }))).toEqual([
      expect.stringMatching(`^spec.${name}: is missing; .*${alias}`),
    ]);
  });

  it('tell apart a selector that is missing from one that is wrong', () => {
    expect(problems(manifest({ hotPoolSelector: { matchLabels: { tier: 1 } } }))).toEqual([
      expect.stringContaining('spec.hotPoolSelector.matchLabels[tier]: 1 is not a label value'),
    ]);
  });

  it('let the volume selector be empty, but no pool selector', () => {
    expect(specOf({ volumeSelector: {} }).volumeSelector.matchLabels).toEqual({});
    expect(problems(manifest({ warmPoolSelector: { matchLabels: {} } }))).toEqual([
      expect.stringContaining('spec.warmPoolSelector: is empty'),
    ]);
  });
});

describe('the other fields', () => {
  // observes: StoragePolicy.spec.{storageClassName,maxConcurrentMigrations,enabled,dryRun,preservationMode,approval}
  // observes: StoragePolicy.spec.{ecPolicyRef,ecMinVolumeSizeBytes}
  it.each([
    { storageClassName: 'fast.io' },
    { maxConcurrentMigrations: 100 },
    { enabled: false },
    { dryRun: true },
    { preservationMode: true },
    { approval: 'Manual' },
    { ecPolicyRef: 'archive' },
    { ecMinVolumeSizeBytes: 0 },
  ])('are in the model as given: %j', (field) => {
    expect(specOf(field)).toEqual({ ...specOf(), ...field });
  });

  // observes: StoragePolicy.spec.minimumCoverage
  it('state the minimum coverage as a percentage, which the model has as a share', () => {
    expect(specOf({ minimumCoverage: '0%' }).minimumCoverage).toBe(0);
    expect(specOf({ minimumCoverage: '99%' }).minimumCoverage).toBe(0.99);
    expect(specOf({ minimumCoverage: '100%' }).minimumCoverage).toBe(1);
    const refused = ['101%', '05%', '50', '%', '49.5%', 0.5, 1];
    expect(refused.filter((minimumCoverage) => problems(manifest({ minimumCoverage })).length !== 1)).toEqual([]);
  });

  // observes: StoragePolicy.spec.maintenanceWindows[].{schedule,duration,timeZone}
  it('give each maintenance window a schedule, a duration and a time zone', () => {
    const windows = [
      { schedule: '30 22 * * SAT', duration: '4h', timeZone: 'Europe/Berlin' },
      { schedule: '0 1 1 * *', duration: '1d' },
    ];
    expect(specOf({ maintenanceWindows: windows }).maintenanceWindows).toMatchObject([
      { schedule: { minutes: [30], hours: [22], daysOfWeek: [6] }, durationMs: 14_400_000, timeZone: 'Europe/Berlin' },
      { schedule: { minutes: [0], hours: [1], daysOfMonth: [1] }, durationMs: 86_400_000, timeZone: 'UTC' },
    ]);
  });
});

describe('the status', () => {
  const record = {
    migration: 'm',
    volumeId: 'v',
    from: 'Hot',
    to: 'Cold',
    outcome: 'Completed',
    completionTime: '2026-02-17T09:30:00Z',
  };

  it('is carried over as stored, and nothing in it has a default', () => {
    const status = {
      observedGeneration: 4,
      totals: { succeeded: 9, failed: 1, aborted: 0, cancelled: 0 },
      history: [record],
      conditions: [
        { type: 'Accepted', status: 'True', lastTransitionTime: '2026-02-17T09:30:00Z', reason: 'Valid', message: '' },
      ],
    };
    expect(accepted(manifest({}, status)).status).toEqual(status);
    expect(accepted(manifest({})).status).toEqual({});
  });

  it('holds at most fifty migrations, and one condition of a type', () => {
    expect(problems(manifest({}, { history: Array(51).fill(record) }))).toEqual([
      'status.history: has 51 items; give at most 50',
    ]);
    const condition = {
      type: 'A',
      status: 'True',
      lastTransitionTime: '2026-02-17T09:30:00Z',
      reason: 'R',
      message: '',
    };
    expect(problems(manifest({}, { conditions: [condition, condition] }))).toEqual([
      'status.conditions: lists "A" twice; remove one of the two',
    ]);
  });
});
