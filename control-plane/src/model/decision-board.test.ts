import { describe, expect, it } from '@jest/globals';
import { decisionFixture, reportFixture } from './decision.fixture.ts';
import { DecisionBoard, type BoardFilter } from './decision-board.ts';

const t0 = Date.UTC(2025, 0, 1);
const all = { limit: 100 };
const names = (board: DecisionBoard, filter: BoardFilter = {}): string[] =>
  board.page(filter, all).entries.map(({ decision }) => decision.volumeName);

function boardOf(...decisions: ReturnType<typeof decisionFixture>[]): DecisionBoard {
  const board = new DecisionBoard();
  board.update(reportFixture({ decisions }));
  return board;
}

describe('DecisionBoard', () => {
  it('finds decisions by policy, outcome, code, namespace and claim', () => {
    const silver = { name: 'silver', uid: 'uid-silver', generation: 1 };
    const board = boardOf(
      decisionFixture('a', 'Demote'),
      decisionFixture('b', 'AtTarget', { policy: silver }),
      decisionFixture('c', 'Unpublished', { claim: { namespace: 'bank', name: 'books', uid: 'u' } }),
      decisionFixture('d', 'AtTarget', { claim: undefined }),
    );
    expect(names(board)).toEqual(['a', 'b', 'c', 'd']);
    expect(names(board, { policy: 'silver' })).toEqual(['b']);
    expect(names(board, { outcome: 'Stay' })).toEqual(['b', 'd']);
    expect(names(board, { code: 'Unpublished' })).toEqual(['c']);
    expect(names(board, { namespace: 'shop' })).toEqual(['a', 'b']);
    expect(names(board, { namespace: 'bank', claim: 'books' })).toEqual(['c']);
    expect(names(board, { namespace: 'shop', outcome: 'Blocked' })).toEqual([]);
  });

  it('pages through all of them once, also when a volume appears or vanishes between two pages', () => {
    const board = boardOf(...['d', 'b', 'a', 'c', 'e'].map((name) => decisionFixture(name, 'AtTarget')));
    const first = board.page({}, { limit: 2 });
    expect(first.entries.map(({ decision }) => decision.volumeName)).toEqual(['a', 'b']);
    expect([first.totalCount, first.nextAfter]).toEqual([5, 'b']);
    const after = board.page({}, { limit: 2, after: first.nextAfter });
    expect(after.entries.map(({ decision }) => decision.volumeName)).toEqual(['c', 'd']);
    const next = ['a', 'aa', 'c', 'd', 'e'].map((name) => decisionFixture(name, 'AtTarget'));
    board.update(reportFixture({ sequence: 2, decisions: next }));
    const second = board.page({}, { limit: 3, after: first.nextAfter });
    expect(second.entries.map(({ decision }) => decision.volumeName)).toEqual(['c', 'd', 'e']);
    expect(second.nextAfter).toBeUndefined();
  });

  it('finds one by the id of the volume or the name of its PersistentVolume', () => {
    const board = boardOf(decisionFixture('a', 'Demote'));
    expect(board.find('id-a')?.decision.volumeName).toBe('a');
    expect(board.find('a')?.decision.volumeId).toBe('id-a');
    expect(board.find('b')).toBeUndefined();
  });

  it('keeps since when a decision stands until outcome, code or tier changes', () => {
    const at = (minutes: number, code: Parameters<typeof decisionFixture>[1], changes = {}) =>
      reportFixture({ decisions: [decisionFixture('a', code, { decidedAtMs: t0 + minutes * 60_000, ...changes })] });
    const board = new DecisionBoard();
    const since = (): number => ((board.find('a')?.sinceMs ?? 0) - t0) / 60_000;
    board.update(at(0, 'CoolingDown'));
    board.update(at(1, 'CoolingDown'));
    expect(since()).toBe(0);
    board.update(at(2, 'CoolingDown', { wanted: { tier: 'Hot', reason: 'HeatAtOrAboveHigh' } }));
    expect(since()).toBe(2);
    board.update(at(3, 'BackingOff', { wanted: { tier: 'Hot', reason: 'HeatAtOrAboveHigh' } }));
    expect(since()).toBe(3);
    board.update(reportFixture({ decisions: [] }));
    board.update(at(5, 'BackingOff', { wanted: { tier: 'Hot', reason: 'HeatAtOrAboveHigh' } }));
    expect(since()).toBe(5);
  });

  it('says when a later round could not decide, and why', () => {
    const board = new DecisionBoard();
    expect([board.round, board.obstacle]).toEqual([undefined, 'The first round of planning has not ended yet.']);
    const storage = { healthy: false, reason: 'Unavailable', message: 'Connection refused.' };
    const failed = reportFixture({ sequence: 2, decisions: undefined, storage });
    board.update(failed);
    expect([board.round, board.obstacle]).toEqual([undefined, 'Unavailable: Connection refused.']);
    board.update(reportFixture({ sequence: 3, decisions: [decisionFixture('a', 'Demote')] }));
    expect(board.round).toMatchObject({ sequence: 3, fresh: true, staleReason: undefined });
    board.update({ ...failed, sequence: 4 });
    expect(board.round).toMatchObject({ sequence: 3, fresh: false, staleReason: 'Unavailable: Connection refused.' });
    expect(names(board)).toEqual(['a']);
  });
});
