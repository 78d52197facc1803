import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { capabilities, RELEASES, type Release } from './placement.fixture.ts';
import { removedByScaleDown, type RemovalCandidate } from './removal-order.ts';

const FITS = { node: false, pool: false, spreadClashCount: 0 };

function candidate(replicaId: string, changed: Partial<RemovalCandidate> = {}): RemovalCandidate {
  return {
    replicaId,
    status: 'Online',
    childStatus: 'Online',
    rebuildPercent: undefined,
    misplaced: FITS,
    onCordonedNode: false,
    localToTarget: false,
    ...changed,
  };
}

const removed = (release: Release, ...candidates: readonly RemovalCandidate[]): string | undefined =>
  removedByScaleDown(candidates, capabilities(release));

describe('a scale-down removes', () => {
  it.each(RELEASES)('%s: the unhealthy replica before everything else', (release) => {
    const faulted = candidate('faulted', { status: 'Faulted', localToTarget: true });
    const cordoned = candidate('cordoned', { onCordonedNode: true, misplaced: { ...FITS, pool: true } });
    expect(removed(release, candidate('a'), cordoned, faulted)).toBe('faulted');
  });

  it.each(RELEASES)('%s: the worse child state, then the one that is rebuilt less', (release) => {
    const degraded = candidate('degraded', { childStatus: 'Degraded', rebuildPercent: 90 });
    const behind = candidate('behind', { childStatus: 'Degraded', rebuildPercent: 10 });
    expect(removed(release, candidate('a'), degraded, behind)).toBe('behind');
    expect(removed(release, candidate('a'), degraded)).toBe('degraded');
  });

  it('before 2.8: the new replica, when the old one is local to the target', () => {
    const old = candidate('old', { localToTarget: true, misplaced: { ...FITS, pool: true }, onCordonedNode: true });
    for (const release of ['2.0', '2.5', '2.7'] as const) expect(removed(release, old, candidate('new'))).toBe('new');
  });

  it('from 2.8 on: the replica that does not fit the topology, even when it is local', () => {
    const old = candidate('old', { localToTarget: true, misplaced: { ...FITS, pool: true } });
    for (const release of ['2.8', '2.9', '2.10'] as const) expect(removed(release, old, candidate('new'))).toBe('old');
  });

  it('from 2.8 on: a wrong node before a wrong pool, and that before a clash of the spread', () => {
    const [node, pool, clash] = [{ node: true }, { pool: true }, { spreadClashCount: 3 }].map((misplaced, index) =>
      candidate(`${index}`, { misplaced: { ...FITS, ...misplaced } }),
    );
    expect(removed('2.8', clash!, pool!, node!)).toBe('0');
    expect(removed('2.8', clash!, pool!, candidate('3'))).toBe('1');
    const local = { ...clash!, localToTarget: true };
    expect([removed('2.7', local, candidate('3')), removed('2.8', local, candidate('3'))]).toEqual(['3', '2']);
  });

  it('from 2.9 on: the replica on a cordoned node, even when it is local, but not before one that does not fit', () => {
    const cordoned = candidate('cordoned', { onCordonedNode: true, localToTarget: true });
    const misfit = candidate('misfit', { misplaced: { ...FITS, pool: true } });
    for (const release of ['2.9', '2.10'] as const) {
      expect(removed(release, cordoned, candidate('a'))).toBe('cordoned');
      expect(removed(release, cordoned, misfit)).toBe('misfit');
    }
    expect(removed('2.8', cordoned, candidate('a'))).toBe('a');
  });

  it.each(RELEASES)('%s: nobody knows which of equals', (release) => {
    expect(removed(release, candidate('a'), candidate('b'), candidate('c', { localToTarget: true }))).toBeUndefined();
  });

  it('what every release would remove, when the release is not known', () => {
    const unknown = { ...capabilities('2.0'), version: undefined };
    const misfit = candidate('misfit', { misplaced: { ...FITS, pool: true }, localToTarget: true });
    expect(removedByScaleDown([misfit, candidate('a')], unknown)).toBeUndefined();
    expect(removedByScaleDown([candidate('local', { localToTarget: true }), candidate('a')], unknown)).toBe('a');
    const cordoned = candidate('cordoned', { onCordonedNode: true, localToTarget: true });
    expect(removedByScaleDown([cordoned, candidate('a')], unknown)).toBeUndefined();
    expect(removedByScaleDown([{ ...cordoned, misplaced: misfit.misplaced }, candidate('a')], unknown)).toBeUndefined();
    expect(removedByScaleDown([cordoned, { ...misfit, localToTarget: false }], unknown)).toBe('misfit');
  });

  it('the same one, whatever the order of the replicas', () => {
    const flags = fc.record({ onCordonedNode: fc.boolean(), localToTarget: fc.boolean() });
    fc.assert(
      fc.property(fc.array(flags, { minLength: 1, maxLength: 4 }), fc.constantFrom(...RELEASES), (all, release) => {
        const candidates = all.map((one, index) => candidate(`r${index}`, one));
        expect(removed(release, ...candidates.toReversed())).toBe(removed(release, ...candidates));
      }),
    );
  });
});
