import { describe, expect, it } from '@jest/globals';
import { parsePoolName, parseVolumeId } from '@couchestor/common/base';
import { decisionOf, known, promotion } from '../brain/explain/decision.fixture.ts';
import type { Decision, DecisionCode } from './decision.ts';
import { decisionChanges, type DecisionChangeKind } from './decision-changes.ts';

const kindsOf = (before: readonly Decision[], after: readonly Decision[]): readonly DecisionChangeKind[] =>
  decisionChanges(before, after).changes.map(({ kind }) => kind);
const elsewhere = { ...promotion, target: { ...promotion.target, pool: parsePoolName('hot-d') } };

describe('the changes between two rounds', () => {
  it.each<[DecisionCode | undefined, DecisionCode, DecisionChangeKind | undefined]>([
    [undefined, 'Promote', 'MovePlanned'],
    [undefined, 'NoPool', 'MoveBlocked'],
    [undefined, 'HeatUnknown', 'HeatUnknown'],
    [undefined, 'InvalidAnnotation', 'AnnotationInvalid'],
    [undefined, 'AtTarget', undefined],
    [undefined, 'CoolingDown', undefined],
    ['Promote', 'Promote', undefined],
    ['Promote', 'Migrating', undefined],
    ['Promote', 'AtTarget', 'MoveWithdrawn'],
    ['Promote', 'NoPool', 'MoveBlocked'],
    ['NoPool', 'NoPool', undefined],
    ['NoPool', 'HasSnapshots', 'MoveBlocked'],
    ['NoPool', 'OutsideWindow', 'MoveUnblocked'],
    ['NoPool', 'AtTarget', 'MoveUnblocked'],
    ['NoPool', 'Promote', 'MovePlanned'],
    ['AtTarget', 'HeatUnknown', 'HeatUnknown'],
    ['NoPool', 'HeatUnknown', 'HeatUnknown'],
    ['HeatUnknown', 'AtTarget', 'HeatKnown'],
    ['HeatUnknown', 'Promote', 'MovePlanned'],
    ['InvalidAnnotation', 'AtTarget', 'AnnotationValid'],
    ['NoPool', 'InvalidAnnotation', 'AnnotationInvalid'],
    ['AtTarget', 'BetweenWatermarks', undefined],
    ['CoolingDown', 'OutsideWindow', undefined],
  ])('%s → %s: %s', (before, after, expected) => {
    const earlier = before === undefined ? [] : [decisionOf(before)];
    expect(kindsOf(earlier, [decisionOf(after)])).toStrictEqual(expected === undefined ? [] : [expected]);
  });

  it('are told again when the pools are others, and not when only the heat is', () => {
    const move = decisionOf('Promote', { move: promotion });
    expect(kindsOf([move], [{ ...move, move: elsewhere }])).toEqual(['MovePlanned']);
    expect(kindsOf([move], [{ ...move, heat: known(9_000), reason: 'Other words.' }])).toEqual([]);
    const unknown = decisionOf('HeatUnknown');
    expect(kindsOf([unknown], [{ ...unknown, dryRun: true }])).toStrictEqual([]);
    const invalid = decisionOf('InvalidAnnotation');
    expect(kindsOf([invalid], [{ ...invalid, dryRun: true }])).toStrictEqual([]);
  });

  it('carry both decisions and say whether somebody should look', () => {
    const [before, after] = [decisionOf('Promote'), decisionOf('NoPool')];
    expect(decisionChanges([before], [after]).changes).toEqual([
      { kind: 'MoveBlocked', severity: 'Warning', before, after },
    ]);
    expect(decisionChanges([after], [before]).changes).toMatchObject([{ severity: 'Normal' }]);
  });

  it('are bounded, and the others counted', () => {
    const all = Array.from({ length: 1_000 }, (_, index) =>
      decisionOf('HeatUnknown', { volumeId: parseVolumeId(`v-${index}`) }),
    );
    const { changes, omittedCount } = decisionChanges([], all);
    expect([changes.length, omittedCount]).toEqual([200, 800]);
    expect(decisionChanges([], all, 3).changes.map(({ after }) => after.volumeId)).toEqual(['v-0', 'v-1', 'v-2']);
  });
});
