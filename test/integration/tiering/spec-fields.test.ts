/** Every field of a StoragePolicy that is meant to have an effect today changes what is decided or told, on the whole chain. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { FakeHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Chain } from './chain.ts';
import { STORAGE_CLASS, Surroundings } from './surroundings.ts';

type Spec = Readonly<Record<string, unknown>>;

const definition = join(import.meta.dirname, '..', '..', '..', 'crds', 'storagepolicies.yaml');
const HEAT = { idle: 0, moderate: 500, busy: 5_000 } as const;
const TUESDAY_NOON_MS = Date.UTC(2026, 1, 17, 12);

/** They say how a migration is carried out, or belong to the erasure-coded tier: a decision does not depend on them. */
const OF_MIGRATIONS = ['migrationTimeout', 'approval', 'ecPolicyRef', 'ecMinVolumeSizeBytes'];

/** What becomes of `idle` in hot-1, `moderate` in cold-1 and `busy` in cold-2, in this order, by code; `-` is not watched. */
const BEFORE = 'Demote NoWarmTier Promote';
const hot = (tier: string): Spec => ({ matchLabels: { tier } });
const expression = (operator: string, values?: string[]): Spec => ({
  matchExpressions: [{ key: 'size', operator, ...(values === undefined ? {} : { values }) }],
});
const WINDOW = { schedule: '0 14 * * *', duration: '1h' };

const cases: readonly (readonly [string, Spec, string])[] = [
  ['lowWatermarkIOPS', { lowWatermarkIOPS: 600 }, 'Demote AtTarget Promote'],
  ['highWatermarkIOPS', { highWatermarkIOPS: 400 }, 'PolicyLimit Promote Promote'],
  ['warmPoolSelector', { warmPoolSelector: hot('warm') }, 'PolicyLimit Promote Promote'],
  ['warmWatermarkIOPS', { warmPoolSelector: hot('warm'), warmWatermarkIOPS: 700 }, 'Demote BetweenWatermarks Promote'],
  ['storageClassName', { storageClassName: 'other' }, '- - -'],
  ['volumeSelector', { volumeSelector: { matchLabels: { size: 'small' } } }, 'Demote - -'],
  ['volumeSelector', { volumeSelector: expression('In', ['large']) }, '- - Promote'],
  ['volumeSelector', { volumeSelector: expression('NotIn', ['large']) }, `Demote NoWarmTier -`],
  ['volumeSelector', { volumeSelector: expression('Exists') }, 'Demote - Promote'],
  ['volumeSelector', { volumeSelector: expression('DoesNotExist') }, '- NoWarmTier -'],
  ['hotPoolSelector', { hotPoolSelector: hot('none') }, 'Demote NoWarmTier NoPool'],
  ['nvmePoolSelector', { hotPoolSelector: undefined, nvmePoolSelector: hot('none') }, 'Demote NoWarmTier NoPool'],
  ['coldPoolSelector', { coldPoolSelector: hot('none') }, 'NoPool NoWarmTier Promote'],
  ['sataPoolSelector', { coldPoolSelector: undefined, sataPoolSelector: hot('none') }, 'NoPool NoWarmTier Promote'],
  ['maxConcurrentMigrations', { maxConcurrentMigrations: 1 }, 'PolicyLimit NoWarmTier Promote'],
  ['minimumCoverage', { minimumCoverage: '90%' }, 'LowCoverage LowCoverage LowCoverage'],
  ['enabled', { enabled: false }, '- - -'],
  ['maintenanceWindows', { maintenanceWindows: [WINDOW] }, 'OutsideWindow NoWarmTier OutsideWindow'],
  ['maintenanceWindows', { maintenanceWindows: [{ ...WINDOW, timeZone: 'Africa/Johannesburg' }] }, BEFORE],
  ['maintenanceWindows', { maintenanceWindows: [{ schedule: '30 10 * * *', duration: '2h' }] }, BEFORE],
];
/** Those of a decision itself. */
const ELSEWHERE = ['dryRun', 'preservationMode', 'samplingWindow', 'cooldownPeriod'];

describe('5. Fields that were parsed and ignored', () => {
  let clock: VirtualClock;
  let around: Surroundings;
  let heat: FakeHeatSource;
  let chain: Chain;
  const windows: number[] = [];
  const volumes: Partial<Record<string, string>> = {};

  beforeAll(async () => {
    clock = new VirtualClock(TUESDAY_NOON_MS);
    around = await Surroundings.start({ clock, pools: ['hot-1', 'hot-2', 'warm-1', 'cold-1', 'cold-2'] });
    heat = new FakeHeatSource({ clock, cacheTtlMs: 0 });
    const read = (windowMs: number, signal: AbortSignal): ReturnType<FakeHeatSource['read']> => {
      windows.push(windowMs);
      return heat.read(windowMs, signal);
    };
    const places = { idle: ['hot-1', 'small'], moderate: ['cold-1', ''], busy: ['cold-2', 'large'] } as const;
    for (const [name, [pool, size]] of Object.entries(places)) {
      const labels = size === '' ? {} : { size };
      const claim = { name, storageClassName: STORAGE_CLASS, labels };
      const volumeId = around.volume({ pools: [pool], claim });
      volumes[name] = volumeId;
      heat.set(`pvc-${volumeId}`, HEAT[name as keyof typeof HEAT], { coverage: 0.8 });
    }
    chain = new Chain(around, { heat: { read } }).follow();
  });

  afterEach(() => {
    around.policy('gold', {});
    clock.stepWall(TUESDAY_NOON_MS - clock.now());
  });

  afterAll(async () => {
    await chain?.stop();
    await around?.stop();
  });

  const codesUnder = async (spec: Spec): Promise<string> => {
    around.policy('gold', spec);
    await chain.round('gold');
    const codeOf = (volumeId?: string) =>
      chain.report?.decisions?.find((one) => one.volumeId === volumeId)?.code ?? '-';
    return Object.values(volumes).map(codeOf).join(' ');
  };
  const idle = () => chain.decision(volumes.idle ?? '');

  it('are none: each is in a case below, or waits for migrations', () => {
    const { spec } = parse(readFileSync(definition, 'utf8')) as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: object } } } } }[] };
    };
    const fields = spec.versions.flatMap(({ schema }) =>
      Object.keys(schema.openAPIV3Schema.properties.spec.properties),
    );
    const covered = [...cases.map(([field]) => field), ...ELSEWHERE, ...OF_MIGRATIONS];
    expect([...new Set(covered)].sort()).toEqual(fields.sort());
  });

  it.each(cases)('%s: %j', async (_, spec, after) => {
    if (after !== BEFORE) expect(await codesUnder({})).toBe(BEFORE);
    else expect(await codesUnder({ maintenanceWindows: [WINDOW] })).not.toBe(BEFORE);
    expect(await codesUnder(spec)).toBe(after);
    const { status } = around.stored('gold');
    const watched = after.split(' ').filter((code) => code !== '-').length;
    const isOff = spec.enabled === false;
    expect(status).toMatchObject(isOff ? {} : { observedGeneration: around.stored('gold').metadata.generation });
    expect((status?.volumes as { watched: number } | undefined)?.watched ?? 0).toBe(watched);
  });

  it('dryRun: is said in every decision, and keeps Events away', async () => {
    expect(await codesUnder({ dryRun: true })).toBe(BEFORE);
    expect(idle().dryRun).toBe(true);
    expect(around.stored('gold').status?.decisions).toContainEqual(expect.objectContaining({ dryRun: true }));
    await codesUnder({ dryRun: false });
    expect(idle().dryRun).toBe(false);
  });

  it('preservationMode: nothing is removed', async () => {
    await codesUnder({});
    expect(idle().move?.removal).not.toBe('Preserved');
    await codesUnder({ preservationMode: true });
    expect(idle()).toMatchObject({ preservation: true, move: { removal: 'Preserved' } });
  });

  it('samplingWindow: is what heat is read over', async () => {
    for (const [samplingWindow, windowMs] of [
      ['2h', 7_200_000],
      ['45m', 2_700_000],
    ] as const) {
      await codesUnder({ samplingWindow });
      expect(windows.at(-1)).toBe(windowMs);
      expect(idle().heat.evidence).toMatchObject({ windowMs });
    }
  });

  it('cooldownPeriod: is how long a volume rests', async () => {
    const volumeId = volumes.idle ?? '';
    await around.migration('gold-1', { policy: 'gold', volumeId, from: 'Cold', to: 'Hot' }, ['Pending', 'Completed']);
    const endedMs = clock.now();
    await codesUnder({ cooldownPeriod: '3h' });
    expect(idle()).toMatchObject({ code: 'CoolingDown', earliestChangeMs: endedMs + 3 * 3_600_000 });
    await codesUnder({ cooldownPeriod: '1s' });
    expect(idle().code).toBe('Demote');
    await around.remove('volumemigrations', 'gold-1');
  });
});
