import { describe, expect, it } from '@jest/globals';
import { parsePolicyName } from '@couchestor/common/base';
import { policyRecord } from '../loop/planning.fixture.ts';
import type { StoragePolicyLookup } from '../ports/storage-policies.ts';
import { isPolicyGone } from './policy-gone.ts';

describe('the policy of a migration', () => {
  const policy = policyRecord('gold');
  const name = parsePolicyName('gold');
  const isGone = (found: StoragePolicyLookup, uid = policy.uid): boolean =>
    isPolicyGone({ lookup: (asked) => (asked === 'gold' ? found : { kind: 'absent' }) }, { name, uid });

  it('is gone if there is none, or another one of its name', () => {
    expect([isGone({ kind: 'absent' }), isGone({ kind: 'found', policy }, 'another')]).toEqual([true, true]);
  });

  it('is there if it is found, and while nobody can tell', () => {
    expect(isGone({ kind: 'found', policy })).toBe(false);
    expect(isGone({ kind: 'refused', message: 'Not now.' })).toBe(false);
    expect(isPolicyGone({ lookup: () => ({ kind: 'found', policy }) }, { name })).toBe(false);
  });
});
