import { describe, expect, it } from '@jest/globals';
import { claimOf, NOW_MS, policyInput, volumeName } from './brain.fixture.ts';
import { watchedVolumes } from './watch.ts';

function namesOf(watched: ReturnType<typeof watchedVolumes>): readonly (readonly unknown[])[] {
  return watched.map(({ claim, policy, conflictingPolicies }) => [claim.volumeName, policy.name, conflictingPolicies]);
}

const unbound = claimOf(1, {}, { claim: undefined });
const ofDatabases = { volumeSelector: { matchLabels: { app: 'db' } } };

describe('watched volumes', () => {
  it('are those of the policy’s StorageClass, in the order of their names', () => {
    const claims = [claimOf(2), claimOf(1), claimOf(3, {}, { storageClassName: 'other' })];
    expect(namesOf(watchedVolumes(claims, [policyInput()]))).toEqual([
      [volumeName(1), 'policy', []],
      [volumeName(2), 'policy', []],
    ]);
  });

  it('are those whose claims have the labels that the policy selects', () => {
    const claims = [claimOf(1, { labels: { app: 'db' } }), claimOf(2, { labels: { app: 'web' } })];
    expect(namesOf(watchedVolumes(claims, [policyInput('policy', ofDatabases)]))).toEqual([
      [volumeName(1), 'policy', []],
    ]);
  });

  it('have no claim only where the policy selects everything', () => {
    const withoutLabel = {
      volumeSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] },
    };
    expect(watchedVolumes([unbound], [policyInput('policy', withoutLabel)])).toEqual([]);
    expect(watchedVolumes([unbound], [policyInput('policy', { volumeSelector: {} })])).toHaveLength(1);
    expect(watchedVolumes([unbound], [policyInput()])).toHaveLength(1);
  });

  it('belong to the oldest policy that matches, and name the younger ones', () => {
    const policies = [
      policyInput('young', {}, { createdAtMs: NOW_MS }),
      policyInput('old', {}, { createdAtMs: NOW_MS - 2 }),
      policyInput('middle', {}, { createdAtMs: NOW_MS - 1 }),
    ];
    expect(namesOf(watchedVolumes([claimOf(1)], policies))).toEqual([[volumeName(1), 'old', ['middle', 'young']]]);
  });

  it('belong to the first by name of policies that are equally old', () => {
    const policies = [policyInput('b'), policyInput('a')];
    expect(namesOf(watchedVolumes([claimOf(1)], policies))).toEqual([[volumeName(1), 'a', ['b']]]);
  });

  it('are never those of a disabled policy, and those of one that is not accepted all the same', () => {
    const policies = [
      policyInput('disabled', { enabled: false }, { createdAtMs: 0 }),
      policyInput('broken', {}, { createdAtMs: 1, accepted: false }),
      policyInput('fine'),
    ];
    expect(namesOf(watchedVolumes([claimOf(1)], policies))).toEqual([[volumeName(1), 'broken', ['fine']]]);
  });

  it('are there once each, with the PersistentVolume that has a claim', () => {
    const bound = claimOf(1, {}, { volumeName: 'z-static' });
    const other = claimOf(1, {}, { volumeName: 'zz-static' });
    for (const claims of [
      [unbound, bound, other],
      [other, bound, unbound],
    ]) {
      expect(namesOf(watchedVolumes(claims, [policyInput()]))).toEqual([['z-static', 'policy', []]]);
    }
  });
});
