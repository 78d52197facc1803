/**
 * A decision as JSON, for programs and for the record: everything it rests on, in stable names. Absent facts are absent fields,
 * never null; times are RFC 3339 in UTC, shares run from 0 to 1, heat is in I/O operations per second. A field may be added
 * within a version; one that changes its meaning or goes away makes a new version.
 */
import type { Placement, Tier } from '@couchestor/common/api';
import type { CandidatePool, Decision, DecisionCode, DecisionOutcome, TierReason } from '../../model/decision.ts';
import type { HeatEvidence, UnknownHeatReason } from '../../model/heat.ts';
import { explain } from './explain.ts';
import { soundHeat } from './sound-heat.ts';
import { rfc3339 } from './words.ts';

export interface DecisionRecord {
  readonly version: 1;
  /** As the storage system names it. */
  readonly volumeId: string;
  /** The PersistentVolume. */
  readonly volumeName: string;
  readonly claim?: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly policy: { readonly name: string; readonly uid: string; readonly generation: number };
  /** Younger policies that match the volume as well, and do not decide about it. */
  readonly conflictingPolicies: readonly string[];
  readonly decidedTime: string;
  readonly outcome: DecisionOutcome;
  readonly code: DecisionCode;
  readonly reason: string;
  /** Whether it is only reported. */
  readonly dryRun: boolean;
  readonly preservationMode: boolean;
  readonly from: Placement | 'Mixed';
  /** The tier that is wanted, and why. */
  readonly to?: Tier;
  readonly toReason?: TierReason;
  readonly replicas: readonly {
    readonly replicaId: string;
    readonly pool?: string;
    readonly node?: string;
    readonly tier: Placement;
  }[];
  readonly heat: HeatRecord;
  readonly thresholds: {
    readonly lowWatermarkIOPS: number;
    readonly warmWatermarkIOPS: number;
    readonly highWatermarkIOPS: number;
    /** A share from 0 to 1. */
    readonly minimumCoverage: number;
    readonly hasWarmTier: boolean;
  };
  readonly wishes: WishesRecord;
  /** For a move, and for one that only waits for its turn. */
  readonly move?: {
    readonly source: {
      readonly tier: Placement;
      readonly pool: string;
      readonly node: string;
      readonly replicaId: string;
    };
    readonly target: { readonly tier: Tier; readonly pool: string; readonly node: string };
    /** The copy on the target that an earlier migration left and this one takes over; not there where one is added. */
    readonly adopts?: { readonly migration: string; readonly replicaId: string };
    readonly removal: 'ByItself' | 'ByCordon' | 'Preserved';
    /** How many replicas the volume asks for, and the size of each. */
    readonly replicaCount: number;
    readonly sizeBytes: number;
    /** Replicas that still have to move after this one. */
    readonly remainingReplicaCount: number;
    /** The higher, the earlier; comparable within one round only. */
    readonly benefit: number;
  };
  readonly candidates: readonly CandidateRecord[];
  /** What would make a blocked move possible, a sentence each. */
  readonly remedies: readonly string[];
  /** Before it nothing changes as long as the inputs stay as they are. */
  readonly earliestChangeTime?: string;
  /** The paragraph for people. */
  readonly explanation: string;
}

export interface SamplesRecord {
  /** The metric family, such as `volume`. */
  readonly family: string;
  readonly query: string;
  readonly windowSeconds: number;
  readonly stepSeconds: number;
  /** Steps of the window that have a sample, and how many there could be. */
  readonly sampleCount: number;
  readonly expectedSampleCount: number;
  readonly newestSampleTime?: string;
}

export type HeatRecord =
  | {
      readonly known: true;
      readonly iops: number;
      /** The share of the window that has samples, from 0 to 1. */
      readonly coverage: number;
      readonly samples: SamplesRecord;
    }
  | {
      readonly known: false;
      readonly reason: UnknownHeatReason;
      readonly message: string;
      readonly samples?: SamplesRecord;
    };

export type WishesRecord =
  | {
      readonly valid: true;
      readonly optOut: boolean;
      readonly pin?: Tier;
      readonly minimumTier?: Tier;
      readonly maximumTier?: Tier;
      readonly untilTime?: string;
    }
  | { readonly valid: false; readonly annotation: string; readonly message: string; readonly untilTime?: string };

export interface CandidateRecord {
  readonly pool: string;
  readonly node: string;
  readonly verdict: 'chosen' | 'eligible' | 'rejected';
  /** From 0 to 100, unless rejected. */
  readonly score?: number;
  /** Why it was rejected: a CamelCase word and a text for people. */
  readonly code?: string;
  readonly reason?: string;
}

export function decisionRecord(decision: Decision): DecisionRecord {
  const { volumeId, volumeName, outcome, code, reason, dryRun, wanted } = decision;
  return {
    version: 1,
    volumeId,
    volumeName,
    ...(decision.claim === undefined ? {} : { claim: { ...decision.claim } }),
    policy: { ...decision.policy },
    conflictingPolicies: [...decision.conflictingPolicies],
    decidedTime: new Date(decision.decidedAtMs).toISOString(),
    outcome,
    code,
    reason,
    dryRun,
    preservationMode: decision.preservation,
    from: decision.placement,
    ...(wanted === undefined ? {} : { to: wanted.tier, toReason: wanted.reason }),
    replicas: decision.replicas.map(({ replicaId, pool, node, tier }) => ({
      replicaId,
      ...defined('pool', pool),
      ...defined('node', node),
      tier,
    })),
    heat: heatRecord(soundHeat(decision.heat)),
    thresholds: { ...decision.thresholds },
    wishes: wishesRecord(decision.wishes),
    ...(decision.move === undefined ? {} : { move: structuredClone(decision.move) }),
    candidates: decision.candidates.map(candidateRecord),
    remedies: [...decision.remedies],
    ...defined('earliestChangeTime', timeOf(decision.earliestChangeMs)),
    explanation: explain(decision),
  };
}

function heatRecord(heat: Decision['heat']): HeatRecord {
  if (heat.kind === 'known') {
    return { known: true, iops: heat.iops, coverage: heat.coverage, samples: samplesRecord(heat.evidence) };
  }
  const { reason, message, evidence } = heat;
  return { known: false, reason, message, ...(evidence === undefined ? {} : { samples: samplesRecord(evidence) }) };
}

function samplesRecord(evidence: HeatEvidence): SamplesRecord {
  const { family, query, windowMs, stepMs, sampleCount, expectedSampleCount, newestSampleMs } = evidence;
  return {
    family,
    query,
    windowSeconds: windowMs / 1000,
    stepSeconds: stepMs / 1000,
    sampleCount,
    expectedSampleCount,
    ...defined('newestSampleTime', sampleCount > 0 ? timeOf(newestSampleMs) : undefined),
  };
}

function wishesRecord(wishes: Decision['wishes']): WishesRecord {
  const end = defined('untilTime', timeOf(wishes.untilMs));
  if (wishes.kind === 'invalid') {
    return { valid: false, annotation: wishes.annotation, message: wishes.message, ...end };
  }
  return {
    valid: true,
    optOut: wishes.optOut,
    ...defined('pin', wishes.pin),
    ...defined('minimumTier', wishes.minimumTier),
    ...defined('maximumTier', wishes.maximumTier),
    ...end,
  };
}

function candidateRecord({ pool, node, verdict }: CandidatePool): CandidateRecord {
  return verdict.kind === 'rejected'
    ? { pool, node, verdict: verdict.kind, code: verdict.code, reason: verdict.reason }
    : { pool, node, verdict: verdict.kind, score: verdict.score };
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : rfc3339(ms);
}

function defined<const Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Readonly<Partial<Record<Name, Value>>> {
  return (value === undefined ? {} : { [name]: value }) as Readonly<Partial<Record<Name, Value>>>;
}
