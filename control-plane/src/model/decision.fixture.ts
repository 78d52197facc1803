/** For tests: a decision and a report, whole, of which a test says what matters to it. */
import { parseVolumeId } from '@couchestor/common/base';
import { DECISION_CODES, type Decision, type DecisionCode } from './decision.ts';
import type { Readiness } from './health.ts';
import type { PlanningReport } from './planning-report.ts';

export const READY: Readiness = { healthy: true, reason: 'Ready', message: '' };

export function decisionFixture(name: string, code: DecisionCode, changes: Partial<Decision> = {}): Decision {
  return {
    volumeId: parseVolumeId(`id-${name}`),
    volumeName: name,
    claim: { namespace: 'shop', name: `claim-${name}`, uid: `uid-${name}` },
    policy: { name: 'gold', uid: 'uid-gold', generation: 1 },
    conflictingPolicies: [],
    decidedAtMs: Date.UTC(2025, 0, 1),
    outcome: DECISION_CODES[code],
    code,
    reason: `It is ${code}.`,
    dryRun: false,
    preservation: false,
    placement: 'Hot',
    replicas: [],
    heat: {
      kind: 'known',
      iops: 100,
      coverage: 1,
      evidence: {
        family: 'volume',
        query: 'sum(rate(x))',
        windowMs: 3_600_000,
        stepMs: 60_000,
        sampleCount: 60,
        expectedSampleCount: 60,
        newestSampleMs: Date.UTC(2025, 0, 1),
      },
    },
    thresholds: {
      lowWatermarkIOPS: 500,
      warmWatermarkIOPS: 500,
      highWatermarkIOPS: 5_000,
      minimumCoverage: 0.5,
      hasWarmTier: false,
    },
    wishes: {
      kind: 'valid',
      optOut: false,
      pin: undefined,
      minimumTier: undefined,
      maximumTier: undefined,
      untilMs: undefined,
    },
    wanted: { tier: 'Cold', reason: 'HeatAtOrBelowLow' },
    move: undefined,
    candidates: [],
    remedies: [],
    earliestChangeMs: undefined,
    ...changes,
  };
}

export function reportFixture(changes: Partial<PlanningReport> = {}): PlanningReport {
  return {
    sequence: 1,
    startedAtMs: Date.UTC(2025, 0, 1),
    durationMs: 40,
    kubernetes: READY,
    storage: READY,
    telemetry: READY,
    telemetryOf: new Map(),
    decisions: [],
    generations: new Map(),
    policyNames: ['gold'],
    activeMigrations: new Map(),
    awaitingApproval: new Map(),
    extraReplicaCount: 0,
    ...changes,
  };
}
