import { describe, expect, it } from '@jest/globals';
import { EVERYTHING, labelSelector, matchesSelector, type LabelSelector } from './label-selector.ts';
import { parseWith } from './reader.ts';

function selector(json: unknown): LabelSelector {
  const result = parseWith(labelSelector, json);
  if (result.kind === 'invalid') throw new Error(result.errors.map(({ field }) => field).join());
  return result.value;
}

const requirement = (operator: string, values?: string[]): LabelSelector =>
  selector({ matchExpressions: [{ key: 'tier', operator, ...(values && { values }) }] });

describe('a label selector', () => {
  it.each([
    ['everything', EVERYTHING, [true, true, true]],
    ['a label', selector({ matchLabels: { tier: 'hot' } }), [false, true, false]],
    ['In', requirement('In', ['hot', 'warm']), [false, true, false]],
    ['NotIn', requirement('NotIn', ['hot']), [true, false, true]],
    ['Exists', requirement('Exists'), [false, true, true]],
    ['DoesNotExist', requirement('DoesNotExist'), [true, false, false]],
  ])('with %s matches as in Kubernetes', (_what, chosen, expected) => {
    const objects: Record<string, string>[] = [{}, { tier: 'hot' }, { tier: 'cold' }];
    expect(objects.map((labels) => matchesSelector(chosen, labels))).toEqual(expected);
  });

  it('wants every requirement to hold', () => {
    const both = selector({ matchLabels: { a: '1' }, matchExpressions: [{ key: 'b', operator: 'Exists' }] });
    expect([{ a: '1' }, { b: '' }, { a: '1', b: '' }].map((labels) => matchesSelector(both, { ...labels }))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('does not take an inherited property for a label', () => {
    expect(matchesSelector(selector({ matchExpressions: [{ key: 'constructor', operator: 'Exists' }] }), {})).toBe(
      false,
    );
  });

  it.each([
    { matchLabels: { 'a b': 'x' } },
    { matchLabels: { 'a/b/c': 'x' } },
    { matchLabels: { '/a': 'x' } },
    { matchLabels: { 'UPPER.io/a': 'x' } },
    { matchLabels: { ['a'.repeat(64)]: 'x' } },
    { matchLabels: { a: 'b c' } },
    { matchLabels: { a: '-b' } },
    { matchLabels: { a: 'b'.repeat(64) } },
    { matchLabels: { a: 1 } },
    { matchLabels: [] },
    { matchExpressions: {} },
    { matchExpressions: [{ key: 'a', operator: 'Equals' }] },
    { matchExpressions: [{ operator: 'Exists' }] },
    { matchExpressions: [{ key: 'a', operator: 'In' }] },
    { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] },
    { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
    { matchExpressions: [null] },
    'tier=hot',
  ])('is not %j', (json) => {
    expect(() => selector(json)).toThrow();
  });
});
