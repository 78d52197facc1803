import { describe, expect, it } from '@jest/globals';
import { decisionRecord } from './decision-record.ts';
import { decisionOf, evidence, known, NOW_MS, place, promotion } from './decision.fixture.ts';

describe('the record of a decision', () => {
  it('holds everything the decision rests on', () => {
    const record = decisionRecord(
      decisionOf('Promote', {
        move: promotion,
        dryRun: true,
        conflictingPolicies: ['b'],
        candidates: [
          { ...place('hot-c', 'node-3'), verdict: { kind: 'chosen', score: 88 } },
          { ...place('hot-b', 'node-2'), verdict: { kind: 'rejected', code: 'PoolFull', reason: 'It is full.' } },
        ],
        earliestChangeMs: NOW_MS + 60_000,
      }),
    );
    expect(record).toEqual({
      version: 1,
      volumeId: 'ec4e66fd-3b33-4439-b504-d49aba53da26',
      volumeName: 'pvc-1',
      claim: { namespace: 'shop', name: 'orders', uid: 'u-1' },
      policy: { name: 'typical', uid: 'p-1', generation: 3 },
      conflictingPolicies: ['b'],
      decidedTime: '2026-02-17T09:30:00.000Z',
      outcome: 'Move',
      code: 'Promote',
      reason: 'what stands in the way is said here',
      dryRun: true,
      preservationMode: false,
      from: 'Cold',
      to: 'Hot',
      toReason: 'HeatAtOrAboveHigh',
      replicas: [
        { replicaId: 'replica-cold-a', pool: 'cold-a', node: 'node-1', tier: 'Cold' },
        { replicaId: 'replica-cold-b', pool: 'cold-b', node: 'node-2', tier: 'Cold' },
      ],
      heat: {
        known: true,
        iops: 6200.4,
        coverage: 0.97,
        samples: {
          family: 'volume',
          query: evidence.query,
          windowSeconds: 3600,
          stepSeconds: 60,
          sampleCount: 58,
          expectedSampleCount: 60,
          newestSampleTime: '2026-02-17T09:29:45.000Z',
        },
      },
      thresholds: {
        lowWatermarkIOPS: 500,
        warmWatermarkIOPS: 1500,
        highWatermarkIOPS: 5000,
        minimumCoverage: 0.8,
        hasWarmTier: true,
      },
      wishes: { valid: true, optOut: false },
      move: promotion,
      candidates: [
        { pool: 'hot-c', node: 'node-3', verdict: 'chosen', score: 88 },
        { pool: 'hot-b', node: 'node-2', verdict: 'rejected', code: 'PoolFull', reason: 'It is full.' },
      ],
      remedies: [],
      earliestChangeTime: '2026-02-17T09:31:00.000Z',
      explanation: expect.stringMatching(/^Dry run: volume pvc-1 /),
    });
  });

  it('leaves out what is not there', () => {
    const record = decisionRecord(
      decisionOf('HeatUnknown', {
        claim: undefined,
        wanted: undefined,
        replicas: [{ replicaId: 'r', pool: undefined, node: undefined, tier: 'Unassigned' }],
        heat: { kind: 'unknown', reason: 'NoSeries', message: 'There is none.' },
        wishes: { kind: 'invalid', annotation: 'a', message: 'm', untilMs: undefined },
        // A cooldown of ten thousand years ends at no time that has a name.
        earliestChangeMs: 1e17,
      }),
    );
    expect(['claim', 'to', 'toReason', 'move', 'earliestChangeTime'].filter((field) => field in record)).toEqual([]);
    expect(record).toMatchObject({
      replicas: [{ replicaId: 'r', tier: 'Unassigned' }],
      heat: { known: false, reason: 'NoSeries', message: 'There is none.' },
    });
    expect(record.wishes).toEqual({ valid: false, annotation: 'a', message: 'm' });
  });

  it('says when wishes that cannot be understood end', () => {
    const wishes = { kind: 'invalid', annotation: 'a', message: 'm', untilMs: Date.UTC(2027, 0) } as const;
    const end = { valid: false, untilTime: '2027-01-01T00:00:00.000Z' };
    expect(decisionRecord(decisionOf('InvalidAnnotation', { wishes })).wishes).toMatchObject(end);
  });

  it('tells of the samples that heat is unknown in spite of, and of wishes', () => {
    const record = decisionRecord(
      decisionOf('HeatUnknown', {
        heat: { kind: 'unknown', reason: 'NoSamples', message: 'm', evidence: { ...evidence, sampleCount: 0 } },
        wishes: {
          kind: 'valid',
          optOut: true,
          pin: 'Hot',
          minimumTier: 'Warm',
          maximumTier: 'Hot',
          untilMs: NOW_MS,
        },
      }),
    );
    expect(record.heat.samples).toMatchObject({ sampleCount: 0, windowSeconds: 3600 });
    expect(record.heat.samples).not.toHaveProperty('newestSampleTime');
    expect(record.wishes).toEqual({
      valid: true,
      optOut: true,
      pin: 'Hot',
      minimumTier: 'Warm',
      maximumTier: 'Hot',
      untilTime: '2026-02-17T09:30:00.000Z',
    });
    expect(decisionRecord(decisionOf('AtTarget', { heat: known(3) })).heat).toMatchObject({ iops: 3 });
  });
});
