import { describe, expect, it } from '@jest/globals';
import { findCondition, MAX_MESSAGE_LENGTH, removeCondition, setCondition, type Condition } from './conditions.ts';

const noon = Date.UTC(2026, 1, 17, 12, 0, 0, 987);
const ready = {
  type: 'Ready',
  status: 'True',
  reason: 'Fine',
  message: 'All is well.',
  observedGeneration: 1,
} as const;
const before: readonly Condition[] = setCondition([], ready, noon);

describe('setting a condition', () => {
  it('stamps a new one with the time in whole seconds', () => {
    expect(before).toEqual([{ ...ready, lastTransitionTime: '2026-02-17T12:00:00Z' }]);
  });

  it('keeps the time of the transition as long as the status stays', () => {
    const after = setCondition(before, { ...ready, reason: 'StillFine', observedGeneration: 2 }, noon + 60_000);
    expect(after).toEqual([{ ...before[0], reason: 'StillFine', observedGeneration: 2 }]);
    const changed = setCondition(after, { ...ready, status: 'False' }, noon + 60_000);
    expect(changed[0]?.lastTransitionTime).toBe('2026-02-17T12:01:00Z');
  });

  it('returns the same list when nothing changes', () => {
    expect(setCondition(before, ready, noon + 60_000)).toBe(before);
    expect(removeCondition(before, 'Other')).toBe(before);
  });

  it('leaves the other conditions and their order alone', () => {
    const two = setCondition(before, { ...ready, type: 'Other' }, noon);
    const updated = setCondition(two, { ...ready, status: 'Unknown' }, noon);
    expect(updated.map(({ type, status }) => `${type} ${status}`)).toEqual(['Ready Unknown', 'Other True']);
    expect(removeCondition(updated, 'Ready').map(({ type }) => type)).toEqual(['Other']);
    expect(findCondition(updated, 'Other')).toBe(two[1]);
  });

  it('cuts a message that is too long for the API, by whole characters', () => {
    const long = setCondition([], { ...ready, message: '💾'.repeat(MAX_MESSAGE_LENGTH + 1) }, noon);
    const characters = Array.from(long[0]?.message ?? '');
    expect(characters).toHaveLength(MAX_MESSAGE_LENGTH);
    expect(characters.slice(-2)).toEqual(['💾', '…']);
    expect(setCondition(long, { ...ready, message: '💾'.repeat(MAX_MESSAGE_LENGTH + 1) }, noon)).toBe(long);
  });
});
