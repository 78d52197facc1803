/**
 * A decision about one volume, with everything it rests on. There is exactly one for every watched volume, whether it moves or
 * not, so that a person can ask of any volume what would be done with it, and why.
 */
import type { Placement, Tier } from '@couchestor/common/api';
import type { NodeName, PoolName, VolumeId } from '@couchestor/common/base';
import type { Heat } from './heat.ts';

/** Mixed: replicas in several tiers, or some in none. */
export type VolumePlacement = Placement | 'Mixed';

/**
 * Move: a migration of one replica would start now. Wait: the volume should move, and will when something passes by itself.
 * Blocked: it should move and cannot until somebody changes something. Stay: it is where it belongs, or nothing may be said.
 */
export type DecisionOutcome = 'Move' | 'Wait' | 'Blocked' | 'Stay';

/** Every code, and the outcome it belongs to. */
export const DECISION_CODES = {
  /** Moves */
  Promote: 'Move',
  Demote: 'Move',
  /** Between replicas of one volume: finishes a move of which some replicas are done. */
  Complete: 'Move',

  AtTarget: 'Stay',
  BetweenWatermarks: 'Stay',
  NoWarmTier: 'Stay',
  HeatUnknown: 'Stay',
  LowCoverage: 'Stay',
  OptedOut: 'Stay',
  InvalidAnnotation: 'Stay',
  PolicyNotAccepted: 'Stay',

  Migrating: 'Wait',
  CoolingDown: 'Wait',
  BackingOff: 'Wait',
  OutsideWindow: 'Wait',
  PolicyLimit: 'Wait',
  OperatorLimit: 'Wait',
  RateLimit: 'Wait',
  VolumeBusy: 'Wait',
  VolumeNotHealthy: 'Wait',

  Unpublished: 'Blocked',
  ExtraReplica: 'Blocked',
  HasSnapshots: 'Blocked',
  PinnedTopology: 'Blocked',
  NoFreeNode: 'Blocked',
  NoPool: 'Blocked',
  RemovalNotSteerable: 'Blocked',
  BackendCannotMove: 'Blocked',
  VolumeMissing: 'Blocked',
} as const satisfies Record<string, DecisionOutcome>;

export type DecisionCode = keyof typeof DECISION_CODES;

/** Why a tier is wanted. */
export type TierReason =
  'HeatAtOrBelowLow' | 'HeatFromWarmToHigh' | 'HeatAtOrAboveHigh' | 'Pinned' | 'RaisedToMinimum' | 'LoweredToMaximum';

/** What the annotations of the claim ask for, after `until` was taken into account. */
export type VolumeWishes =
  | {
      readonly kind: 'valid';
      readonly optOut: boolean;
      readonly pin: Tier | undefined;
      readonly minimumTier: Tier | undefined;
      readonly maximumTier: Tier | undefined;
      /** Wall time at which they end. */
      readonly untilMs: number | undefined;
    }
  | {
      readonly kind: 'invalid';
      readonly annotation: string;
      readonly message: string;
      /** As above: then what is wrong with the others does not matter any more. */
      readonly untilMs: number | undefined;
    };

/** One pool that was looked at as a target. */
export interface CandidatePool {
  readonly pool: PoolName;
  readonly node: NodeName;
  readonly verdict:
    | { readonly kind: 'chosen' | 'eligible'; /** From 0 to 100, the more the better. */ readonly score: number }
    | { readonly kind: 'rejected'; /** CamelCase */ readonly code: string; readonly reason: string };
}

/** One replica's move: what a VolumeMigration would carry out. */
export interface PlannedMove {
  readonly source: {
    readonly tier: Placement;
    readonly pool: PoolName;
    readonly node: NodeName;
    readonly replicaId: string;
  };
  readonly target: { readonly tier: Tier; readonly pool: PoolName; readonly node: NodeName };
  /** The copy on the target that an earlier migration left and this one takes over; not there where one is added. */
  readonly adopts?: { readonly migration: string; readonly replicaId: string };
  /** How the intended replica is made the one that scale-down removes; Preserved: nothing is removed. */
  readonly removal: 'ByItself' | 'ByCordon' | 'Preserved';
  /** How many replicas the volume asks for, and the size of each. */
  readonly replicaCount: number;
  readonly sizeBytes: number;
  /** Replicas that still have to move after this one. */
  readonly remainingReplicaCount: number;
  /** The higher, the earlier: see brain/benefit.ts. */
  readonly benefit: number;
}

export interface Decision {
  readonly volumeId: VolumeId;
  readonly volumeName: string;
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string } | undefined;
  readonly policy: {
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
  };
  /** Of a volume whose migration waits for approval or its turn: whether that one would be decided again. */
  readonly waiting?:
    | {
        readonly migration: string;
        readonly stands: 'yes' | 'no' | 'unknown';
        /** A sentence. */ readonly reason: string;
      }
    | undefined;
  /** Younger policies that match the volume as well, and do not decide about it. */
  readonly conflictingPolicies: readonly string[];
  /** Wall time. */
  readonly decidedAtMs: number;

  readonly outcome: DecisionOutcome;
  readonly code: DecisionCode;
  /** One sentence: what stands in the way and what would change it; for a move, what it does. */
  readonly reason: string;
  /** Whether it is only reported. */
  readonly dryRun: boolean;
  readonly preservation: boolean;

  readonly placement: VolumePlacement;
  readonly replicas: readonly {
    readonly replicaId: string;
    readonly pool: PoolName | undefined;
    readonly node: NodeName | undefined;
    readonly tier: Placement;
  }[];
  readonly heat: Heat;
  readonly thresholds: {
    readonly lowWatermarkIOPS: number;
    readonly warmWatermarkIOPS: number;
    readonly highWatermarkIOPS: number;
    readonly minimumCoverage: number;
    readonly hasWarmTier: boolean;
  };
  readonly wishes: VolumeWishes;
  /** What the heat and the wishes together ask for; undefined: stay. */
  readonly wanted: { readonly tier: Tier; readonly reason: TierReason } | undefined;
  /** For a move, and for one that only waits for its turn. */
  readonly move: PlannedMove | undefined;
  /** Pools of the wanted tier, and what was found about each; empty when it did not come to that. */
  readonly candidates: readonly CandidatePool[];
  /** What would make a blocked move possible, each a sentence; otherwise empty. */
  readonly remedies: readonly string[];
  /** Wall time before which nothing changes as long as the inputs stay as they are; undefined: no such moment is known. */
  readonly earliestChangeMs: number | undefined;
}
