import { describe, expect, it } from '@jest/globals';
import { decisionFixture, reportFixture } from './decision.fixture.ts';
import { conflictsOf, covers, decisionsOf, sumOf } from './planning-report.ts';

const of = (name: string) => ({ name, uid: `uid-${name}`, generation: 1 });

describe('a report of a round', () => {
  const report = reportFixture({
    decisions: [
      decisionFixture('a', 'Demote', { policy: of('silver'), conflictingPolicies: ['gold', 'iron'] }),
      decisionFixture('b', 'Demote', { policy: of('bronze'), conflictingPolicies: ['gold'] }),
      decisionFixture('c', 'Demote', { policy: of('silver'), conflictingPolicies: ['gold'] }),
      decisionFixture('d', 'Demote', { policy: of('silver') }),
    ],
    generations: new Map([['uid-silver', 3]]),
  });

  it('has the decisions of each policy', () => {
    expect(decisionsOf(report, 'silver').map(({ volumeName }) => volumeName)).toEqual(['a', 'c', 'd']);
    expect(decisionsOf(report, 'gold')).toEqual([]);
    expect(decisionsOf(reportFixture({ decisions: undefined }), 'silver')).toEqual([]);
  });

  it('names the policies that decide in the place of another, in the order of their names, and how often', () => {
    const [bronze, silver] = [
      { policy: 'bronze', volumeCount: 1 },
      { policy: 'silver', volumeCount: 2 },
    ];
    expect(conflictsOf(report, 'gold')).toEqual([bronze, silver]);
    expect(conflictsOf(report, 'iron')).toEqual([{ policy: 'silver', volumeCount: 1 }]);
    expect(conflictsOf(report, 'silver')).toEqual([]);
    expect(conflictsOf(reportFixture({ decisions: undefined }), 'gold')).toEqual([]);
  });

  it('covers a policy that it knew in this generation or a later one', () => {
    const covered = [2, 3, 4].map((generation) => covers(report, { uid: 'uid-silver', generation }));
    expect(covered).toEqual([true, true, false]);
    expect(covers(report, { uid: 'uid-gold', generation: 0 })).toBe(false);
  });

  it('sums its counts', () => {
    expect([sumOf(new Map()), sumOf(new Map(Object.entries({ a: 1, b: 4 })))]).toEqual([0, 5]);
  });
});
