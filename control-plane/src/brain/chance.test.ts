import { describe, expect, it } from '@jest/globals';
import {
  claimOf,
  HOUR_MS,
  knownHeat,
  migrationOf,
  NOW_MS,
  policyInput,
  poolOf,
  readingOf,
  SETTINGS,
  snapshotOf,
  volumeOf,
} from './brain.fixture.ts';
import { codesOf, decideMany, decideOne, POOLS, poolsIn } from './decide.fixture.ts';
import { decide } from './decide.ts';

describe('a move that is possible', () => {
  const earlier = migrationOf(1, 'm');

  it('waits for the end of the cooldown, which the migrations on record tell (pitfall: it was never written)', () => {
    const decision = decideOne({ migrations: [earlier] });
    expect(decision).toMatchObject({
      outcome: 'Wait',
      code: 'CoolingDown',
      move: { target: { tier: 'Hot' } },
      earliestChangeMs: NOW_MS + 23 * HOUR_MS,
    });
    expect(decision.reason).toBe(
      'Migration m brought a replica to Cold at 2026-02-17T11:00:00Z, and the cooldown of 1d lasts until 2026-02-18T11:00:00Z.',
    );
    expect(decideOne({ migrations: [earlier], nowMs: NOW_MS + 23 * HOUR_MS }).code).toBe('Promote');
    expect(decideOne({ migrations: [earlier], spec: { cooldownPeriod: '1h' } }).code).toBe('Promote');
  });

  it('waits after a failure', () => {
    const failed = migrationOf(1, 'm', { phase: 'Failed', completedAtMs: NOW_MS });
    const decision = decideOne({ migrations: [failed] });
    expect(decision).toMatchObject({ outcome: 'Wait', code: 'BackingOff', earliestChangeMs: NOW_MS + 600_000 });
    expect(decision.reason).toBe(
      'Migration m did not succeed (2026-02-17T12:00:00Z), and the next attempt comes no earlier than 2026-02-17T12:10:00Z.',
    );
  });

  it('waits for a maintenance window', () => {
    const spec = { maintenanceWindows: [{ schedule: '0 22 * * *', duration: '2h', timeZone: 'Europe/Berlin' }] };
    const decision = decideOne({ spec });
    const opensMs = Date.parse('2026-02-17T21:00:00Z');
    expect(decision).toMatchObject({ outcome: 'Wait', code: 'OutsideWindow', earliestChangeMs: opensMs });
    expect(decision.reason).toContain('the next one opens at 2026-02-17T21:00:00Z');
    expect(decideOne({ spec, nowMs: opensMs }).code).toBe('Promote');
  });

  it('changes when its wishes end, if that is earlier than what it waits for', () => {
    const annotations = { pin: 'hot', until: '2026-02-17T12:30:00Z' };
    expect(decideOne({ annotations, migrations: [earlier] }).earliestChangeMs).toBe(NOW_MS + HOUR_MS / 2);
  });

  it('is only reported by a dry run, and removes nothing in preservation mode: of the policy or of the operator', () => {
    expect(decideOne({ spec: { dryRun: true } })).toMatchObject({ code: 'Promote', dryRun: true });
    expect(decideOne({ settings: { dryRun: true } })).toMatchObject({ code: 'Promote', dryRun: true });
    for (const decision of [
      decideOne({ spec: { preservationMode: true } }),
      decideOne({ settings: { preservationMode: true } }),
    ]) {
      expect(decision).toMatchObject({ preservation: true, move: { removal: 'Preserved' } });
      expect(decision.reason).toMatch(
        /^One replica is copied from.*, and 1 more follows once an extra replica is removed\.$/,
      );
    }
  });

  it('waits for its rest before a window, and for a window before a limit', () => {
    const given = {
      settings: { maxConcurrentMigrations: 0 },
      spec: { maintenanceWindows: [{ schedule: '0 22 * * *', duration: '2h' }] },
    };
    expect(decideOne({ ...given, migrations: [earlier] }).code).toBe('CoolingDown');
    expect(decideOne(given).code).toBe('OutsideWindow');
    expect(decideOne({ settings: given.settings }).code).toBe('OperatorLimit');
  });
});

describe('several moves', () => {
  it('start up to the limit of the policy, those with the greatest benefit', () => {
    const decisions = decideMany(4, [policyInput('policy', { maxConcurrentMigrations: 2 })]);
    expect(codesOf(decisions)).toEqual(['PolicyLimit', 'PolicyLimit', 'Promote', 'Promote']);
    expect(decisions[0]).toMatchObject({ outcome: 'Wait', move: { target: { tier: 'Hot' } } });
    expect(decisions[0]?.reason).toBe(
      'Policy policy has 2 migrations that run or start now, and its maxConcurrentMigrations is 2.',
    );
  });

  it('start up to the limit of the operator over all policies, and count those that run', () => {
    const policies = ['even', 'odd'].map((half) =>
      policyInput(half, { volumeSelector: { matchLabels: { half } }, maxConcurrentMigrations: 3 }),
    );
    const running = migrationOf(99, 'm', { phase: 'Syncing', policy: 'even', completedAtMs: undefined });
    const decisions = decideMany(6, policies, { maxConcurrentMigrations: 4 }, { migrations: [running] });
    expect(codesOf(decisions)).toEqual([
      'OperatorLimit',
      'PolicyLimit',
      'OperatorLimit',
      'Promote',
      'Promote',
      'Promote',
    ]);
    expect(decisions[0]?.reason).toContain('--max-concurrent-migrations is 4');
  });

  it('start up to the rate of the operator, and say when the next may', () => {
    const started = [10, 50].map((minutes) =>
      migrationOf(99, `m${minutes}`, { startedAtMs: NOW_MS - minutes * 60_000 }),
    );
    const decisions = decideMany(
      3,
      [policyInput('policy', { maxConcurrentMigrations: 3 })],
      {
        maxMigrationsPerHour: 3,
      },
      { migrations: started },
    );
    expect(codesOf(decisions)).toEqual(['RateLimit', 'RateLimit', 'Promote']);
    expect(decisions[0]).toMatchObject({
      outcome: 'Wait',
      move: { target: { tier: 'Hot' } },
      earliestChangeMs: NOW_MS + 10 * 60_000,
      reason:
        'The operator has 3 migrations started within the last hour, those that start now included, and its --max-migrations-per-hour is 3.',
    });
  });

  it('of a dry run take nothing away from policies that really move', () => {
    const trial = policyInput('even', { volumeSelector: { matchLabels: { half: 'even' } }, dryRun: true });
    const real = policyInput('odd', { volumeSelector: { matchLabels: { half: 'odd' } } });
    const both = decideMany(2, [trial, real], { maxConcurrentMigrations: 1 });
    expect(codesOf(both)).toEqual(['Promote', 'Promote']);
    const reversed = decideMany(3, [trial, real], { maxConcurrentMigrations: 1 });
    expect(codesOf(reversed)).toEqual(['OperatorLimit', 'OperatorLimit', 'Promote']);
    const hourly = decideMany(2, [trial, real], { maxMigrationsPerHour: 1 });
    expect(codesOf(hourly)).toEqual(['Promote', 'Promote']);
  });

  it('are read from one reading for each sampling window', () => {
    const asked: number[] = [];
    const reading = readingOf(new Map([[1, 0]]));
    const snapshot = snapshotOf({
      claims: [1, 2, 3].map((index) => claimOf(index, {}, { storageClassName: `c${index}` })),
      volumes: [],
      pools: POOLS,
    });
    const policies = [1, 2, 3].map((index) =>
      policyInput(`p${index}`, { storageClassName: `c${index}`, samplingWindow: index === 3 ? '2h' : '1h' }),
    );
    decide({
      snapshot,
      policies,
      heat: (windowMs) => (asked.push(windowMs), reading(windowMs)),
      settings: SETTINGS,
      nowMs: NOW_MS,
    });
    expect(asked).toEqual([HOUR_MS, 2 * HOUR_MS]);
  });

  it('do not promise one room twice, except to a dry run', () => {
    const small = poolOf('Hot', 0, { capacityBytes: 2 * 1024 ** 3 });
    const cold = poolOf('Cold', 0);
    const { storage } = snapshotOf({
      claims: [],
      volumes: [1, 2].map((index) => volumeOf(index, [cold])),
      pools: [small, cold],
    });
    expect(codesOf(decideMany(2, [policyInput()], {}, { storage }))).toEqual(['NoPool', 'Promote']);
    const trial = policyInput('even', { volumeSelector: { matchLabels: { half: 'even' } }, dryRun: true });
    const real = policyInput('odd', { volumeSelector: { matchLabels: { half: 'odd' } } });
    expect(codesOf(decideMany(2, [trial, real], {}, { storage }))).toEqual(['Promote', 'Promote']);
  });

  it('keep away from pools that volumes keep busy which nobody watches', () => {
    const pools = [poolOf('Hot', 0), poolOf('Hot', 1), poolOf('Cold', 0)];
    const targetBeside = (busy: number): string | undefined => {
      const others = [2, 3].map((index) => claimOf(index, {}, { storageClassName: 'other' }));
      const snapshot = snapshotOf({
        claims: [claimOf(1), ...others],
        volumes: [volumeOf(1, [pools[2]!]), volumeOf(2, [pools[0]!]), volumeOf(3, [pools[1]!])],
        pools,
      });
      const heat = readingOf(new Map([1, 2, 3].map((index) => [index, index === 1 || index === busy ? 90_000 : 0])));
      const [decision] = decide({ snapshot, policies: [policyInput()], heat, settings: SETTINGS, nowMs: NOW_MS });
      return decision?.move?.target.pool;
    };
    expect([targetBeside(2), targetBeside(3)]).toEqual(['hot-1', 'hot-0']);
  });

  it('of equal benefit go by volumeId', () => {
    const named = [claimOf(1, {}, { volumeName: 'z' }), claimOf(2, {}, { volumeName: 'a' })];
    const snapshot = snapshotOf({
      claims: named,
      volumes: [1, 2].map((index) => volumeOf(index, poolsIn('Cold', 1))),
      pools: POOLS,
    });
    const decisions = decide({
      snapshot,
      policies: [policyInput()],
      heat: (windowMs) => ({
        ...readingOf(new Map())(windowMs),
        byVolumeName: new Map(['z', 'a'].map((name) => [name, knownHeat(5000)])),
      }),
      settings: { ...SETTINGS, maxConcurrentMigrations: 1 },
      nowMs: NOW_MS,
    });
    expect(decisions.map(({ volumeName, code }) => [volumeName, code])).toEqual([
      ['a', 'OperatorLimit'],
      ['z', 'Promote'],
    ]);
  });
});
