import { describe, expect, it } from '@jest/globals';
import type { MigrationPhase } from '@couchestor/common/api';
import { HOUR_MS, migrationOf, NOW_MS } from './brain.fixture.ts';
import { restOf } from './cooldown.ts';

const MINUTE_MS = 60_000;

/** Ended migrations to Cold, from the latest to the earliest: phases and how long ago. */
function after(...ended: [MigrationPhase, number][]): ReturnType<typeof migrationOf>[] {
  return ended.map(([phase, agoMs], index) => migrationOf(1, `m${index}`, { phase, completedAtMs: NOW_MS - agoMs }));
}

function rest(migrations: ReturnType<typeof migrationOf>[], options: Partial<Parameters<typeof restOf>[0]> = {}) {
  return restOf({ migrations, cooldownPeriodMs: 24 * HOUR_MS, wanted: 'Hot', nowMs: NOW_MS, ...options });
}

describe('the rest of a volume', () => {
  it('is none without migrations, and while one only runs', () => {
    expect(rest([])).toEqual({ kind: 'none' });
    expect(rest([migrationOf(1, 'm', { phase: 'Syncing', completedAtMs: undefined })])).toEqual({ kind: 'none' });
  });

  it('lasts for the cooldown after the last completed migration, and ends to the millisecond', () => {
    const migrations = after(['Completed', HOUR_MS], ['Completed', 30 * HOUR_MS]);
    expect(rest(migrations)).toMatchObject({ kind: 'cooldown', migration: 'm0', untilMs: NOW_MS + 23 * HOUR_MS });
    expect(rest(migrations, { cooldownPeriodMs: HOUR_MS + 1 })).toMatchObject({ untilMs: NOW_MS + 1 });
    expect(rest(migrations, { cooldownPeriodMs: HOUR_MS })).toEqual({ kind: 'none' });
    expect(rest(migrations, { cooldownPeriodMs: 0 })).toEqual({ kind: 'none' });
  });

  it('follows the last by its end, in whatever order and under whatever names they are listed', () => {
    const [last, first] = after(['Completed', HOUR_MS], ['Completed', 30 * HOUR_MS]);
    const renamed = [{ ...first!, name: 'a', to: 'Hot' as const }, last!];
    expect([rest(renamed), rest(renamed.toReversed())]).toMatchObject([{ migration: 'm0' }, { migration: 'm0' }]);
    expect(rest(renamed, { wanted: 'Cold' })).toEqual({ kind: 'none' });
  });

  it('does not keep the other replicas from following to the same tier', () => {
    expect(rest(after(['Completed', HOUR_MS]), { wanted: 'Cold' })).toEqual({ kind: 'none' });
  });

  it.each(['Failed', 'Aborted', 'Cancelled'] as const)('after one that %s is ten minutes', (phase) => {
    expect(rest(after([phase, 9 * MINUTE_MS]))).toMatchObject({
      kind: 'backoff',
      failureCount: 1,
      untilMs: NOW_MS + MINUTE_MS,
    });
    expect(rest(after([phase, 10 * MINUTE_MS]))).toEqual({ kind: 'none' });
  });

  it('doubles with each failure in a row, up to a day', () => {
    const failures = (count: number) =>
      after(...Array.from({ length: count }, (_, index): [MigrationPhase, number] => ['Failed', index]));
    const minutes = [1, 2, 3, 8, 9, 50].map((count) => {
      const result = rest(failures(count));
      return result.kind === 'backoff' ? (result.untilMs - NOW_MS) / MINUTE_MS : undefined;
    });
    expect(minutes).toEqual([10, 20, 40, 1280, 1440, 1440]);
  });

  it('counts only the failures since the last success', () => {
    const migrations = after(['Failed', 1], ['Failed', 2], ['Completed', 3], ['Failed', 4]);
    expect(rest(migrations, { cooldownPeriodMs: 0 })).toMatchObject({ kind: 'backoff', failureCount: 2 });
    expect(rest(after(['Completed', 3], ['Failed', 4]), { cooldownPeriodMs: 0 })).toEqual({ kind: 'none' });
  });

  it('is the longer of cooldown and back-off', () => {
    const migrations = after(['Failed', MINUTE_MS], ['Completed', HOUR_MS]);
    expect(rest(migrations)).toMatchObject({ kind: 'cooldown' });
    expect(rest(migrations, { cooldownPeriodMs: HOUR_MS + MINUTE_MS })).toMatchObject({ kind: 'backoff' });
  });

  it('counts a migration once that its object and a history both tell of', () => {
    const [once] = after(['Failed', 0]);
    expect(rest([once!, { ...once!, targetPool: undefined }])).toMatchObject({ failureCount: 1 });
  });

  it('begins now when the end of a migration is not on record', () => {
    const [ended] = after(['Completed', 0]);
    expect(rest([{ ...ended!, completedAtMs: undefined }])).toMatchObject({ untilMs: NOW_MS + 24 * HOUR_MS });
  });
});
