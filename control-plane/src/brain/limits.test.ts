import { describe, expect, it } from '@jest/globals';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import { HOUR_MS, migrationOf, NOW_MS, policyInput } from './brain.fixture.ts';
import { MigrationLimits } from './limits.ts';

const limitsOf = (atOnce: number, migrations: readonly MigrationFacts[] = [], perHour = 100): MigrationLimits =>
  new MigrationLimits(migrations, { maxConcurrentMigrations: atOnce, maxMigrationsPerHour: perHour }, NOW_MS);

describe('the limits of migrations', () => {
  it('count those that have not ended, of all policies', () => {
    const migrations = [
      migrationOf(1, 'a', { phase: 'Syncing' }),
      migrationOf(2, 'b', { phase: 'AwaitingApproval', policy: 'gone' }),
      migrationOf(3, 'c', { phase: 'Completed' }),
      migrationOf(4, 'd', { phase: 'Failed' }),
    ];
    const limits = limitsOf(3, migrations);
    const policy = policyInput('policy', { maxConcurrentMigrations: 2 });
    expect(limits.check(policy)).toEqual({ kind: 'free' });
    limits.take('policy');
    expect(limits.check(policy)).toEqual({ kind: 'reached', code: 'PolicyLimit', count: 2, limit: 2 });
    expect(limits.check(policyInput('other'))).toEqual({ kind: 'free' });
    limits.take('third');
    expect(limits.check(policyInput('other'))).toEqual({ kind: 'reached', code: 'OperatorLimit', count: 3, limit: 3 });
  });

  it('are not held up by what nobody approves, or what waits for a window: that counts for its policy alone', () => {
    const startedAtMs = NOW_MS;
    const migrations = [
      migrationOf(1, 'a', { phase: 'AwaitingApproval', startedAtMs }),
      migrationOf(2, 'b', { phase: 'Pending', isParked: true, startedAtMs }),
    ];
    const limits = limitsOf(1, migrations, 1);
    expect(limits.check(policyInput('other'))).toEqual({ kind: 'free' });
    const policy = policyInput('policy', { maxConcurrentMigrations: 2 });
    expect(limits.check(policy)).toMatchObject({ kind: 'reached', code: 'PolicyLimit', count: 2 });
    expect(
      limitsOf(1, [migrationOf(1, 'a', { phase: 'Pending', startedAtMs })]).check(policyInput('other')),
    ).toMatchObject({ code: 'OperatorLimit' });
  });

  it('of the operator hold for a policy that asks for more', () => {
    const limits = limitsOf(1);
    const policy = policyInput('policy', { maxConcurrentMigrations: 100 });
    limits.take('policy');
    expect(limits.check(policy)).toEqual({ kind: 'reached', code: 'OperatorLimit', count: 1, limit: 1 });
  });

  it('let nothing start where the operator allows nothing', () => {
    expect(limitsOf(0).check(policyInput())).toMatchObject({ kind: 'reached', code: 'OperatorLimit' });
    expect(limitsOf(1, [], 0).check(policyInput())).toEqual({
      kind: 'reached',
      code: 'RateLimit',
      count: 0,
      limit: 0,
      freeAtMs: undefined,
    });
  });
});

describe('the rate of migrations', () => {
  const startedAgo = (minutes: number, rest: Partial<MigrationFacts> = {}): MigrationFacts =>
    migrationOf(minutes, `m${minutes}`, { startedAtMs: NOW_MS - minutes * 60_000, ...rest });
  const reached = (perHour: number, migrations: readonly MigrationFacts[]): unknown =>
    limitsOf(100, migrations, perHour).check(policyInput('policy', { maxConcurrentMigrations: 100 }));

  it('counts what started within the last hour, ended or not, of all policies, and each once', () => {
    const started = [
      startedAgo(59, { policy: 'gone', phase: 'Failed' }),
      startedAgo(30),
      startedAgo(1, { phase: 'Syncing', completedAtMs: undefined }),
      startedAgo(60),
      startedAgo(600),
    ];
    const code = 'RateLimit';
    const freeAtMs = NOW_MS + 60_000;
    expect(reached(3, started)).toEqual({ kind: 'reached', code, count: 3, limit: 3, freeAtMs });
    expect(reached(3, [...started, ...started].reverse())).toEqual(reached(3, started));
    expect(reached(4, started)).toEqual({ kind: 'free' });
  });

  it('does not count what never began', () => {
    expect(reached(1, [startedAgo(5, { phase: 'Cancelled', startedAtMs: undefined })])).toEqual({ kind: 'free' });
  });

  it('counts those that start now, and is free again when enough of them are an hour old', () => {
    const limits = limitsOf(100, [startedAgo(10), startedAgo(40)], 3);
    expect(limits.check(policyInput())).toEqual({ kind: 'free' });
    limits.take('policy');
    expect(limits.check(policyInput())).toMatchObject({ count: 3, freeAtMs: NOW_MS + 20 * 60_000 });
    const lowered = [startedAgo(10), startedAgo(40), startedAgo(20)];
    expect(reached(1, lowered)).toMatchObject({ count: 3, limit: 1, freeAtMs: NOW_MS + 50 * 60_000 });
  });

  it('takes what clocks put into the future for what starts now', () => {
    expect(reached(1, [startedAgo(-600)])).toMatchObject({ count: 1, freeAtMs: NOW_MS + HOUR_MS });
  });
});
