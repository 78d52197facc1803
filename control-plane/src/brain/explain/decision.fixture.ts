/** A decision as the brain makes them, for tests to change at a place or two. */
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import type { Decision, DecisionCode } from '../../model/decision.ts';
import { DECISION_CODES } from '../../model/decision.ts';
import type { Heat } from '../../model/heat.ts';

export const NOW_MS = Date.UTC(2026, 1, 17, 9, 30);
export const HOUR_MS = 3_600_000;

export const evidence = {
  family: 'volume',
  query: 'sum by (pv_name) (rate(volume_num_read_ops[2m]) + rate(volume_num_write_ops[2m]))',
  windowMs: HOUR_MS,
  stepMs: 60_000,
  sampleCount: 58,
  expectedSampleCount: 60,
  newestSampleMs: NOW_MS - 15_000,
};

export const known = (iops: number, coverage = 0.97): Heat => ({ kind: 'known', iops, coverage, evidence });

export const place = (pool: string, node: string) => ({ pool: parsePoolName(pool), node: parseNodeName(node) });

export const replica = (pool: string, node: string, tier: Decision['replicas'][number]['tier']) => ({
  replicaId: `replica-${pool}`,
  ...place(pool, node),
  tier,
});

export const promotion: NonNullable<Decision['move']> = {
  source: { tier: 'Cold', ...place('cold-a', 'node-1'), replicaId: 'replica-cold-a' },
  target: { tier: 'Hot', ...place('hot-c', 'node-3') },
  removal: 'ByItself',
  replicaCount: 2,
  sizeBytes: 1_073_741_824,
  remainingReplicaCount: 1,
  benefit: 2e15,
};

/** A cold volume that has become busy. */
export function decisionOf(code: DecisionCode, fields: Partial<Decision> = {}): Decision {
  return {
    volumeId: parseVolumeId('ec4e66fd-3b33-4439-b504-d49aba53da26'),
    volumeName: 'pvc-1',
    claim: { namespace: 'shop', name: 'orders', uid: 'u-1' },
    policy: { name: 'typical', uid: 'p-1', generation: 3 },
    conflictingPolicies: [],
    decidedAtMs: NOW_MS,
    outcome: DECISION_CODES[code],
    code,
    reason: 'what stands in the way is said here',
    dryRun: false,
    preservation: false,
    placement: 'Cold',
    replicas: [replica('cold-a', 'node-1', 'Cold'), replica('cold-b', 'node-2', 'Cold')],
    heat: known(6200.4),
    thresholds: {
      lowWatermarkIOPS: 500,
      warmWatermarkIOPS: 1500,
      highWatermarkIOPS: 5000,
      minimumCoverage: 0.8,
      hasWarmTier: true,
    },
    wishes: {
      kind: 'valid',
      optOut: false,
      pin: undefined,
      minimumTier: undefined,
      maximumTier: undefined,
      untilMs: undefined,
    },
    wanted: { tier: 'Hot', reason: 'HeatAtOrAboveHigh' },
    move: undefined,
    candidates: [],
    remedies: [],
    earliestChangeMs: undefined,
    ...fields,
  };
}
