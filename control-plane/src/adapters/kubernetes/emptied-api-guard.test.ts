import { describe, expect, it } from '@jest/globals';
import { DEFAULT_GUARD, EmptiedApiGuard, type ClusterIdentity, type ListEvidence } from './emptied-api-guard.ts';

const options = { ...DEFAULT_GUARD, confirmingLists: 3, confirmingMs: 1_000, staleListsTolerated: 3 };
const cluster: ClusterIdentity = { kind: 'known', uid: 'kube-system-1' };
const evidence = (
  revision: number,
  knownCount: number,
  missing: readonly string[],
  by: ClusterIdentity = cluster,
): ListEvidence => ({
  revision: String(revision),
  knownCount,
  missing: new Set(missing),
  outdated: false,
  cluster: by,
});
const uids = (count: number): string[] => Array.from({ length: count }, (_, index) => `uid-${String(index)}`);

function synced(): EmptiedApiGuard {
  const guard = new EmptiedApiGuard(options);
  expect(guard.judge(evidence(100, 0, []), 0).kind).toBe('take');
  return guard;
}

describe('EmptiedApiGuard', () => {
  it('takes lists that lose little', () => {
    const guard = synced();
    expect(guard.judge(evidence(110, 10, uids(5)), 0).kind).toBe('take');
    expect(guard.judge(evidence(110, 0, []), 0).kind).toBe('take');
  });

  it.each([
    ['emptied', 1, 1],
    ['emptied', 10, 10],
    ['shrunk', 10, 6],
  ] as const)('finds a list %s when of %d objects %d are missing', (reason, known, missing) => {
    const verdict = synced().judge(evidence(110, known, uids(missing)), 0);
    expect(verdict).toMatchObject({
      kind: 'suspect',
      suspicion: { reason, missingCount: missing, confirmsItself: true },
    });
  });

  it('is convinced by enough lists that agree, over enough time, and only by both', () => {
    const guard = synced();
    const empty = evidence(110, 4, uids(4));
    expect(guard.judge(empty, 0).kind).toBe('suspect');
    expect(guard.judge(empty, 100).kind).toBe('suspect');
    expect(guard.judge(empty, 200).kind).toBe('suspect');
    expect(guard.judge(empty, 1_000)).toEqual({ kind: 'take', historyChanged: false });
    const slow = synced();
    expect(slow.judge(empty, 0).kind).toBe('suspect');
    expect(slow.judge(empty, 5_000).kind).toBe('suspect');
    expect(slow.judge(empty, 5_001).kind).toBe('take');
  });

  it('starts over when lists disagree about what is missing', () => {
    const guard = synced();
    expect(guard.judge(evidence(110, 4, uids(3)), 0).kind).toBe('suspect');
    expect(guard.judge(evidence(111, 4, uids(3)), 900).kind).toBe('suspect');
    expect(guard.judge(evidence(112, 4, uids(4)), 1_800).kind).toBe('suspect');
    expect(guard.suspicion).toMatchObject({ reason: 'emptied', agreeingLists: 1, sinceMs: 1_800 });
    expect(guard.judge(evidence(113, 4, uids(1)), 1_900).kind).toBe('take');
    expect(guard.suspicion).toBeUndefined();
  });

  it('does not take a list older than what events showed, and calls it a rollback when it stays', () => {
    const guard = synced();
    guard.observeRevision('200');
    const old = evidence(150, 4, []);
    expect(guard.judge(old, 0).kind).toBe('stale');
    expect(guard.judge(evidence(200, 4, []), 1).kind).toBe('take');
    expect(guard.judge(old, 2).kind).toBe('stale');
    expect(guard.judge(old, 3).kind).toBe('stale');
    const rolledBack = { reason: 'revisionRolledBack', confirmsItself: false };
    for (const nowMs of [4, 5_000, 50_000, 5_000_000]) {
      expect(guard.judge(old, nowMs)).toMatchObject({ kind: 'suspect', suspicion: rolledBack });
    }
  });

  it('finds a rollback whose revision has caught up, by an object that is older than it was', () => {
    const guard = synced();
    const restored = { ...evidence(500, 4, []), outdated: true };
    for (const nowMs of [0, 5_000, 5_000_000]) {
      const suspicion = { reason: 'revisionRolledBack', confirmsItself: false };
      expect(guard.judge(restored, nowMs)).toMatchObject({ kind: 'suspect', suspicion });
    }
    guard.acceptLoss();
    expect(guard.judge(restored, 5_000_001)).toEqual({ kind: 'take', historyChanged: true });
  });

  it('takes a rolled-back revision when nothing was known that could be lost', () => {
    const guard = synced();
    const old = evidence(50, 0, []);
    expect([0, 1, 2].map((nowMs) => guard.judge(old, nowMs).kind)).toEqual(['stale', 'stale', 'take']);
    expect(guard.judge(evidence(51, 0, []), 3).kind).toBe('take');
  });

  it.each([
    ['another uid of kube-system', { kind: 'known', uid: 'kube-system-2' }],
    ['no kube-system', { kind: 'absent' }],
  ] as const)('never believes another cluster by itself: %s', (_, other) => {
    const guard = synced();
    for (const nowMs of [0, 1_000, 1_000_000, 2_000_000]) {
      const verdict = guard.judge(evidence(5_000, 2, [], other), nowMs);
      expect(verdict).toMatchObject({
        kind: 'suspect',
        suspicion: { reason: 'clusterChanged', confirmsItself: false },
      });
    }
    expect(guard.acceptLoss()).toMatchObject({ reason: 'clusterChanged' });
    expect(guard.judge(evidence(5, 2, [], other), 3_000_000)).toEqual({ kind: 'take', historyChanged: true });
    expect(guard.judge(evidence(6, 2, [], other), 3_000_001)).toEqual({ kind: 'take', historyChanged: false });
  });

  it('does without the uid of the cluster where RBAC hides it', () => {
    const guard = synced();
    expect(guard.judge(evidence(110, 2, [], { kind: 'unreadable' }), 0).kind).toBe('take');
    expect(guard.judge(evidence(111, 2, [], { kind: 'known', uid: 'other' }), 1)).toMatchObject({ kind: 'suspect' });
  });

  it('lets an operator accept what was shown and nothing worse', () => {
    const guard = synced();
    expect(guard.acceptLoss()).toBeUndefined();
    expect(guard.judge(evidence(110, 4, uids(3)), 0).kind).toBe('suspect');
    expect(guard.acceptLoss()).toMatchObject({ reason: 'shrunk', missingCount: 3 });
    expect(guard.judge(evidence(111, 4, uids(4)), 1).kind).toBe('suspect');
    expect(guard.judge(evidence(112, 4, uids(3)), 2).kind).toBe('take');
  });

  it('forgets what an operator accepted once it was taken', () => {
    const guard = synced();
    const loss = evidence(110, 4, uids(3));
    guard.judge(loss, 0);
    guard.acceptLoss();
    expect(guard.judge(loss, 1).kind).toBe('take');
    expect(guard.judge(evidence(120, 4, uids(3)), 2).kind).toBe('suspect');
  });

  it('lets an operator accept a rolled-back revision, which then is the new beginning', () => {
    const guard = synced();
    const old = evidence(50, 4, uids(1));
    for (const nowMs of [0, 1, 2]) guard.judge(old, nowMs);
    guard.acceptLoss();
    expect(guard.judge(old, 3)).toEqual({ kind: 'take', historyChanged: true });
    expect(guard.judge(evidence(51, 4, []), 4)).toEqual({ kind: 'take', historyChanged: false });
  });

  it('does not count a stale list among those that agree', () => {
    const guard = synced();
    const empty = evidence(110, 4, uids(4));
    guard.judge(empty, 0);
    guard.judge(empty, 500);
    expect(guard.judge(evidence(90, 4, uids(4)), 900).kind).toBe('stale');
    expect(guard.judge(empty, 1_500).kind).toBe('suspect');
  });
});
