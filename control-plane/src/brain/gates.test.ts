import { describe, expect, it } from '@jest/globals';
import type { Heat, HeatReading } from '../model/heat.ts';
import {
  claimOf,
  HOUR_MS,
  knownHeat,
  NOW_MS,
  policyInput,
  readingOf,
  SETTINGS,
  snapshotOf,
  volumeOf,
} from './brain.fixture.ts';
import { codesOf, decideOne, POOLS, poolsIn } from './decide.fixture.ts';
import { decide } from './decide.ts';

describe('unknown heat', () => {
  const unknown: Heat = { kind: 'unknown', reason: 'Stale', message: 'The newest sample is 2h old' };

  it('moves nothing, pinned or not (pitfall: no samples became heat 0, and an outage demoted the fleet)', () => {
    for (const annotations of [{}, { pin: 'hot' }, { 'minimum-tier': 'hot' }]) {
      expect(decideOne({ iops: unknown, annotations })).toMatchObject({
        outcome: 'Stay',
        code: 'HeatUnknown',
        wanted: undefined,
      });
    }
    expect(decideOne({ iops: unknown }).reason).toBe(
      'Unknown heat moves no data (Stale): The newest sample is 2h old.',
    );
  });

  it('is that of every volume while telemetry is unavailable, and of one without a series', () => {
    const unavailable: HeatReading = {
      kind: 'unavailable',
      windowMs: HOUR_MS,
      reason: 'Timeout',
      message: 'Too slow.',
      readAtMs: NOW_MS,
    };
    const snapshot = snapshotOf({ claims: [claimOf(1)], volumes: [volumeOf(1, poolsIn('Hot', 1))], pools: POOLS });
    for (const heat of [() => unavailable, readingOf(new Map())]) {
      const input = { snapshot, policies: [policyInput()], heat, settings: SETTINGS, nowMs: NOW_MS };
      expect(codesOf(decide(input))).toEqual(['HeatUnknown']);
    }
  });

  it.each([-0.01, 1.01, NaN])('is also one whose samples cover a share of %p', (coverage) => {
    expect(decideOne({ iops: knownHeat(5000, coverage) })).toMatchObject({ outcome: 'Stay', code: 'HeatUnknown' });
  });

  it.each([NaN, Infinity, -1])('is also one of %p IOPS', (iops) => {
    expect(decideOne({ iops }).code).toBe('HeatUnknown');
  });

  it('is not what too few samples give, but moves as little', () => {
    const decision = decideOne({ iops: knownHeat(5000, 0.4999), annotations: { pin: 'hot' } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'LowCoverage' });
    expect(decision.reason).toBe(
      'Samples cover 49.9% of the sampling window (30 of 60 steps), and policy policy asks for at least 50%.',
    );
    expect(decideOne({ iops: knownHeat(5000, 0.5) }).code).toBe('Promote');
  });
});

describe('the annotations of a claim', () => {
  const until = '2026-02-17T13:00:00Z';

  it('pin a volume, and say until when nothing changes', () => {
    expect(decideOne({ iops: 0, annotations: { pin: 'hot' } })).toMatchObject({
      code: 'Promote',
      wanted: { tier: 'Hot', reason: 'Pinned' },
    });
    expect(decideOne({ iops: 0, tier: 'Hot', annotations: { pin: 'hot', until } })).toMatchObject({
      code: 'AtTarget',
      earliestChangeMs: Date.parse(until),
    });
    expect(decideOne({ iops: 0, tier: 'Hot', annotations: { pin: 'hot', until }, nowMs: Date.parse(until) }).code).toBe(
      'Demote',
    );
    expect(decideOne({ tier: 'Hot', annotations: { until } }).earliestChangeMs).toBeUndefined();
  });

  it('keep a volume out, for a time or for good', () => {
    const decision = decideOne({ annotations: { 'opt-out': 'true', until } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'OptedOut', earliestChangeMs: Date.parse(until) });
    expect(decision.reason).toContain(`until ${until}`);
    expect(decideOne({ annotations: { 'opt-out': 'true' } }).earliestChangeMs).toBeUndefined();
  });

  it('keep it where it is when they cannot be understood', () => {
    const decision = decideOne({ annotations: { pin: 'nvme' } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'InvalidAnnotation', wishes: { kind: 'invalid' } });
    expect(decision.reason).toBe(
      'The volume stays where it is: the claim\'s annotation storage.billyronks.io/pin is "nvme"; write hot or warm or cold.',
    );
    expect(decision.earliestChangeMs).toBeUndefined();
    expect(decideOne({ annotations: { pin: 'nvme', until } }).earliestChangeMs).toBe(Date.parse(until));
    expect(decideOne({ annotations: { pin: 'nvme', until }, nowMs: Date.parse(until) }).code).not.toBe(
      'InvalidAnnotation',
    );
  });
});
