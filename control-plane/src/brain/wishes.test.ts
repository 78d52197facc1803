import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimOf, NOW_MS } from './brain.fixture.ts';
import { wishesOf } from './wishes.ts';

function wishes(annotations: Record<string, string>, hasWarmTier = true): ReturnType<typeof wishesOf> {
  return wishesOf(claimOf(1, { annotations }).claim!.annotations, { hasWarmTier, nowMs: NOW_MS });
}

const none = {
  kind: 'valid',
  optOut: false,
  pin: undefined,
  minimumTier: undefined,
  maximumTier: undefined,
  untilMs: undefined,
};

describe('the wishes of a claim', () => {
  it('are none without annotations, and with annotations of other names', () => {
    expect(wishes({})).toEqual(none);
    expect(wishes({ pinned: 'hot' })).toEqual(none);
  });

  it.each([
    [{ pin: 'hot' }, { pin: 'Hot' }],
    [{ pin: 'warm' }, { pin: 'Warm' }],
    [
      { 'minimum-tier': 'warm', 'maximum-tier': 'hot' },
      { minimumTier: 'Warm', maximumTier: 'Hot' },
    ],
    [
      { 'minimum-tier': 'cold', 'maximum-tier': 'cold' },
      { minimumTier: 'Cold', maximumTier: 'Cold' },
    ],
    [{ pin: 'warm', 'minimum-tier': 'warm', 'maximum-tier': 'warm' }, { pin: 'Warm' }],
    [{ 'opt-out': 'true' }, { optOut: true }],
    [{ 'opt-out': 'false' }, { optOut: false }],
    [
      { pin: 'cold', until: '2026-02-17T12:00:00.001Z' },
      { pin: 'Cold', untilMs: NOW_MS + 1 },
    ],
    [
      { pin: 'cold', until: '2026-02-17T14:00:00+01:00' },
      { pin: 'Cold', untilMs: NOW_MS + 3_600_000 },
    ],
  ])('%j are %j', (annotations, expected) => {
    expect(wishes(annotations)).toMatchObject({ kind: 'valid', ...expected });
  });

  it.each([
    [{ pin: 'Hot' }, 'pin', '"Hot"; write hot or warm or cold'],
    [{ pin: '' }, 'pin', '""; write hot'],
    [{ pin: 'h'.repeat(99) }, 'pin', `"${'h'.repeat(40)}…"`],
    [{ 'minimum-tier': 'nvme' }, 'minimum-tier', '"nvme"; write hot'],
    [{ 'opt-out': 'yes' }, 'opt-out', '"yes"; write true or false'],
    [{ until: 'tomorrow' }, 'until', '"tomorrow"; write a time'],
    [{ until: '2026-02-30T00:00:00Z' }, 'until', 'write a time'],
    [{ until: '2026-13-01T00:00:00Z' }, 'until', 'write a time'],
    [{ until: '2027-02-17' }, 'until', 'write a time'],
    [{ until: '2027-02-17T24:00:00Z' }, 'until', 'write a time'],
    [{ until: '2027-02-17T09:30:00' }, 'until', 'write a time'],
    [{ 'minimum-tier': 'hot', 'maximum-tier': 'cold' }, 'minimum-tier', 'lower the minimum, raise the maximum'],
    [{ pin: 'cold', 'minimum-tier': 'warm' }, 'pin', 'at least Warm; remove one'],
    [{ pin: 'hot', 'maximum-tier': 'warm' }, 'pin', 'at most Warm; remove one'],
  ])('%j are refused, with the remedy', (annotations: Record<string, string>, name, message) => {
    expect(wishes(annotations)).toEqual({
      kind: 'invalid',
      annotation: `storage.billyronks.io/${name}`,
      message: expect.stringContaining(message) as unknown,
      untilMs: undefined,
    });
  });

  it.each(['pin', 'minimum-tier', 'maximum-tier'])('cannot be %s: warm without warm pools', (name) => {
    expect(wishes({ [name]: 'warm' }, false)).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('warmPoolSelector') as unknown,
    });
    expect(wishes({ [name]: 'hot' }, false)).toMatchObject({ kind: 'valid' });
  });

  it('end at their time, the unreadable ones too', () => {
    expect(wishes({ pin: 'nvme', 'opt-out': 'true', until: '2026-02-17T12:00:00Z' })).toEqual(none);
    const until = '2026-02-17T12:00:01Z';
    expect(wishes({ pin: 'nvme', until })).toMatchObject({ kind: 'invalid', untilMs: Date.parse(until) });
  });

  it('are readable or refused with one sentence, whatever is written', () => {
    const name = fc.constantFrom('pin', 'minimum-tier', 'maximum-tier', 'opt-out', 'until');
    const value = fc.oneof(fc.constantFrom('hot', 'warm', 'cold', 'true', '2027-01-01T00:00:00Z'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(name, value), fc.boolean(), (annotations, hasWarmTier) => {
        const read = wishes(annotations, hasWarmTier);
        if (read.kind === 'invalid') expect(read.message).toContain(read.annotation);
        else expect(hasWarmTier || ![read.pin, read.minimumTier, read.maximumTier].includes('Warm')).toBe(true);
      }),
    );
  });
});
