import { describe, expect, it } from '@jest/globals';
import { migrationOf, policyInput } from './brain.fixture.ts';
import { MigrationLimits } from './limits.ts';

describe('the limits of migrations', () => {
  it('count those that have not ended, of all policies', () => {
    const migrations = [
      migrationOf(1, 'a', { phase: 'Syncing' }),
      migrationOf(2, 'b', { phase: 'AwaitingApproval', policy: 'gone' }),
      migrationOf(3, 'c', { phase: 'Completed' }),
      migrationOf(4, 'd', { phase: 'Failed' }),
    ];
    const limits = new MigrationLimits(migrations, 3);
    const policy = policyInput('policy', { maxConcurrentMigrations: 2 });
    expect(limits.check(policy)).toEqual({ kind: 'free' });
    limits.take('policy');
    expect(limits.check(policy)).toEqual({ kind: 'reached', code: 'PolicyLimit', count: 2, limit: 2 });
    expect(limits.check(policyInput('other'))).toEqual({ kind: 'reached', code: 'OperatorLimit', count: 3, limit: 3 });
  });

  it('of the operator hold for a policy that asks for more', () => {
    const limits = new MigrationLimits([], 1);
    const policy = policyInput('policy', { maxConcurrentMigrations: 100 });
    limits.take('policy');
    expect(limits.check(policy)).toEqual({ kind: 'reached', code: 'OperatorLimit', count: 1, limit: 1 });
  });

  it('let nothing start where the operator allows nothing', () => {
    expect(new MigrationLimits([], 0).check(policyInput())).toMatchObject({ kind: 'reached', code: 'OperatorLimit' });
  });
});
