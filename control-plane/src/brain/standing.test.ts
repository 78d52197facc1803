import { describe, expect, it } from '@jest/globals';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import { migrationOf } from './brain.fixture.ts';
import { decideOne, type Case } from './decide.fixture.ts';

const waits = (changes: Partial<MigrationFacts> = {}): MigrationFacts =>
  migrationOf(1, 'waits', { phase: 'AwaitingApproval', from: 'Cold', to: 'Hot', completedAtMs: undefined, ...changes });
const standingOf = (given: Case, ...migrations: readonly MigrationFacts[]) =>
  decideOne({ migrations: migrations.length === 0 ? [waits()] : migrations, ...given }).waiting;

describe('the decision behind a migration that waits', () => {
  it('stands while the volume would go to the same tier', () => {
    const waiting = { migration: 'waits', stands: 'yes' };
    expect(standingOf({ iops: 50_000 })).toMatchObject(waiting);
    expect(standingOf({ iops: 50_000 }, waits({ phase: 'Pending' }))).toMatchObject(waiting);
  });

  it('does not stand once another tier is wanted, or none, or the volume is there', () => {
    expect(standingOf({ iops: 50_000 }, waits({ to: 'Warm' }))).toMatchObject({
      stands: 'no',
      reason: expect.stringContaining('Hot'),
    });
    expect(standingOf({ iops: 1 })).toMatchObject({ stands: 'no' });
    expect(standingOf({ iops: 50_000, tier: 'Hot' })).toMatchObject({ stands: 'no' });
  });

  it('is unknown with the heat', () => {
    const unknown = { kind: 'unknown', reason: 'NoSeries', message: 'None.' } as const;
    expect(standingOf({ iops: unknown })).toMatchObject({ stands: 'unknown' });
  });

  it('is not asked for where nothing waits, or more than that', () => {
    expect(decideOne({ iops: 50_000 }).waiting).toBeUndefined();
    expect(standingOf({}, waits({ phase: 'Syncing' }))).toBeUndefined();
    expect(standingOf({}, waits(), waits({ name: 'other' }))).toBeUndefined();
    expect(decideOne({ migrations: [waits()] }).code).toBe('Migrating');
  });
});
