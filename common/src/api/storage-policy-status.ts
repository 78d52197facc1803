/**
 * The status of a StoragePolicy, in the form in which it is stored: what is read here is carried over into the next status,
 * so that totals and history outlive a restart. No field has a default, because a default would reset a counter.
 */
import { parseVolumeId, type VolumeId } from '../base/index.ts';
import { conditions, MAX_MESSAGE_LENGTH, type Condition } from './conditions.ts';
import { list, object, optional, required, type Reader } from './reader.ts';
import { integer, MAX_EXACT_INTEGER, nonNegativeNumber, oneOf, parsed, text, timestamp } from './scalars.ts';

export type Tier = 'Hot' | 'Warm' | 'Cold';
/** Unassigned: in a pool that no selector of the policy matches. */
export type Placement = Tier | 'Unassigned';
export type MigrationOutcome = 'Completed' | 'Aborted' | 'Failed' | 'Cancelled';

export interface VolumeCounts {
  readonly watched: number;
  readonly hot: number;
  readonly warm: number;
  readonly cold: number;
  readonly mixed: number;
  readonly unassigned: number;
  readonly unknownHeat: number;
}

/** The API refuses an update in which one of these decreases. */
export interface MigrationTotals {
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted: number;
  readonly cancelled: number;
}

export interface MigrationRecord {
  readonly migration: string;
  readonly volumeId: VolumeId;
  readonly from: Placement;
  readonly to: Tier;
  readonly outcome: MigrationOutcome;
  readonly heatIOPS?: number;
  readonly startTime?: string;
  readonly completionTime: string;
  readonly message?: string;
}

export interface StoragePolicyStatus {
  readonly observedGeneration?: number;
  readonly lastReconcileTime?: string;
  readonly volumes?: VolumeCounts;
  readonly activeMigrations?: number;
  readonly awaitingApproval?: number;
  readonly totals?: MigrationTotals;
  /** The latest first. */
  readonly history?: readonly MigrationRecord[];
  readonly conditions?: readonly Condition[];
}

export const MAX_HISTORY = 50;

const count = integer(0, 2 ** 31 - 1);
const total = integer(0, MAX_EXACT_INTEGER);

export const tier = oneOf('Hot', 'Warm', 'Cold');
export const placement = oneOf('Hot', 'Warm', 'Cold', 'Unassigned');

const volumeCounts: Reader<VolumeCounts> = object({
  watched: required(count),
  hot: required(count),
  warm: required(count),
  cold: required(count),
  mixed: required(count),
  unassigned: required(count),
  unknownHeat: required(count),
});

const migrationTotals: Reader<MigrationTotals> = object({
  succeeded: required(total),
  failed: required(total),
  aborted: required(total),
  cancelled: required(total),
});

const migrationRecord: Reader<MigrationRecord> = object({
  migration: required(text({ min: 1, max: 253 })),
  volumeId: required(parsed(parseVolumeId)),
  from: required(placement),
  to: required(tier),
  outcome: required(oneOf('Completed', 'Aborted', 'Failed', 'Cancelled')),
  heatIOPS: optional(nonNegativeNumber),
  startTime: optional(timestamp),
  completionTime: required(timestamp),
  message: optional(text({ max: MAX_MESSAGE_LENGTH })),
});

export const policyStatus: Reader<StoragePolicyStatus> = object({
  observedGeneration: optional(integer(0, MAX_EXACT_INTEGER)),
  lastReconcileTime: optional(timestamp),
  volumes: optional(volumeCounts),
  activeMigrations: optional(count),
  awaitingApproval: optional(count),
  totals: optional(migrationTotals),
  history: optional(list(migrationRecord, { maxItems: MAX_HISTORY })),
  conditions: optional(conditions),
});
